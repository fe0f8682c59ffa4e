import { setImmediate as immediate } from 'node:timers/promises'
import { VirtualClock } from '@crossroom/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryEngine, MemoryStore } from '../engine/memory-engine.js'
import { ClusterError } from '../cluster-error.js'
import { CLUSTER_VERSION, readRecord, tagOf, writeRecord, type NodeRecord } from './node-record.js'
import { Nodes } from './nodes.js'

let clock: VirtualClock
let store: MemoryStore
let opened: { engine: MemoryEngine; nodes: Nodes }[] = []

beforeEach(() => {
  clock = new VirtualClock()
  store = new MemoryStore()
  opened = []
})

afterEach(async () => {
  for (const { nodes } of opened) await nodes.close()
})

interface Options {
  readonly instance?: string
  readonly secretId?: string
  readonly wallMs?: number
  readonly isLinked?: (tag: string) => boolean
  readonly onReplaced?: () => void
  /** Of a node whose answers matter. */
  readonly clock?: VirtualClock
}

const START = Date.UTC(2026, 0, 1)

async function join(id: string, options: Options = {}): Promise<{ engine: MemoryEngine; nodes: Nodes }> {
  const engine = new MemoryEngine(store, clock)
  const { instance = id, secretId, wallMs = 0, isLinked = () => false, onReplaced = () => undefined } = options
  const deps = {
    engine,
    clock: options.clock ?? clock,
    isLinked,
    onReplaced,
    nowMs: () => START + wallMs + clock.now() / 1000,
  }
  const own = { id, instance, version: '1.2.3', relay: '127.0.0.1:8001', state: 'up', startedAt: START } as const
  const joining = Nodes.join(deps, { ...own, members: 0, streams: 0, load: 0, ...(secretId && { secretId }) })
  const nodes = await whileTimePasses(joining)
  opened.push({ engine, nodes })
  return { engine, nodes }
}

/** A question that nobody answers waits for the clock. */
async function whileTimePasses<Result>(promise: Promise<Result>): Promise<Result> {
  let isSettled = false
  const settle = (): void => void (isSettled = true)
  promise.then(settle, settle)
  while (!isSettled) {
    await immediate()
    if (!isSettled) clock.advance(20_000)
  }
  return await promise
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    clock.advance(50_000)
    await immediate()
  }
}

const states = (nodes: Nodes): Record<string, string> =>
  Object.fromEntries(nodes.list().map(({ record, state }) => [record.id, state]))

async function sentence(joining: Promise<unknown>): Promise<string> {
  const error = await joining.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof ClusterError ? `${error.code}: ${error.message}` : String(error)
}

test('nodes see each other, themselves included, and what each says of itself', async () => {
  const { nodes: a } = await join('a')
  const { nodes: b } = await join('b')
  await pass(100)
  expect([states(a), states(b)]).toEqual([
    { a: 'up', b: 'up' },
    { a: 'up', b: 'up' },
  ])
  b.change({ state: 'draining', streams: 7 })
  await pass(100)
  expect(a.get(b.tag)).toMatchObject({ state: 'draining', record: { id: 'b', streams: 7, v: CLUSTER_VERSION } })
})

test('a node that is neither heard nor linked for 1.5 s is gone, and up again when it is heard', async () => {
  let isLinked = false
  const { nodes: a } = await join('a', { isLinked: () => isLinked })
  const { engine, nodes: b } = await join('b')
  await pass(1000)
  const told: string[] = []
  a.observe(({ record, state }) => told.push(`${record.id} ${state}`))
  isLinked = true
  engine.setState('lost')
  await pass(3000)
  expect([states(a)['b'], told]).toEqual(['up', []])
  isLinked = false
  a.handleLink()
  expect(told).toEqual(['b gone'])
  engine.setState('connected')
  await pass(600)
  expect([states(a)['b'], told.slice(0, 2)]).toEqual(['up', ['b gone', 'b up']])
  expect(a.get(b.tag)?.state).toBe('up')
})

test('a silent node is not gone a moment before 1.5 s', async () => {
  const { nodes: a } = await join('a')
  const { engine } = await join('b')
  await pass(1000)
  engine.setState('lost')
  await pass(900)
  expect(states(a)['b']).toBe('up')
  await pass(1150)
  expect(states(a)['b']).toBe('gone')
})

test('while the engine is lost nobody is gone, and those that are heard when it is back never were', async () => {
  const { engine, nodes: a } = await join('a')
  await join('b')
  await pass(600)
  const told: string[] = []
  engine.setState('lost')
  a.observe(({ record, state }) => told.push(`${record.id} ${state}`))
  await pass(30_000)
  engine.setState('connected')
  await pass(5000)
  expect(told.filter((each) => each.includes('gone'))).toEqual([])
  expect(states(a)).toEqual({ a: 'up', b: 'up' })
})

test('a node that leaves is gone at once and no longer listed', async () => {
  const { nodes: a } = await join('a')
  const { nodes: b } = await join('b')
  await pass(100)
  const told: string[] = []
  a.observe(({ record, state }) => told.push(`${record.id} ${state}`))
  await b.close()
  await pass(50)
  expect(told).toEqual(['b gone'])
  expect(states(a)).toEqual({ a: 'up' })
})

