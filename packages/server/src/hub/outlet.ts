import type { MediaFrame } from '@crossroom/media'
import type { CacheTotal, GopCacheLimits } from './gop-cache.js'
import { GopCache } from './gop-cache.js'
import type { Demand, EndReason, FrameSink } from './sink.js'

/** If the kind of player is unknown. */
const OTHER = 'other'

/** The outgoing side shared by a stream and its derived streams: the sinks, and the cache from which new ones start. */
export class Outlet {
  readonly gop: GopCache
  readonly #sinks = new Set<FrameSink>()
  /** With the kind of player each serves. */
  readonly #waiters = new Map<() => void, string>()
  readonly #onDemand: () => void
  #isEnded = false

  /** `onDemand`: called after each change of who wants it, but for its end. */
  constructor(limits: GopCacheLimits, total?: CacheTotal, onDemand: () => void = () => undefined) {
    this.gop = new GopCache(limits, total)
    this.#onDemand = onDemand
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  get subscribers(): number {
    return this.#sinks.size
  }

  /** There is demand for its frames or its tracks. */
  get isUsed(): boolean {
    return this.#sinks.size > 0 || this.#waiters.size > 0
  }

  /** The demand, by kind of player. */
  get demand(): Map<string, Demand> {
    const demand = new Map<string, Demand>()
    const of = (kind: string): Demand => demand.get(kind) ?? { subscribers: 0, waiters: 0 }
    for (const { kind = OTHER } of this.#sinks) demand.set(kind, { ...of(kind), subscribers: of(kind).subscribers + 1 })
    for (const kind of this.#waiters.values()) demand.set(kind, { ...of(kind), waiters: of(kind).waiters + 1 })
    return demand
  }

  get hasWaiters(): boolean {
    return this.#waiters.size > 0
  }

  /** See `FrameSource.subscribe`. `onLeave` is called when the sink goes by itself. */
  subscribe(sink: FrameSink, start: 'gop' | 'recent' | 'live', onLeave: () => void): () => void {
    if (this.#isEnded) {
      sink.handleEnd('ended')
      return () => undefined
    }
    if (start !== 'live')
      for (const frame of start === 'gop' ? this.gop.frames : this.gop.recent) sink.handleFrame(frame)
    this.#sinks.add(sink)
    this.#onDemand()
    return () => {
      if (this.#sinks.delete(sink)) this.#onDemand()
      onLeave()
    }
  }

  /** Calls back at the next `release`. `onLeave` is called when it is cancelled. */
  wait(callback: () => void, onLeave: () => void, kind = OTHER): () => void {
    const waiter = (): void => {
      this.#waiters.delete(waiter)
      callback()
      // Last: who waited has subscribed by now, and the demand did not cease in between.
      if (!this.#isEnded) this.#onDemand()
    }
    this.#waiters.set(waiter, kind)
    this.#onDemand()
    return () => {
      if (this.#waiters.delete(waiter)) this.#onDemand()
      onLeave()
    }
  }

  release(): void {
    for (const waiter of [...this.#waiters.keys()]) waiter()
  }

  /** The cache first: a subscriber that joins from inside a sink's handler must not miss this frame. */
  deliver(frame: MediaFrame): void {
    this.gop.push(frame)
    for (const sink of this.#sinks) sink.handleFrame(frame)
  }

  interrupt(): void {
    this.gop.clear()
    for (const sink of this.#sinks) sink.handleInterrupted?.()
  }

  withholdVideo(): void {
    this.gop.clear()
    for (const sink of this.#sinks) sink.handleVideoWithheld?.()
  }

  /** Nothing follows. The answer tells the sinks, once the owner is in order. Call it once. */
  end(): (reason: EndReason) => void {
    this.#isEnded = true
    this.gop.clear()
    const sinks = [...this.#sinks]
    this.#sinks.clear()
    return (reason) => {
      this.release()
      for (const sink of sinks) sink.handleEnd(reason)
    }
  }
}
