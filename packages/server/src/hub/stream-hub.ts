import type { Micros } from '@crossroom/media'
import type { Clock } from './clock.js'
import { Fetches } from './fetches.js'
import type { StreamObserver } from './observer.js'
import type { StreamResolver } from './resolver.js'
import { CacheTotal } from './gop-cache.js'
import type { EndReason } from './sink.js'
import { Stream, type StreamEvent, type StreamLimits } from './stream.js'
import type { StreamKey } from './stream-key.js'

const SWEEP_INTERVAL: Micros = 1_000_000

/** A caller waiting for an absent stream. `isDue`: its own wait is over, the resolver's is not. */
interface Waiter {
  isDue: boolean
  readonly answer: (stream: Stream | undefined) => void
}

/** Every stream of this process by its key. */
export class StreamHub {
  readonly #clock: Clock
  readonly #limits: StreamLimits
  readonly #cached = new CacheTotal()
  readonly #streams = new Map<string, Stream>()
  readonly #observers = new Set<StreamObserver>()
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #fetches: Fetches
  #cancelSweep: (() => void) | undefined
  #closed = false

  constructor(clock: Clock, limits: StreamLimits) {
    this.#clock = clock
    this.#limits = limits
    this.#fetches = new Fetches(clock, (key) => this.#handleGivenUp(key))
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
    if (waiters !== undefined) for (const waiter of waiters) waiter.answer(stream)
    return stream
  }

  /** Tells `observer` what happens to streams from now on. The answer ends that. */
  observe(observer: StreamObserver): () => void {
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  addResolver(resolver: StreamResolver): void {
    this.#fetches.add(resolver)
  }

  /** A resolver may have the stream now: if there is demand, the resolvers are asked again. */
  recheck(key: StreamKey): void {
    this.#checkDemand(key)
  }

  /** A resolver fetches the stream, which has not come yet. */
  isFetching(key: StreamKey): boolean {
    return this.#fetches.isPending(key)
  }

  /** A resolver has the stream for the demand alone. */
  isFetched(key: StreamKey): boolean {
    return this.#fetches.has(key)
  }

  /**
   * Calls back with the stream when it is there, or with undefined after `wait`, for play may come just before publish, or after the
   * deadline of a resolver that fetches it. A stream whose publisher left counts as there while it is in grace. The answer cancels.
   */
  find(key: StreamKey, wait: Micros, callback: (stream: Stream | undefined) => void): () => void {
    const present = this.#streams.get(key.text)
    if (present !== undefined) {
      callback(present)
      return () => undefined
    }
    if (!this.#closed) this.#fetches.want(key)
    const made = this.#streams.get(key.text)
    if (made !== undefined || wait <= 0 || this.#closed) {
      callback(made)
      this.#checkDemand(key)
      return () => undefined
    }
    return this.#waitFor(key, wait, callback)
  }

  /** Ends every stream. */
  close(reason: EndReason): void {
    this.#closed = true
    for (const waiters of [...this.#waiters.values()]) for (const waiter of waiters) waiter.answer(undefined)
    this.#waiters.clear()
    this.#fetches.close()
    for (const stream of this.list()) stream.end(reason)
    this.#stopSweep()
  }

  #waitFor(key: StreamKey, wait: Micros, callback: (stream: Stream | undefined) => void): () => void {
    const waiters = this.#waiters.get(key.text) ?? new Set<Waiter>()
    this.#waiters.set(key.text, waiters)
    const cancel = () => {
      cancelTimer()
      waiters.delete(waiter)
      if (waiters.size > 0 || this.#waiters.get(key.text) !== waiters) return
      this.#waiters.delete(key.text)
      this.#checkDemand(key)
    }
    const waiter: Waiter = {
      isDue: false,
      answer: (stream) => {
        cancel()
        callback(stream)
      },
    }
    const cancelTimer = this.#clock.after(wait, () => {
      waiter.isDue = true
      if (!this.#fetches.isPending(key)) waiter.answer(undefined)
    })
    waiters.add(waiter)
    return cancel
  }

  /** Demand without a publisher triggers a fetch, whether or not there is a stream to wait at. */
  #checkDemand(key: StreamKey): void {
    const stream = this.#streams.get(key.text)
    const isWanted = this.#waiters.has(key.text) || stream?.isWanted === true
    if (!isWanted) this.#fetches.unwant(key)
    else if (!this.#closed && (stream?.publication === undefined || this.#fetches.has(key))) this.#fetches.want(key)
  }

  #handleGivenUp(key: StreamKey): void {
    for (const waiter of [...(this.#waiters.get(key.text) ?? [])]) if (waiter.isDue) waiter.answer(undefined)
  }

  readonly #handleEvent = (event: StreamEvent, stream: Stream): void => {
    if (event === 'closed') {
      if (this.#streams.get(stream.key.text) === stream) this.#streams.delete(stream.key.text)
      if (this.#streams.size === 0) this.#stopSweep()
    }
    if (event === 'published') this.#fetches.published(stream.key)
    // A moment later: a publisher that takes over from itself is gone for no time.
    else if (event === 'unpublished') this.#clock.after(0, () => this.#checkDemand(stream.key))
    else if (event === 'demandChanged' || event === 'closed') this.#checkDemand(stream.key)
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
