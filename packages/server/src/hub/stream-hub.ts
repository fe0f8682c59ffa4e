import type { Micros } from '@crossroom/media'
import type { Clock } from './clock.js'
import type { StreamObserver } from './observer.js'
import type { StreamResolver } from './resolver.js'
import { CacheTotal } from './gop-cache.js'
import type { EndReason } from './sink.js'
import { Stream, type StreamEvent, type StreamLimits } from './stream.js'
import type { StreamKey } from './stream-key.js'

const SWEEP_INTERVAL: Micros = 1_000_000

/** Every stream of this process by its key. */
export class StreamHub {
  readonly #clock: Clock
  readonly #limits: StreamLimits
  readonly #cached = new CacheTotal()
  readonly #streams = new Map<string, Stream>()
  readonly #resolvers: StreamResolver[] = []
  readonly #observers = new Set<StreamObserver>()
  readonly #waiters = new Map<string, Set<(stream: Stream | undefined) => void>>()
  #cancelSweep: (() => void) | undefined
  #closed = false

  constructor(clock: Clock, limits: StreamLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  get size(): number {
    return this.#streams.size
  }

  /** A snapshot, in order of creation. */
  list(): Stream[] {
    return [...this.#streams.values()]
  }

  get(key: StreamKey): Stream | undefined {
    return this.#streams.get(key.text)
  }

  /** The stream of that key, made if need be: for a publisher. */
  open(key: StreamKey): Stream {
    const present = this.#streams.get(key.text)
    if (present !== undefined) return present
    const stream = new Stream(key, this.#clock, this.#limits, this.#handleEvent, this.#cached)
    this.#streams.set(key.text, stream)
    this.#handleEvent('opened', stream)
    this.#cancelSweep ??= this.#clock.after(SWEEP_INTERVAL, this.#sweep)
    const waiters = this.#waiters.get(key.text)
    this.#waiters.delete(key.text)
    if (waiters !== undefined) for (const waiter of waiters) waiter(stream)
    return stream
  }

  /** Tells `observer` what happens to streams from now on. The answer ends that. */
  observe(observer: StreamObserver): () => void {
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  addResolver(resolver: StreamResolver): void {
    this.#resolvers.push(resolver)
  }

  /**
   * Calls back with the stream when it is there, at the latest after `wait` with undefined: play may come just before
   * publish. A stream whose publisher left counts as there while it is in grace. The answer cancels.
   */
  find(key: StreamKey, wait: Micros, callback: (stream: Stream | undefined) => void): () => void {
    const present = this.#streams.get(key.text)
    if (present !== undefined) {
      callback(present)
      return () => undefined
    }
    for (const resolver of this.#resolvers) if (resolver.resolve(key)) break
    const made = this.#streams.get(key.text)
    if (made !== undefined || wait <= 0 || this.#closed) {
      callback(made)
      return () => undefined
    }
    return this.#waitFor(key, wait, callback)
  }

  /** Ends every stream. */
  close(reason: EndReason): void {
    this.#closed = true
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter(undefined)
    this.#waiters.clear()
    for (const stream of this.list()) stream.end(reason)
    this.#stopSweep()
  }

  #waitFor(key: StreamKey, wait: Micros, callback: (stream: Stream | undefined) => void): () => void {
    const waiters = this.#waiters.get(key.text) ?? new Set()
    this.#waiters.set(key.text, waiters)
    const cancel = () => {
      cancelTimer()
      waiters.delete(waiter)
      if (waiters.size === 0 && this.#waiters.get(key.text) === waiters) this.#waiters.delete(key.text)
    }
    const waiter = (stream: Stream | undefined) => {
      cancel()
      callback(stream)
    }
    const cancelTimer = this.#clock.after(wait, () => waiter(undefined))
    waiters.add(waiter)
    return cancel
  }

  readonly #handleEvent = (event: StreamEvent, stream: Stream): void => {
    if (event === 'closed') {
      if (this.#streams.get(stream.key.text) === stream) this.#streams.delete(stream.key.text)
      if (this.#streams.size === 0) this.#stopSweep()
    }
    for (const observer of this.#observers) observer[event]?.(stream)
  }

  readonly #sweep = (): void => {
    this.#cancelSweep = undefined
    const listened = this.#clock.listened()
    for (const stream of this.list()) stream.sweep(listened)
    if (this.#streams.size > 0) this.#cancelSweep = this.#clock.after(SWEEP_INTERVAL, this.#sweep)
  }

  #stopSweep(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
  }
}
