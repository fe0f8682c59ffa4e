import type { WireMessage } from '@crossroom/media'
import type { Child, SpawnChild } from './spawn-child.js'

export interface WatchedChildOptions {
  /** Time in which this process listened, in microseconds, and timers of it. */
  readonly clock: { listened(): number; after(delay: number, callback: () => void): () => void }
  readonly spawn: SpawnChild
  readonly limits: {
    readonly childPingMicros: number
    readonly childSilentMicros: number
    readonly childLingerMicros: number
  }
  /** What it answers; any message counts as an answer. */
  readonly ping: Uint8Array
  message(message: WireMessage): void
  /** Called once. */
  ended(reason: string): void
}

/** A child that is watched by heartbeats: it ends when it hangs, and some seconds after its last job. */
export class WatchedChild {
  readonly #options: WatchedChildOptions
  readonly #child: Child
  #heardAt: number
  #cancelBeat: (() => void) | undefined
  #cancelLinger: (() => void) | undefined
  #hasEnded = false

  constructor(options: WatchedChildOptions) {
    this.#options = options
    this.#heardAt = options.clock.listened()
    this.#child = options.spawn({
      message: (message) => {
        this.#heardAt = options.clock.listened()
        options.message(message)
      },
      exited: (reason) => this.#handleExit(reason),
    })
    this.#beat()
    this.linger()
  }

  /** Bytes that it has not taken. */
  get waitingBytes(): number {
    return this.#child.waitingBytes
  }

  write(message: Uint8Array): void {
    this.#child.write(message)
  }

  /** It has a job. */
  stay(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
  }

  /** It has none. */
  linger(): void {
    if (this.#hasEnded) return
    const { clock, limits } = this.#options
    this.#cancelLinger?.()
    this.#cancelLinger = clock.after(limits.childLingerMicros, () => this.#child.kill())
  }

  /** Idempotent. */
  close(): void {
    this.#cancelBeat?.()
    this.#cancelLinger?.()
    this.#child.kill()
  }

  /** Counts only time in which this process listened: a server that stood still does not blame its children. */
  #beat(): void {
    const { clock, limits, ping } = this.#options
    this.#cancelBeat = clock.after(limits.childPingMicros, () => {
      if (clock.listened() - this.#heardAt >= limits.childSilentMicros) this.#child.kill()
      else this.#child.write(ping)
      this.#beat()
    })
  }

  #handleExit(reason: string): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#cancelBeat?.()
    this.#cancelLinger?.()
    this.#options.ended(reason)
  }
}
