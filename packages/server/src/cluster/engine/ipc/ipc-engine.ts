import type { DriverClock, Micros } from '@crossroom/media'
import { engineLimits, ipcLimits } from '../../../config/index.js'
import {
  EngineLostError,
  type ClusterEngine,
  type EngineChange,
  type EngineEntry,
  type EngineMessage,
  type EnginePass,
  type EngineState,
} from '../engine.js'
import { checkSubject, checkValue } from '../subject.js'
import type { EngineAsk, EngineCall, EnginePort, EngineResult, EngineTell } from './messages.js'

interface Waiting {
  resolve(value: unknown): void
  reject(error: EngineLostError): void
}

interface Watch {
  readonly listener: (change: EngineChange) => void
  readonly ready: () => void
}

/**
 * The engine of one process whose parent has the store. It is lost while the parent does not answer: then nothing that is sent is
 * lost but what is published, and what the parent told meanwhile arrives when it runs again.
 */
export class IpcEngine implements ClusterEngine {
  readonly #port: EnginePort<EngineAsk, EngineTell>
  readonly #clock: Pick<DriverClock, 'after'> & { listened(): Micros }
  readonly #subscriptions = new Map<number, (message: EngineMessage) => void>()
  readonly #watches = new Map<number, Watch>()
  readonly #follows = new Map<number, (pass: EnginePass) => void>()
  readonly #waiting = new Map<number, Waiting>()
  readonly #stateListeners = new Set<(state: EngineState) => void>()
  #state: EngineState = 'connected'
  #conflicts = 0
  #lastId = 0
  #heardAt: Micros
  #cancelPing: () => void = () => undefined
  #isClosed = false

  constructor(port: EnginePort<EngineAsk, EngineTell>, clock: Pick<DriverClock, 'after'> & { listened(): Micros }) {
    this.#port = port
    this.#clock = clock
    this.#heardAt = clock.listened()
    port.onMessage((tell) => this.#handle(tell))
    this.#ping()
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

  onState(listener: (state: EngineState) => void): () => void {
    this.#stateListeners.add(listener)
    return () => void this.#stateListeners.delete(listener)
  }

  publish(subject: string, payload: Uint8Array): void {
    checkSubject(subject)
    checkValue(payload)
    if (this.#state === 'connected' && !this.#isClosed) this.#port.send({ type: 'publish', subject, payload })
  }

  subscribe(subject: string, listener: (message: EngineMessage) => void): () => void {
    return this.#begin('subscribe', subject, this.#subscriptions, listener)
  }

  async request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    checkSubject(subject)
    checkValue(payload)
    const call = { of: 'request', subject, payload, timeoutMs: Math.min(timeoutMs, engineLimits.requestMs) } as const
    // The parent counts the time of an answer; we that of the parent.
    return (await this.#call(call, call.timeoutMs + ipcLimits.silentMs)) as Uint8Array | undefined
  }

  async flush(): Promise<void> {
    await this.#call({ of: 'flush' })
  }

  async get(key: string): Promise<EngineEntry | undefined> {
    checkSubject(key)
    return (await this.#call({ of: 'get', key })) as EngineEntry | undefined
  }

  async list(prefix: string): Promise<EngineEntry[]> {
    return (await this.#call({ of: 'list', prefix })) as EngineEntry[]
  }

  async create(key: string, value: Uint8Array): Promise<number | undefined> {
    return (await this.#write({ of: 'create', key, value })) as number | undefined
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    return (await this.#write({ of: 'update', key, value, revision })) as number | undefined
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    return (await this.#write({ of: 'put', key, value })) as number
  }

  async delete(key: string, revision?: number): Promise<boolean> {
    checkSubject(key)
    return this.#counted((await this.#call({ of: 'delete', key, revision })) as boolean)
  }

  watch(prefix: string, listener: (change: EngineChange) => void, ready: () => void = () => undefined): () => void {
    return this.#begin('watch', prefix, this.#watches, { listener, ready })
  }

  follow(prefix: string, listener: (change: EnginePass) => void): () => void {
    return this.#begin('follow', prefix, this.#follows, listener)
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.#isClosed = true
    this.#cancelPing()
    for (const listeners of [this.#subscriptions, this.#watches, this.#follows, this.#stateListeners]) listeners.clear()
    this.#rejectAll()
    this.#port.send({ type: 'close' })
    return Promise.resolve()
  }

  #begin<Listener>(
    type: 'subscribe' | 'watch' | 'follow',
    pattern: string,
    listeners: Map<number, Listener>,
    listener: Listener,
  ): () => void {
    const id = ++this.#lastId
    if (this.#isClosed) return () => undefined
    listeners.set(id, listener)
    this.#port.send({ type, id, pattern })
    return () => {
      if (listeners.delete(id)) this.#port.send({ type: 'end', id })
    }
  }

  async #write(call: EngineCall & { readonly key: string; readonly value: Uint8Array }): Promise<unknown> {
    checkSubject(call.key)
    checkValue(call.value)
    return this.#counted(await this.#call(call))
  }

  #counted<Result>(result: Result): Result {
    if (result === undefined || result === false) this.#conflicts++
    return result
  }

  async #call(call: EngineCall, timeoutMs: number = engineLimits.requestMs): Promise<unknown> {
    if (this.#isClosed || this.#state === 'lost') throw lostError()
    const id = ++this.#lastId
    return await new Promise((resolve, reject) => {
      const cancel = this.#clock.after(timeoutMs * 1000, () => {
        this.#waiting.delete(id)
        reject(lostError())
      })
      const settled =
        <Value>(settle: (value: Value) => void) =>
        (value: Value) => {
          cancel()
          settle(value)
        }
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) })
      this.#port.send({ type: 'call', id, call })
    })
  }

  #handle(tell: EngineTell): void {
    if (this.#isClosed) return
    this.#heardAt = this.#clock.listened()
    this.#setState('connected')
    switch (tell.type) {
      case 'pong':
        break
      case 'message':
        this.#hear(tell.id, tell)
        break
      case 'change':
        this.#watches.get(tell.id)?.listener(tell.change)
        break
      case 'ready':
        this.#watches.get(tell.id)?.ready()
        break
      case 'pass':
        this.#follows.get(tell.id)?.(tell.pass)
        break
      case 'result':
        this.#settle(tell.id, tell.value)
    }
  }

  #hear(id: number, { subject, payload, answerTo: to }: Extract<EngineTell, { type: 'message' }>): void {
    const respond = (answer: Uint8Array): void => this.#port.send({ type: 'answer', to: to!, payload: answer })
    this.#subscriptions.get(id)?.({ subject, payload, ...(to !== undefined && { respond }) })
  }

  #settle(id: number, result: EngineResult): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if ('lost' in result) waiting?.reject(lostError())
    else waiting?.resolve(result.value)
  }

  #ping(): void {
    if (this.#clock.listened() - this.#heardAt > ipcLimits.silentMs * 1000) this.#setState('lost')
    this.#port.send({ type: 'ping' })
    this.#cancelPing = this.#clock.after(ipcLimits.pingMs * 1000, () => this.#ping())
  }

  #setState(state: EngineState): void {
    if (state === this.#state) return
    this.#state = state
    if (state === 'lost') this.#rejectAll()
    for (const listener of [...this.#stateListeners]) listener(state)
  }

  #rejectAll(): void {
    for (const waiting of this.#waiting.values()) waiting.reject(lostError())
    this.#waiting.clear()
  }
}

function lostError(): EngineLostError {
  return new EngineLostError('The parent process does not answer.')
}
