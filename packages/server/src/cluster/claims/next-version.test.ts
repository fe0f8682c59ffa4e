import { afterEach, expect, test } from 'vitest'
import { ofNextVersion } from '../engine/next-version.fake.js'
import { NoAnswerError, NodeRequests } from '../nodes/node-requests.js'
import { ClaimsStage, type FakeNode } from './claims.fake.js'
import { SharedTokens } from './shared-tokens.js'

let stage: ClaimsStage
afterEach(() => stage.close())

/** A node of this version and one of the next. */
async function open(): Promise<{ ours: FakeNode; next: FakeNode }> {
  stage = new ClaimsStage()
  return { ours: await stage.join('ours'), next: await stage.join('next', 'refuse', 'next', ofNextVersion) }
}

test('a node of the next version joins, is heard, drains and leaves like one of this version', async () => {
  const { ours, next } = await open()
  await stage.pass(10_000)
  for (const { nodes } of [ours, next]) {
    expect(
      nodes
        .list()
        .map(({ record, state }) => `${record.id} ${state}`)
        .sort(),
    ).toEqual(['next up', 'ours up'])
    expect(nodes.misfits()).toEqual([])
  }
  const tag = next.nodes.tag
  expect(ours.nodes.get(tag)?.record).toMatchObject({ v: 2, futureField: { text: 'of the next version' } })
  next.nodes.change({ state: 'draining' })
  await stage.pass(100)
  expect(ours.nodes.get(tag)?.state).toBe('draining')
  await next.nodes.close()
  await stage.pass(100)
  expect(ours.nodes.get(tag)).toBeUndefined()
})

test('names are claimed, refused, taken over and given back between two versions', async () => {
  const { ours, next } = await open()
  const theirs = await stage.settle(next.publish('live/x', 'token'))
  await stage.pass(100)
  expect((await stage.settle(ours.publish('live/x', 'other'))).code).toBe('BUSY')
  expect(ours.claims.list()).toMatchObject([{ name: 'live/x', location: { node: next.nodes.tag } }])
  const over = await stage.settle(ours.publish('live/x', 'token'))
  await stage.pass(100)
  expect([over.code, theirs.end, ours.publishes('live/x'), next.publishes('live/x')]).toEqual([
    'granted',
    'replaced',
    true,
    false,
  ])
  expect((await stage.settle(next.publish('live/x'))).code).toBe('BUSY')
  over.stop()
  await stage.pass(500)
  expect((await stage.settle(next.publish('live/x'))).code).toBe('granted')
})

test('a one-time token that one version used is used for the other, and a token of either runs out', async () => {
  const { ours, next } = await open()
  const { clock } = stage
  const nowMs = (): number => clock.now() / 1000
  const [one, two] = [ours, next].map(
    ({ engine }) => new SharedTokens({ engine, clock, nowMs, random: () => 0.5 }),
  ) as [SharedTokens, SharedTokens]
  expect(await two.use('a', 60_000)).toBe(true)
  expect(await one.use('b', 60_000)).toBe(true)
  expect([await one.use('a', 60_000), await two.use('b', 60_000)]).toEqual([false, false])
  clock.advance(1_300_000_000)
  await stage.pass(500)
  expect(await ours.engine.list('once.*')).toEqual([])
  one.close()
  two.close()
})

test('questions between two versions are answered, and one that only the next version knows at once with nothing', async () => {
  const { ours, next } = await open()
  const [one, two] = [new NodeRequests(ours.engine, ours.nodes), new NodeRequests(next.engine, next.nodes)]
  one.on('sum', ({ a, b }) => ({ sum: Number(a) + Number(b) }))
  two.on('sum', ({ a, b }) => ({ sum: Number(a) + Number(b) }))
  expect(await one.ask(next.nodes.tag, 'sum', { a: 1, b: 2 })).toMatchObject({ sum: 3 })
  expect(await two.ask(ours.nodes.tag, 'sum', { a: 3, b: 4 })).toEqual({ sum: 7 })
  await expect(two.ask(ours.nodes.tag, 'newer')).rejects.toBeInstanceOf(NoAnswerError)
  one.close()
  two.close()
})

test('keys, records and messages that only the next version knows do no harm', async () => {
  const { ours, next } = await open()
  const { engine } = next
  const bytes = Buffer.from(JSON.stringify({ v: 1, kind: 'unknown' }))
  await engine.put('newer.key', bytes)
  await engine.put('node.WXYZ', bytes)
  await engine.put('stream.bmV3', bytes)
  engine.publish(`hb.${ours.nodes.tag}`, bytes)
  engine.publish('newer.subject', bytes)
  engine.publish('x.r.room', bytes)
  await stage.pass(2000)
  expect(
    ours.nodes
      .list()
      .map(({ record }) => record.id)
      .sort(),
  ).toEqual(['next', 'ours'])
  expect(ours.claims.list()).toEqual([])
  expect((await stage.settle(ours.publish('live/y'))).code).toBe('granted')
})
