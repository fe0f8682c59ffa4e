import type { VirtualClock } from '@crossroom/testkit'
import {
  EngineLostError,
  MemoryEngine,
  type EngineEntry,
  type MemoryStore,
} from '../../packages/server/src/cluster/index.js'
import { engineLimits } from '../../packages/server/src/config/limits.js'

/**
 * What is wrong between a node and the engine. `stalled`: all of both directions comes late, in order. `deaf`: what is sent
 * arrives, and nothing comes back. `mute`: nothing that is sent arrives. `frozen`: the node itself stands still.
 */
export type LinkFault = 'stalled' | 'deaf' | 'mute' | 'frozen'

/** The memory engine with faults between it and its node. */
export class FaultyEngine extends MemoryEngine {
  readonly #clock: VirtualClock
  readonly #held: { sent: (() => void)[]; received: (() => void)[] }
  readonly #listeners = new Set<() => void>()
  #fault: LinkFault | undefined
  #isElecting = false

  constructor(store: MemoryStore, clock: VirtualClock) {
    const held: { sent: (() => void)[]; received: (() => void)[] } = { sent: [], received: [] }
    super(store, clock, (callback) => {
      if (this.#fault === 'deaf') return
      if (this.#fault === 'stalled' || this.#fault === 'frozen') held.received.push(callback)
      else queueMicrotask(callback)
    })
    this.#clock = clock
    this.#held = held
  }

  override get isWritable(): boolean {
    return super.isWritable && !this.#isElecting
  }

  /** Undefined: all is well again. What was one-way is a connection that had to be made anew. */
  setFault(fault: LinkFault | undefined): void {
    const before = this.#fault
    this.#fault = fault
    const { sent, received } = this.#held
    for (const callback of sent.splice(0)) callback()
    for (const callback of received.splice(0)) queueMicrotask(callback)
    if (fault !== undefined || (before !== 'deaf' && before !== 'mute')) return
    this.setState('lost')
    this.setState('connected')
  }

  /** The servers of the engine elect a leader: writes fail, and may have happened. Messages pass. */
  setElecting(isElecting: boolean): void {
    if (this.#isElecting === isElecting) return
    this.#isElecting = isElecting
    for (const listener of [...this.#listeners]) listener()
  }

  override onState(listener: Parameters<MemoryEngine['onState']>[0]): () => void {
    const own = (): void => listener(this.state)
    this.#listeners.add(own)
    const end = super.onState(listener)
    return () => {
      this.#listeners.delete(own)
      end()
    }
  }

  override publish(subject: string, payload: Uint8Array): void {
    if (this.#fault === 'mute') return
    if (this.#fault === 'stalled') this.#held.sent.push(() => super.publish(subject, payload))
    else super.publish(subject, payload)
  }

  override async request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    if (this.#fault === undefined || this.#fault === 'frozen') return await super.request(subject, payload, timeoutMs)
    const asked = this.#call(() => super.request(subject, payload, timeoutMs))
    const late = this.#late<undefined>(Math.min(timeoutMs, engineLimits.requestMs), (resolve) => resolve(undefined))
    return await Promise.race([asked.catch(() => undefined), late])
  }

  override async flush(): Promise<void> {
    await this.#within(() => super.flush())
  }

  override async get(key: string): Promise<EngineEntry | undefined> {
    return await this.#within(() => super.get(key))
  }

  override async list(prefix: string): Promise<EngineEntry[]> {
    return await this.#within(() => super.list(prefix))
  }

  override async create(key: string, value: Uint8Array): Promise<number | undefined> {
    return await this.#write(() => super.create(key, value))
  }

  override async update(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    return await this.#write(() => super.update(key, value, revision))
  }

  override async put(key: string, value: Uint8Array): Promise<number> {
    return await this.#write(() => super.put(key, value))
  }

  override async delete(key: string, revision?: number): Promise<boolean> {
    return await this.#write(() => super.delete(key, revision))
  }

  async #write<Result>(action: () => Promise<Result>): Promise<Result> {
    if (!this.#isElecting) return await this.#within(action)
    // The old leader may have kept every second write without a word.
    if (this.#clock.now() % 2 === 0) action().catch(() => undefined)
    return await this.#late(engineLimits.requestMs, rejectLost)
  }

  async #within<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#fault === undefined || this.#fault === 'frozen') return await action()
    const call = this.#call(action)
    return await Promise.race([call, this.#late<Result>(engineLimits.requestMs, rejectLost)])
  }

  /** Settles when the answer comes, which may be never. */
  #call<Result>(action: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = (): void => void action().then(resolve, reject)
      if (this.#fault === 'stalled') this.#held.sent.push(run)
      else if (this.#fault !== 'mute') run()
    })
  }

  #late<Result>(ms: number, end: Settle<Result>): Promise<Result> {
    return new Promise((resolve, reject) => void this.#clock.after(ms * 1000, () => end(resolve, reject)))
  }
}

type Settle<Result> = (resolve: (result: Result) => void, reject: (error: Error) => void) => void

const rejectLost: Settle<never> = (_, reject) => reject(new EngineLostError('The cluster engine does not answer.'))
