import { setTimeout as delay } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { NatsServers } from '@crossroom/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { engineLimits } from '../../config/index.js'
import { systemClock } from '../../net/index.js'
import { EngineLostError, type ClusterEngine } from './engine.js'
import { streamOfStore } from './nats-store.js'
import { openNatsEngine } from './open-engine.js'

const RETRY_MS = 50

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value)

let servers: NatsServers
let engines: ClusterEngine[]
beforeEach(async () => {
  servers = await NatsServers.start({ count: 3 })
  const open = async (name: string): Promise<ClusterEngine> =>
    await openNatsEngine({ servers: servers.urls, name, clock: systemClock }, 20_000)
  engines = [await open('a'), await open('b')]
})
afterEach(async () => {
  for (const engine of engines) await engine.close()
  await servers.close()
})

/** Elections of NATS take 4 to 9 s. */
async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isSo, { message: what, timeout: 30_000, interval: 50 }).toBe(true)
}

/** All three have what was written: before that, to end a second one would leave a minority. */
async function caughtUp(): Promise<void> {
  const connection = await connect({ servers: servers.urls })
  await until('three servers with the same', async () => {
    const info = await jetstreamManager(connection)
      .then(async (manager) => await manager.streams.info(streamOfStore))
      .catch(() => undefined)
    const replicas = info?.cluster?.replicas ?? []
    return replicas.length === 2 && replicas.every(({ current, offline }) => current && offline !== true)
  })
  await connection.close()
}

/** Two nodes that claim the same names one after another, until told to stop. */
class Claimants {
  /** Name to the node that was told it has it. */
  readonly owners = new Map<string, string>()
  /** Names that both were told they have. */
  readonly doubles: string[] = []
  /** Neither yes nor no was heard. */
  unknown = 0
  #isOver = false
  readonly #ends: Promise<void>[]

  constructor() {
    this.#ends = engines.map((engine, at) => this.#claim(engine, String(at)))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#ends)
  }

  async #claim(engine: ClusterEngine, who: string): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      const name = `name.${String(number)}`
      try {
        if ((await engine.create(name, bytes(who))) === undefined) continue
        if (this.owners.has(name)) this.doubles.push(name)
        this.owners.set(name, who)
      } catch (error) {
        if (!(error instanceof EngineLostError)) throw error
        this.unknown++
        // As nodes do: while the engine is lost it refuses at once.
        await delay(RETRY_MS)
      }
    }
  }
}

test('each server of three may be killed and come back: what was acknowledged is kept, and has one owner', async () => {
  const claimants = new Claimants()
  for (const server of servers.servers) {
    const before = claimants.owners.size
    await until('claims', () => claimants.owners.size > before + 50)
    await server.kill()
    const without = claimants.owners.size
    await until('claims without it', () => claimants.owners.size > without + 50)
    await server.start()
    await caughtUp()
  }
  await claimants.stop()
  expect(claimants.doubles).toEqual([])
  expect(await valuesOf([...claimants.owners.keys()])).toEqual(Object.fromEntries(claimants.owners))
}, 120_000)

test('one server of three takes no writes and says so in time; messages pass, and what was acknowledged is there again', async () => {
  const [a, b] = engines as [ClusterEngine, ClusterEngine]
  const revision = await a.create('ban.one', bytes('kept'))
  await servers.servers[0]!.kill()
  await servers.servers[1]!.kill()
  await until('both to be connected', () => engines.every(({ state }) => state === 'connected'))
  const from = performance.now()
  await expect(a.create('ban.two', bytes('maybe'))).rejects.toBeInstanceOf(EngineLostError)
  expect(performance.now() - from).toBeLessThan(engineLimits.requestMs + 1000)
  expect([a.state, a.isWritable]).toEqual(['connected', false])
  let heard: string | undefined
  b.subscribe('hb.a', ({ payload }) => (heard = text(payload)))
  await b.flush()
  await until('a message to pass', () => {
    a.publish('hb.a', bytes('alive'))
    return heard === 'alive'
  })
  await Promise.all([servers.servers[0]!.start(), servers.servers[1]!.start()])
  await until('writes', () => a.isWritable)
  await until('reads', async () => text((await b.get('ban.one').catch(() => undefined))?.value) === 'kept')
  expect(await b.update('ban.one', bytes('stale'), revision! + 1000)).toBeUndefined()
  expect(await b.update('ban.one', bytes('lifted'), revision!)).toBeGreaterThan(revision!)
}, 120_000)

test('all servers may be killed at once: the store is that of before when they are back', async () => {
  const [a, b] = engines as [ClusterEngine, ClusterEngine]
  const names = Array.from({ length: 200 }, (_, number) => `once.${String(number)}`)
  for (const name of names) expect(await a.create(name, bytes(name))).toBeDefined()
  const told: string[] = []
  a.watch('once.*', (change) => void told.push(change.kind === 'put' ? change.entry.key : change.key))
  await until('the watch', () => told.length === names.length)
  await Promise.all(servers.servers.map((server) => server.kill()))
  await until('the loss', () => engines.every(({ state }) => state === 'lost'))
  await expect(a.get('once.1')).rejects.toBeInstanceOf(EngineLostError)
  await Promise.all(servers.servers.map((server) => server.start()))
  await until('the return', async () => (await b.put('probe', bytes('')).catch(() => 0)) > 0)
  await until('the other', async () => (await a.put('probe', bytes('')).catch(() => 0)) > 0)
  expect(await valuesOf(names)).toEqual(Object.fromEntries(names.map((name) => [name, name])))
  for (const name of names.slice(0, 20)) expect(await b.create(name, bytes('again'))).toBeUndefined()
  await b.create('once.new', bytes('new'))
  await until('the watch to go on', () => told.at(-1) === 'once.new')
  expect(told).toHaveLength(names.length + 1)
}, 120_000)

/** As the second node reads them. */
async function valuesOf(names: readonly string[]): Promise<Record<string, string | undefined>> {
  const wanted = new Set(names)
  const entries = (await Promise.all(['name.*', 'once.*'].map((prefix) => engines[1]!.list(prefix)))).flat()
  return Object.fromEntries(
    entries.filter(({ key }) => wanted.has(key)).map(({ key, value }) => [key, text(value)] as const),
  )
}
