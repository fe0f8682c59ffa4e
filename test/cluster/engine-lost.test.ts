import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  pushFfmpeg,
  rest,
  until,
  untilStream,
  type ListedStream,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import { ClusterStage, readiness } from './cluster-stage.js'

const LONG = { timeoutMs: 60_000 } as const

let stage: ClusterStage
/** Refuses new names while NATS takes no writes. */
let a: TestServer
/** Gives them on its own. */
let local: TestServer
const pushes: RunningProcess[] = []
beforeAll(async () => {
  stage = await ClusterStage.open({ count: 3 })
  ;[a, local] = await Promise.all([stage.start('a'), stage.start('local', ['--cluster-isolated', 'local'])])
}, 90_000)
afterAll(async () => {
  await Promise.all(pushes.map((push) => push.stop()))
  await stage.close()
})

function push(server: TestServer, name: string): RunningProcess {
  const pushed = pushFfmpeg({ url: `${server.rtmp}/${name}` })
  pushes.push(pushed)
  return pushed
}

const frames = async (server: TestServer, name: string): Promise<number> =>
  (await rest<ListedStream>(server, 'GET', `streams/${name}`))?.framesIn ?? 0

test('NATS loses one server, then its majority, then is whole again: streams go on, and names are kept', async () => {
  const [one, two] = stage.nats.servers
  push(a, 'live/x')
  await untilStream(a, 'live/x', 'live', 1)

  await one!.kill()
  push(local, 'live/y')
  await untilStream(local, 'live/y', 'live', 1)

  await two!.kill()
  await until('a node that is not ready', async () => (await readiness(a)).status === 503, LONG)
  const why = 'NATS takes no writes: fewer than two of its three servers are up.'
  expect((await readiness(a)).parts).toMatchObject({ cluster: { on: false, why } })
  expect((await readiness(local)).status).toBe(200)
  const before = await frames(a, 'live/x')
  expect(await push(a, 'live/new').exited).not.toBe(0)
  expect(a.log()).toContain('CLUSTER_UNAVAILABLE')
  expect(await frames(a, 'live/x')).toBeGreaterThan(before)
  push(local, 'live/z')
  await untilStream(local, 'live/z', 'live', 1)

  await Promise.all([one!.start(), two!.start()])
  await until('a node that is ready again', async () => (await readiness(a)).status === 200, LONG)
  await until(
    'the name that was given locally to be known',
    async () => (await rest<{ node?: string }>(a, 'GET', 'streams/live/z'))?.node === 'local',
    LONG,
  )
  const refused = [push(local, 'live/x'), push(a, 'live/y'), push(a, 'live/z')]
  for (const each of refused) expect(await each.exited).not.toBe(0)
  for (const [server, name] of [
    [local, 'live/x'],
    [a, 'live/y'],
    [a, 'live/z'],
  ] as const)
    expect(server.log()).toContain(`${name} already has a publisher`)
  const now = await frames(a, 'live/x')
  await untilStream(a, 'live/x', 'live', now + 1)
}, 240_000)
