import type { DriverClock } from '@crossroom/media'
import { engineLimits } from '../../config/index.js'
import { checkSubject, checkValue, matches } from './subject.js'
import { ToldKeys } from './told-keys.js'
import {
  EngineLostError,
  type ClusterEngine,
  type EngineChange,
  type EngineEntry,
  type EngineMessage,
  type EnginePass,
  type EngineState,
} from './engine.js'

/** Calls back later, in the order of the calls: a message is never handled within the call that sends it. */
export type Deliver = (callback: () => void) => void

interface Watch {
  readonly prefix: string
  readonly listener: (change: EngineChange) => void
  readonly told: ToldKeys
  ready: (() => void) | undefined
}

/** What the engines of one process share. */
export class MemoryStore {
  readonly entries = new Map<string, EngineEntry>()
  readonly engines = new Set<MemoryEngine>()
  #revision = 0

  write(key: string, value: Uint8Array): number {
    const entry = { key, value: value.slice(), revision: ++this.#revision }
    this.entries.set(key, entry)
    for (const engine of this.engines) engine.changed({ kind: 'put', entry })
    return entry.revision
  }

  remove(key: string): void {
    if (!this.entries.delete(key)) return
    const revision = ++this.#revision
    for (const engine of this.engines) engine.changed({ kind: 'delete', key, revision })
  }

  under(prefix: string): EngineEntry[] {
    return [...this.entries.values()].filter(({ key }) => matches(prefix, key))
  }
}

/** The engine of nodes in one process: for tests on a virtual clock, and behind the processes of one machine. */
export class MemoryEngine implements ClusterEngine {
  readonly #store: MemoryStore
  readonly #clock: Pick<DriverClock, 'after'>
  readonly #deliver: Deliver
  readonly #subscriptions = new Set<{ readonly subject: string; readonly listener: (message: EngineMessage) => void }>()
  readonly #watches = new Set<Watch>()
  readonly #follows = new Set<{ readonly prefix: string; readonly listener: (pass: EnginePass) => void }>()
  readonly #stateListeners = new Set<(state: EngineState) => void>()
  #state: EngineState = 'connected'
  #conflicts = 0
  #isClosed = false

  constructor(store: MemoryStore, clock: Pick<DriverClock, 'after'>, deliver: Deliver = queueMicrotask) {
    this.#store = store
    this.#clock = clock
    this.#deliver = deliver
    store.engines.add(this)
  }

  get state(): EngineState {
    return this.#state
  }

  get isWritable(): boolean {
    return this.#state === 'connected'
  }

  get conflicts(): number {
    return this.#conflicts
  }

