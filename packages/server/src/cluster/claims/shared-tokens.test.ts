import { setImmediate as immediate } from 'node:timers/promises'
import { VirtualClock } from '@crossroom/testkit'
import { beforeEach, expect, test } from 'vitest'
import { EngineLostError } from '../engine/engine.js'
import { MemoryEngine, MemoryStore } from '../engine/memory-engine.js'
import { SharedTokens } from './shared-tokens.js'

let clock: VirtualClock
let store: MemoryStore
let engines: MemoryEngine[]
beforeEach(() => {
  clock = new VirtualClock()
  store = new MemoryStore()
  engines = []
})

const nowMs = (): number => 1_000_000 + clock.now() / 1000

function node(): SharedTokens {
  const engine = new MemoryEngine(store, clock)
  engines.push(engine)
  return new SharedTokens({ engine, clock, nowMs, random: () => 0.5 })
}

async function whileTimePasses<Result>(promise: Promise<Result>): Promise<Result> {
  let isSettled = false
  const settle = (): void => void (isSettled = true)
  promise.then(settle, settle)
  while (!isSettled) {
    await immediate()
    if (!isSettled) clock.advance(50_000)
  }
  return await promise
}

test('a token is taken once, on whichever node, and again after it was given back', async () => {
  const [a, b] = [node(), node()]
  const uses = await Promise.all([a.use('jti with spaces', 2e6), b.use('jti with spaces', 2e6)])
  expect(uses.filter((isTaken) => isTaken === true)).toHaveLength(1)
  expect([await a.has('jti with spaces'), await b.has('other')]).toEqual([true, false])
  for (const each of [a, b]) each.giveBack('jti with spaces')
  await immediate()
  expect(await b.use('jti with spaces', 2e6)).toBe(true)
})

test('without an answer nobody is taken and nobody is called a thief', async () => {
  const a = node()
  engines[0]!.setState('lost')
  expect([await a.use('one', 2e6), await a.has('one')]).toEqual([undefined, undefined])
})

test('a write whose answer was lost is taken by who wrote it, and refused to others', async () => {
  const [a, b] = [node(), node()]
  const [engine] = engines
  const create = engine!.create.bind(engine)
  engine!.create = async (key, value) => {
    await create(key, value)
    engine!.create = create
    throw new EngineLostError('The answer was lost.')
  }
  expect(await whileTimePasses(a.use('one', 2e6))).toBe(true)
  expect(await b.use('one', 2e6)).toBe(false)
})

test('those that have run out are forgotten, whoever used them', async () => {
  const [a, b] = [node(), node()]
  await a.use('short', nowMs() + 1000)
  await a.use('long', nowMs() + 86_400_000)
  a.close()
  for (let minute = 0; minute < 11; minute++) {
    clock.advance(60_000_000)
    await immediate()
  }
  expect([store.entries.size, await b.has('long'), await b.has('short')]).toEqual([1, true, false])
})
