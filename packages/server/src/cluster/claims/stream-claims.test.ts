import { seededRandom } from '@crossroom/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { StreamKey } from '../../hub/index.js'
import { readClaim } from './claim.js'
import { ClaimsStage, type FakeNode, type FakePublisher } from './claims.fake.js'

let stage: ClaimsStage
let a: FakeNode
let b: FakeNode
beforeEach(async () => {
  stage = new ClaimsStage()
  a = await stage.join('a')
  b = await stage.join('b')
})
afterEach(() => stage.close())

const claimed = (): string[] => [...stage.store.entries.keys()].filter((key) => key.startsWith('stream.'))
const publish = (node: FakeNode, name: string, token?: string): Promise<FakePublisher> =>
  stage.settle(node.publish(name, token))

test('a name has one publisher in the cluster, and is free once that has gone', async () => {
  const first = await publish(a, 'live/x')
  expect([first.code, (await publish(b, 'live/x')).code, (await publish(a, 'live/x')).code]).toEqual([
    ...['granted', 'BUSY', 'BUSY'],
  ])
  expect((await publish(b, 'live/y')).code).toBe('granted')
  first.stop()
  await stage.pass(100)
  expect(claimed()).toHaveLength(1)
  expect((await publish(b, 'live/x')).code).toBe('granted')
})

test('of two that come at the same time on two nodes one is granted', async () => {
  const both = await stage.settle(Promise.all([a.publish('live/x', 'one'), b.publish('live/x', 'two')]))
  expect(both.map(({ code }) => code).sort()).toEqual(['BUSY', 'granted'])
})

test('who has the same token takes the name over from another node, which ends its publication', async () => {
  const first = await publish(a, 'live/x', 'token')
  const second = await publish(b, 'live/x', 'token')
  await stage.pass(100)
  expect([second.code, first.end, second.end, a.publishes('live/x')]).toEqual([
    ...['granted', 'replaced', undefined, false],
  ])
  const back = await publish(a, 'live/x', 'token')
  await stage.pass(100)
  expect([back.code, second.end, claimed()]).toEqual(['granted', 'replaced', [expect.any(String)]])
})

test('another of the same token on the same node keeps the claim of the first, and its end does not give it up', async () => {
  const first = await publish(a, 'live/x', 'token')
  const second = await publish(a, 'live/x', 'token')
  await stage.pass(100)
  expect([first.end, second.code]).toEqual(['replaced', 'granted'])
  expect((await publish(b, 'live/x')).code).toBe('BUSY')
  second.stop()
  await stage.pass(100)
  expect(claimed()).toEqual([])
})

test('every node finds where a stream is published, and is told when it comes, moves and ends', async () => {
  const told: string[] = []
  b.claims.observe((key, location) => told.push(`${key.text} ${location?.node ?? '-'}`))
  const first = await publish(a, 'live/x.y', 'token')
  await stage.pass(100)
  const location = { node: a.nodes.tag, subject: 'token', since: expect.any(Number) as number }
  const key = StreamKey.plain('live/x.y')
  expect([await b.claims.find(key), await b.claims.find(key.small)]).toEqual([location, location])
  expect(await b.claims.find(StreamKey.room('live/x.y'))).toBeUndefined()
  first.stop()
  await stage.pass(100)
  expect(await b.claims.find(key)).toBeUndefined()
  const [of, small] = [key.text, key.small.text]
  expect(told).toEqual([`${of} ${a.nodes.tag}`, `${small} ${a.nodes.tag}`, `${of} -`, `${small} -`])
})

test('the names of a dead node are free within two seconds, and one other node tells of each end', async () => {
  await publish(a, 'live/x')
  await publish(a, 'live/y')
  await stage.pass(600)
  const c = await stage.join('c')
  a.engine.setState('lost')
  await stage.pass(2100)
  expect(claimed()).toEqual([])
  expect([...b.lost, ...c.lost].sort()).toEqual([`live/x ${a.nodes.tag}`, `live/y ${a.nodes.tag}`])
  expect((await publish(b, 'live/x')).code).toBe('granted')
})

