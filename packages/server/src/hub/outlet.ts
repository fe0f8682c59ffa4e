import type { MediaFrame } from '@crossroom/media'
import type { CacheTotal, GopCacheLimits } from './gop-cache.js'
import { GopCache } from './gop-cache.js'
import type { EndReason, FrameSink } from './sink.js'

/** The outgoing side that a stream and what is derived from it share: who takes its frames, and what new ones start from. */
export class Outlet {
  readonly gop: GopCache
  readonly #sinks = new Set<FrameSink>()
  readonly #waiters = new Set<() => void>()
  #isEnded = false

  constructor(limits: GopCacheLimits, total?: CacheTotal) {
    this.gop = new GopCache(limits, total)
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  get subscribers(): number {
    return this.#sinks.size
  }

  /** Somebody takes its frames, or waits for its tracks. */
  get isUsed(): boolean {
    return this.#sinks.size > 0 || this.#waiters.size > 0
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
    return () => {
      this.#sinks.delete(sink)
      onLeave()
    }
  }

  /** Calls back at the next `release`. `onLeave` is called when it is cancelled. */
  wait(callback: () => void, onLeave: () => void): () => void {
    const waiter = (): void => {
      this.#waiters.delete(waiter)
      callback()
    }
    this.#waiters.add(waiter)
    return () => {
      this.#waiters.delete(waiter)
      onLeave()
    }
  }

  release(): void {
    for (const waiter of [...this.#waiters]) waiter()
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