  /** Cuts this node off, or joins it again: what watches tell is told anew. */
  setState(state: EngineState): void {
    if (state === this.#state || this.#isClosed) return
    this.#state = state
    for (const listener of [...this.#stateListeners]) listener(state)
    if (state === 'connected') for (const watch of this.#watches) this.#tellAll(watch)
  }

  onState(listener: (state: EngineState) => void): () => void {
    this.#stateListeners.add(listener)
    return () => void this.#stateListeners.delete(listener)
  }

  publish(subject: string, payload: Uint8Array): void {
    checkSubject(subject)
    checkValue(payload)
    if (this.#state === 'lost' || this.#isClosed) return
    const copy = payload.slice()
    for (const engine of this.#store.engines) engine.#receive({ subject, payload: copy })
  }

  subscribe(subject: string, listener: (message: EngineMessage) => void): () => void {
    const subscription = { subject, listener }
    this.#subscriptions.add(subscription)
    return () => void this.#subscriptions.delete(subscription)
  }

  async request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    checkSubject(subject)
    checkValue(payload)
    this.#check()
    const copy = payload.slice()
    return await new Promise((resolve) => {
      const micros = Math.min(timeoutMs, engineLimits.requestMs) * 1000
      const cancel = this.#clock.after(micros, () => resolve(undefined))
      const respond = (answer: Uint8Array): void => {
        cancel()
        const bytes = answer.slice()
        this.#deliver(() => resolve(bytes))
      }
      let isHeard = false
      for (const engine of this.#store.engines)
        isHeard = engine.#receive({ subject, payload: copy, respond }) || isHeard
      if (isHeard) return
      cancel()
      this.#deliver(() => resolve(undefined))
    })
  }

  async flush(): Promise<void> {
    this.#check()
    await new Promise<void>((resolve) => this.#deliver(resolve))
  }

  async get(key: string): Promise<EngineEntry | undefined> {
    return await this.#answer(key, () => this.#store.entries.get(key))
  }

  async list(prefix: string): Promise<EngineEntry[]> {
    this.#check()
    return await new Promise((resolve) => this.#deliver(() => resolve(this.#store.under(prefix))))
  }

  async create(key: string, value: Uint8Array): Promise<number | undefined> {
    const write = (): number | undefined => (this.#store.entries.has(key) ? undefined : this.#store.write(key, value))
    return this.#counted(await this.#answer(key, write, value))
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    const write = (): number | undefined =>
      this.#store.entries.get(key)?.revision === revision ? this.#store.write(key, value) : undefined
    return this.#counted(await this.#answer(key, write, value))
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    return await this.#answer(key, () => this.#store.write(key, value), value)
  }

  async delete(key: string, revision?: number): Promise<boolean> {
    const remove = (): boolean => {
      if (revision !== undefined && this.#store.entries.get(key)?.revision !== revision) return false
      this.#store.remove(key)
      return true
    }
    return this.#counted(await this.#answer(key, remove))
  }

  #counted<Result>(result: Result): Result {
    if (result === undefined || result === false) this.#conflicts++
    return result
  }

  watch(prefix: string, listener: (change: EngineChange) => void, ready: () => void = () => undefined): () => void {
    const watch: Watch = { prefix, listener, ready, told: new ToldKeys() }
    this.#watches.add(watch)
    if (this.#state === 'connected') this.#tellAll(watch)
    return () => void this.#watches.delete(watch)
  }

  follow(prefix: string, listener: (change: EnginePass) => void): () => void {
    const follow = { prefix, listener }
    this.#follows.add(follow)
    return () => void this.#follows.delete(follow)
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#store.engines.delete(this)
    this.#subscriptions.clear()
    this.#watches.clear()
    this.#follows.clear()
    return Promise.resolve()
  }

  /** Called by the store. */
  changed(change: EngineChange): void {
    if (this.#state === 'lost') return
    const key = change.kind === 'put' ? change.entry.key : change.key
    for (const watch of this.#watches) if (matches(watch.prefix, key)) this.#tell(watch, change)
    const value = change.kind === 'put' ? change.entry.value : undefined
    for (const follow of this.#follows)
      if (matches(follow.prefix, key)) this.#later(() => this.#follows.has(follow) && follow.listener({ key, value }))
  }

  #tellAll(watch: Watch): void {
    const entries = this.#store.under(watch.prefix)
    for (const entry of entries) this.#tell(watch, { kind: 'put', entry })
    const gone = watch.told.without(entries.map(({ key }) => key))
    for (const [key, revision] of gone) this.#tell(watch, { kind: 'delete', key, revision: revision + 1 })
    this.#later(() => {
      const { ready } = watch
      watch.ready = undefined
      if (this.#watches.has(watch)) ready?.()
    })
  }

  #tell(watch: Watch, change: EngineChange): void {
    this.#later(() => {
      if (this.#watches.has(watch) && watch.told.isNews(change)) watch.listener(change)
    })
  }

  /** True when somebody listens. */
  #receive(message: EngineMessage): boolean {
    if (this.#state === 'lost') return false
    const listeners = [...this.#subscriptions].filter(({ subject }) => matches(subject, message.subject))
    for (const subscription of listeners)
      this.#later(() => this.#subscriptions.has(subscription) && subscription.listener(message))
    return listeners.length > 0
  }

  #later(callback: () => void): void {
    this.#deliver(() => {
      if (!this.#isClosed && this.#state === 'connected') callback()
    })
  }

  #check(): void {
    if (this.#isClosed || this.#state === 'lost') throw new EngineLostError('The cluster engine cannot be reached.')
  }

  async #answer<Result>(key: string, action: () => Result, value?: Uint8Array): Promise<Result> {
    checkSubject(key)
    if (value !== undefined) checkValue(value)
    this.#check()
    const result = action()
    return await new Promise((resolve) => this.#deliver(() => resolve(result)))
  }
}
