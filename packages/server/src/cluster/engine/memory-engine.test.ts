import { VirtualClock } from '@crossroom/testkit'
import { afterEach, describe, expect, test } from 'vitest'
import { engineContract, type ContractStage } from './contract.cases.js'
import { MemoryEngine, MemoryStore } from './memory-engine.js'

const opened: MemoryEngine[] = []
let ticking: NodeJS.Timeout | undefined

afterEach(async () => {
  clearInterval(ticking)
  await Promise.all(opened.splice(0).map((engine) => engine.close()))
})

function stage(): ContractStage {
  const store = new MemoryStore()
  const clock = new VirtualClock()
  // A request that nobody answers waits for the clock.
  ticking = setInterval(() => clock.advance(10_000), 1)
  return {
    word: 'case',
    open: () => {
      const engine = new MemoryEngine(store, clock)
      opened.push(engine)
      return Promise.resolve(engine)
    },
    cut: (engine) => Promise.resolve((engine as MemoryEngine).setState('lost')),
    join: (engine) => Promise.resolve((engine as MemoryEngine).setState('connected')),
    until: async (isSo, what) => await expect.poll(isSo, { message: what }).toBe(true),
  }
}

describe('the engine in memory keeps the contract', () => {
  for (const each of engineContract) test(each.name, async () => each.run(stage()))
})