test('a frozen node that wakes up has what nobody took, and ends what somebody took', async () => {
  const [x, y] = [await publish(a, 'live/x'), await publish(a, 'live/y')]
  await stage.pass(600)
  a.engine.setState('lost')
  await stage.pass(2100)
  const other = await publish(b, 'live/x')
  a.engine.setState('connected')
  await stage.pass(500)
  expect([other.code, x.end, y.end, other.end]).toEqual(['granted', 'replaced', undefined, undefined])
  expect((await publish(b, 'live/y')).code).toBe('BUSY')
})

test('a node that comes back under its id does not own what its earlier life published', async () => {
  await publish(a, 'live/x')
  await stage.pass(100)
  await a.engine.close()
  const again = await stage.join('a', 'refuse', 'second')
  expect((await publish(again, 'live/x')).code).toBe('granted')
  await stage.pass(100)
  expect([...again.lost, ...b.lost]).toEqual([`live/x ${a.nodes.tag}`])
})

test('while the engine is lost publishers of before go on and come back, new ones are told to try again', async () => {
  const first = await publish(a, 'live/x', 'token')
  await stage.pass(100)
  for (const { engine } of stage.nodes) engine.setState('lost')
  expect((await publish(a, 'live/new')).code).toBe('CLUSTER_UNAVAILABLE')
  const again = await publish(a, 'live/x', 'token')
  expect([first.end, again.code]).toEqual(['replaced', 'granted'])
  again.stop()
  await stage.pass(100)
  for (const { engine } of stage.nodes) engine.setState('connected')
  await stage.pass(1000)
  expect(claimed()).toEqual([])
})

test('an isolated node that gives names by itself claims them when the engine is back, or ends the publication', async () => {
  const c = await stage.join('c', 'local')
  c.engine.setState('lost')
  const [x, y] = [await publish(c, 'live/x'), await publish(c, 'live/y')]
  expect([x.code, y.code]).toEqual(['granted', 'granted'])
  await publish(b, 'live/x')
  c.engine.setState('connected')
  await stage.pass(1000)
  expect([x.end, y.end]).toEqual(['replaced', undefined])
  expect((await publish(b, 'live/y')).code).toBe('BUSY')
})

test('a source inside the server has its name in the whole cluster, or ends where somebody publishes it', async () => {
  const camera = a.make('live/camera')
  await stage.pass(100)
  expect((await publish(b, 'live/camera', 'token')).code).toBe('BUSY')
  await publish(b, 'live/x')
  const second = a.make('live/x')
  await stage.pass(100)
  expect([camera.end, second.end]).toEqual([undefined, 'replaced'])
})

test('a node that leaves gives its names back, and garbage in the store holds none', async () => {
  await publish(a, 'live/x')
  await a.claims.close()
  await stage.pass(100)
  stage.store.write('stream.eA', Buffer.from('{"node":1}'))
  expect((await publish(b, 'live/x')).code).toBe('granted')
  expect((await publish(b, 'x')).code).toBe('granted')
})

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever happens, each name has at most one publisher, whom the store names (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!
    await stage.join('c')
    const names = ['live/x', 'live/y', 'live/z']
    const alive: FakePublisher[] = []
    for (let step = 0; step < 120; step++) {
      const node = pick(stage.nodes)
      const kind = random()
      if (kind < 0.5) {
        const publishing = node.publish(pick(names), pick(['one', 'two', undefined]))
        void publishing.then((publisher) => alive.push(publisher))
        if (random() < 0.7) await stage.settle(publishing)
      } else if (kind < 0.75) pick([...alive, undefined])?.stop()
      else if (kind < 0.85) node.engine.setState('lost')
      else if (kind < 0.95) for (const { engine } of stage.nodes) engine.setState('connected')
      else await stage.pass(2500)
      if (random() < 0.5) await stage.pass(50)
    }
    for (const { engine } of stage.nodes) engine.setState('connected')
    await stage.pass(4000)
    for (const name of names) {
      const publishing = stage.nodes.filter((node) => node.publishes(name)).map(({ nodes }) => nodes.tag)
      const entry = stage.store.entries.get(`stream.${Buffer.from(name).toString('base64url')}`)
      const holder = entry && readClaim(entry.value)
      expect([name, publishing]).toEqual([name, holder === undefined ? [] : [holder.node]])
    }
  },
)
