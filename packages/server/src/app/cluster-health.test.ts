import { setImmediate as immediate } from 'node:timers/promises'
import { VirtualClock } from '@crossroom/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryEngine, MemoryStore, Nodes } from '../cluster/index.js'
import { Metrics, silentLog, type Log } from '../observe/index.js'
import { ClusterHealth, type ClusterHealthDeps } from './cluster-health.js'

const START = Date.UTC(2026, 0, 1)

let clock: VirtualClock
let store: MemoryStore
let linked: Set<string>
let told: { readonly message: string; readonly why: unknown }[]
let closings: (() => Promise<void>)[]

beforeEach(() => {
  clock = new VirtualClock()
  store = new MemoryStore()
  linked = new Set()
  told = []
  closings = []
})

afterEach(async () => {
  for (const close of closings) await close()
})

async function join(id: string, { skewMs = (): number => 0, secretId = 's' } = {}) {
  const engine = new MemoryEngine(store, clock)
  const nowMs = (): number => START + clock.now() / 1000 + skewMs()
  const deps = { engine, clock, nowMs, isLinked: () => false, onReplaced: () => undefined }
  const own = { id, instance: id, version: '1', relay: `192.0.2.1:${id}`, startedAt: START, secretId }
  let isSettled = false
  const joining = Nodes.join(deps, { ...own, state: 'up', members: 0, streams: 0, load: 0 })
  void joining.finally(() => (isSettled = true))
  while (!isSettled) {
    await immediate()
    if (!isSettled) clock.advance(20_000)
  }
  const nodes = await joining
  closings.push(async () => await nodes.close())
  return { engine, nodes }
}

function watchOver(
  { engine, nodes }: Awaited<ReturnType<typeof join>>,
  isolated: ClusterHealthDeps['isolated'] = 'refuse',
): ClusterHealth {
  const note = ({ why }: Readonly<Record<string, unknown>>, message: string): void => void told.push({ message, why })
  const log: Log = { ...silentLog, info: note, warn: note }
  return new ClusterHealth({ engine, nodes, isLinked: (tag) => linked.has(tag), clock, log, isolated })
}

async function pass(health: ClusterHealth, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    clock.advance(100_000)
    await immediate()
    health.check()
  }
}

test('a node in order is ready and says nothing', async () => {
  const a = await join('a')
  const { nodes: b } = await join('b')
  linked.add(b.tag)
  const health = watchOver(a)
  await pass(health, 30_000)
  expect(health.trouble).toBeUndefined()
  expect(health.parts).toEqual({ cluster: { on: true } })
  expect(told).toEqual([])
})

test('a node that is heard and not linked is named once in the log, and counted without its address elsewhere', async () => {
  const a = await join('a')
  const { nodes: b } = await join('b')
  const health = watchOver(a)
  await pass(health, 9000)
  expect(told).toEqual([])
  await pass(health, 5000)
  const why = 'Node b cannot be reached at 192.0.2.1:b: open that port, or set its --relay-address.'
  expect(told).toEqual([{ message: 'A node of the cluster cannot work with this one', why }])
  expect(health.parts).toEqual({
    cluster: { on: true },
    relay: { on: false, why: 'No link leads to one other node: the log says where.' },
  })
  linked.add(b.tag)
  await pass(health, 1000)
  expect(health.parts).toEqual({ cluster: { on: true } })
  linked.delete(b.tag)
  await pass(health, 15_000)
  expect(told).toHaveLength(2)
})

test('a clock that goes wrong later, and a secret that is changed on one node alone, are said once each', async () => {
  const a = await join('a')
  let skewMs = 0
  const { nodes: b } = await join('b', { skewMs: () => skewMs })
  linked.add(b.tag)
  const health = watchOver(a)
  await pass(health, 2000)
  skewMs = 61_000
  await pass(health, 10_000)
  expect(told.map(({ why }) => why)).toEqual([
    'The clock of this machine is 61 s behind that of node b: set both with NTP.',
  ])
  skewMs = 0
  await pass(health, 10_000)
  b.change({ secretId: 'new' })
  await pass(health, 10_000)
  expect(told).toHaveLength(2)
  expect(told[1]?.why).toBe('Node b has another secret than this one: give all nodes of a cluster the same --secret.')
  expect(health.parts).toMatchObject({
    nodes: { on: false, why: 'This node does not fit to one other node: the log says why.' },
  })
  b.change({ secretId: 'new,s' })
  await pass(health, 1000)
  expect(health.parts).toEqual({ cluster: { on: true } })
})

test('while the engine is lost the node is not ready, unless it works alone by option', async () => {
  const [a, b] = [await join('a'), await join('b')]
  const [health, alone] = [watchOver(a), watchOver(b, 'local')]
  const metrics = new Metrics()
  health.addMetrics(metrics, () => 0)
  a.engine.setState('lost')
  b.engine.setState('lost')
  expect(health.trouble).toBe('NATS cannot be reached: calls go on, new ones are refused.')
  expect(health.parts).toEqual({ cluster: { on: false, why: health.trouble } })
  expect(alone.trouble).toBeUndefined()
  expect(await metrics.scrape()).toContain('crossroom_cluster_engine_writable 0')
  a.engine.setState('connected')
  expect(health.trouble).toBeUndefined()
  const page = await metrics.scrape()
  expect(page).toContain('crossroom_cluster_engine_writable 1')
  expect(page).toContain('crossroom_cluster_engine_losses_total 1')
  expect(told.map(({ message }) => message)).toContain('The engine of the cluster is back')
})
