import { VirtualClock } from '@crossroom/testkit'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { engineContract, type ContractStage } from '../contract.cases.js'
import { MemoryStore } from '../memory-engine.js'
import { EngineHost } from './engine-host.js'
import { IpcEngine } from './ipc-engine.js'
import type { EngineAsk, EnginePort, EngineTell } from './messages.js'

const ends: (() => unknown)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Copies what is sent, as the channel between processes does. A parent that is stopped reads it later. */
class Stopped {
  #isStopped = false
  #later: (() => void)[] = []

  readonly port = <Sent, Received>(port: MessagePort): EnginePort<Sent, Received> => ({
    send: (message) => port.postMessage(message),
    onMessage: (listener) => {
      port.on('message', (message: Received) => {
        if (this.#isStopped) this.#later.push(() => listener(message))
        else listener(message)
      })
    },
  })

  set(isStopped: boolean): void {
    this.#isStopped = isStopped
    if (!isStopped) for (const handle of this.#later.splice(0)) handle()
  }
}

function stage(): ContractStage {
  const store = new MemoryStore()
  const clock = new VirtualClock()
  const timed = { after: clock.after.bind(clock), listened: () => clock.now() }
  const ticking = setInterval(() => clock.advance(10_000), 1)
  ends.push(() => clearInterval(ticking))
  const parents = new Map<unknown, Stopped>()
  const until = async (isSo: () => boolean, what: string): Promise<void> =>
    await expect.poll(isSo, { message: what, timeout: 5000, interval: 5 }).toBe(true)
  return {
    ...{ word: 'case', until },
    open: () => {
      const { port1, port2 } = new MessageChannel()
      const parent = new Stopped()
      const host = new EngineHost(parent.port<EngineTell, EngineAsk>(port1), store, clock)
      const engine = new IpcEngine(new Stopped().port<EngineAsk, EngineTell>(port2), timed)
      parents.set(engine, parent)
      ends.push(() => {
        void engine.close()
        host.close()
        port1.close()
      })
      return Promise.resolve(engine)
    },
    cut: async (engine) => {
      parents.get(engine)?.set(true)
      await until(() => engine.state === 'lost', 'the loss')
    },
    join: async (engine) => {
      parents.get(engine)?.set(false)
      await until(() => engine.state === 'connected', 'the return')
    },
  }
}

describe('the engine of a process keeps the contract', () => {
  for (const each of engineContract) test(each.name, async () => each.run(stage()))
})
