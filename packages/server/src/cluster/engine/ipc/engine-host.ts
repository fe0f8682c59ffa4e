import type { DriverClock } from '@crossroom/media'
import { ipcLimits } from '../../../config/index.js'
import { EngineLostError, type EngineMessage } from '../engine.js'
import { MemoryEngine, type MemoryStore } from '../memory-engine.js'
import type { EngineAsk, EngineCall, EnginePort, EngineResult, EngineTell } from './messages.js'

/** Serves the engine of one process from the store of this one. */
export class EngineHost {
  readonly #engine: MemoryEngine
  readonly #port: EnginePort<EngineTell, EngineAsk>
  readonly #ends = new Map<number, () => void>()
  /** Requests that the process was given and has not answered. */
  readonly #unanswered = new Map<number, NonNullable<EngineMessage['respond']>>()
  #lastRequest = 0

  constructor(port: EnginePort<EngineTell, EngineAsk>, store: MemoryStore, clock: Pick<DriverClock, 'after'>) {
    this.#port = port
    this.#engine = new MemoryEngine(store, clock)
    port.onMessage((ask) => this.#handle(ask))
  }

  /** The process is gone, or goes. Idempotent. */
  close(): void {
    void this.#engine.close()
    this.#ends.clear()
    this.#unanswered.clear()
  }

  #handle(ask: EngineAsk): void {
    switch (ask.type) {
      case 'ping':
        this.#port.send({ type: 'pong' })
        break
      case 'publish':
        this.#engine.publish(ask.subject, ask.payload)
        break
      case 'subscribe':
      case 'watch':
      case 'follow':
        this.#ends.set(ask.id, this.#begin(ask.type, ask.id, ask.pattern))
        break
      case 'end':
        this.#ends.get(ask.id)?.()
        this.#ends.delete(ask.id)
        break
      case 'call':
        void this.#answer(ask.id, ask.call)
        break
      case 'answer':
        this.#unanswered.get(ask.to)?.(ask.payload)
        this.#unanswered.delete(ask.to)
        break
      case 'close':
        this.close()
    }
  }

  #begin(type: 'subscribe' | 'watch' | 'follow', id: number, pattern: string): () => void {
    const port = this.#port
    if (type === 'subscribe') return this.#engine.subscribe(pattern, (message) => this.#pass(id, message))
    if (type === 'follow') return this.#engine.follow(pattern, (pass) => port.send({ type: 'pass', id, pass }))
    return this.#engine.watch(
      pattern,
      (change) => port.send({ type: 'change', id, change }),
      () => port.send({ type: 'ready', id }),
    )
  }

  #pass(id: number, { subject, payload, respond }: EngineMessage): void {
    const answerTo = respond && ++this.#lastRequest
    if (answerTo !== undefined) {
      this.#unanswered.set(answerTo, respond!)
      // Their askers have given up.
      this.#unanswered.delete(answerTo - ipcLimits.unanswered)
    }
    this.#port.send({ type: 'message', id, subject, payload, answerTo })
  }

  async #answer(id: number, call: EngineCall): Promise<void> {
    const value = await this.#call(call).then(
      (result): EngineResult => ({ value: result }),
      (error: unknown): EngineResult => {
        if (error instanceof EngineLostError) return { lost: true }
        throw error
      },
    )
    this.#port.send({ type: 'result', id, value })
  }

  async #call(call: EngineCall) {
    const engine = this.#engine
    switch (call.of) {
      case 'flush':
        await engine.flush()
        return undefined
      case 'get':
        return await engine.get(call.key)
      case 'list':
        return await engine.list(call.prefix)
      case 'create':
        return await engine.create(call.key, call.value)
      case 'put':
        return await engine.put(call.key, call.value)
      case 'update':
        return await engine.update(call.key, call.value, call.revision)
      case 'delete':
        return await engine.delete(call.key, call.revision)
      case 'request':
        return await engine.request(call.subject, call.payload, call.timeoutMs)
    }
  }
}