test('the record of a dead node is removed after a minute, and of two that are alive never', async () => {
  const { nodes: a } = await join('a')
  const { engine } = await join('b')
  await join('c')
  engine.setState('lost')
  await pass(58_000)
  expect(states(a)['b']).toBe('gone')
  await pass(6_000)
  expect(states(a)).toEqual({ a: 'up', c: 'up' })
  expect(store.entries.size).toBe(2)
})

test('a node that comes back after its death takes its record, and the others see its new life', async () => {
  const { nodes: a } = await join('a')
  const { engine, nodes: b } = await join('b', { instance: 'first' })
  await pass(100)
  const told: string[] = []
  a.observe(({ record, state }) => told.push(`${record.instance} ${state}`))
  await engine.close()
  const { nodes: again } = await join('b', { instance: 'second' })
  await pass(100)
  expect(again.tag).toBe(b.tag)
  expect(told).toEqual(['first gone', 'second up'])
})

test('a second node of the same id is refused in one sentence', async () => {
  await join('a')
  expect(await sentence(join('a', { instance: 'double' }))).toBe(
    'NODE_ID_TAKEN: A node called a runs already: give each node its own --node-id.',
  )
})

test('of two nodes of the same id that start at the same time one is refused', async () => {
  const results = await Promise.allSettled([join('a', { instance: 'one' }), join('a', { instance: 'two' })])
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
})

test('a node that was frozen while another took its id stops, and does not take it back', async () => {
  let isReplaced = false
  const { engine: frozen, nodes: first } = await join('a', { instance: 'first', onReplaced: () => (isReplaced = true) })
  frozen.setState('lost')
  const { nodes: second } = await join('a', { instance: 'second' })
  frozen.setState('connected')
  await pass(1000)
  expect([isReplaced, first.isReplaced, second.isReplaced]).toEqual([true, true, false])
  expect(readRecord(store.entries.get(`node.${second.tag}`)!.value)?.instance).toBe('second')
})

test('two ids with the same first tag live side by side', async () => {
  const id = 'a'
  const other: NodeRecord = { v: 1, tag: tagOf(id, 0), id: 'other', instance: 'x', version: '1', relay: 'h:1' } as never
  store.write(
    `node.${other.tag}`,
    writeRecord({ ...other, state: 'up', startedAt: 0, members: 0, streams: 0, load: 0 }),
  )
  const { nodes } = await join(id)
  expect(nodes.tag).toBe(tagOf(id, 1))
  await pass(100)
  expect(states(nodes)).toMatchObject({ a: 'up', other: 'up' })
})

test('a node with other secrets is refused, one that knows one of two is not', async () => {
  await join('a', { secretId: 'new,old' })
  expect(await sentence(join('b', { secretId: 'foreign' }))).toBe(
    'NODE_SECRET_DIFFERS: Node a has another secret than this one: give all nodes of a cluster the same --secret.',
  )
  expect(await sentence(join('b'))).toContain('NODE_SECRET_DIFFERS')
  await join('c', { secretId: 'old' })
})

test('a node whose clock is a minute off is refused, and smaller errors are known', async () => {
  const { nodes: a } = await join('a')
  expect(await sentence(join('b', { wallMs: -60_000 }))).toBe(
    'NODE_CLOCK_DIFFERS: The clock of this machine is 60 s behind that of node a: set both with NTP.',
  )
  expect(await sentence(join('b', { wallMs: 60_000 }))).toContain('60 s ahead of that of node a')
  const { nodes: c } = await join('c', { wallMs: 2500 })
  await pass(2000)
  expect(a.clockErrorMs(c.tag)).toBeCloseTo(2500, -2)
  expect(c.clockErrorMs(a.tag)).toBeCloseTo(-2500, -2)
})

test('a living node of a far version is refused, of the next version not, and a dead one hinders nobody', async () => {
  const { nodes } = await join('a')
  const key = `node.${nodes.tag}`
  const record = readRecord(store.entries.get(key)!.value)!
  const says = (v: number): void => void store.write(key, writeRecord({ ...record, v }))
  says(CLUSTER_VERSION + 2)
  expect(await sentence(join('b'))).toBe(
    'NODE_VERSION_DIFFERS: Node a speaks version 3 of the cluster, this one 1. Update this node.',
  )
  says(CLUSTER_VERSION + 1)
  await join('c')
  says(CLUSTER_VERSION + 2)
  await nodes.close()
  await join('d')
})

test('a record that the store lost is written again, and garbage of others is ignored', async () => {
  const { nodes: a } = await join('a')
  store.write('node.zzzz', Buffer.from('{"tag":"zzzz"}'))
  store.write('node.yyyy', Buffer.from('no JSON'))
  store.remove(`node.${a.tag}`)
  await pass(100)
  expect(readRecord(store.entries.get(`node.${a.tag}`)!.value)?.id).toBe('a')
  expect(states(a)).toEqual({ a: 'up' })
})
