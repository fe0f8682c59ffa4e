import type { WireMessage } from '@crossroom/media'
import { transcodeLimits } from '../config/index.js'
import type { Clock } from '../hub/index.js'
import type { Child, ChildHandlers, SpawnChild } from './codec-process.js'

/**
 * Keeps one child more than is needed, loaded and idle. `spawn` hands it out, so that who lost its child has the next
 * one at once, and a new one is started a little later.
 */
export class SpareChild {
  readonly #spawn: SpawnChild
  readonly #clock: Clock
  #spare: WaitingChild | undefined
  #cancelStart: (() => void) | undefined
  #closed = false

  constructor(spawn: SpawnChild, clock: Clock) {
    this.#spawn = spawn
    this.#clock = clock
  }

  /** The spare child, which tells again what it told while it waited, or a new one. */
  readonly spawn: SpawnChild = (handlers) => {
    const spare = this.#spare
    this.#spare = undefined
    this.#startLater()
    return spare?.handOver(handlers, this.#clock) ?? this.#spawn(handlers)
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true
    this.#cancelStart?.()
    this.#spare?.kill()
    this.#spare = undefined
  }

  #startLater(): void {
    this.#cancelStart?.()
    if (this.#closed) return
    this.#cancelStart = this.#clock.after(transcodeLimits.spareMicros, () => {
      const spare = new WaitingChild(this.#spawn, () => {
        if (this.#spare !== spare) return
        this.#spare = undefined
        this.#startLater()
      })
      this.#spare = spare
    })
  }
}

/** A standby child. */
class WaitingChild {
  readonly #child: Child
  #handlers: ChildHandlers | undefined
  /** What it said: that it is ready. */
  readonly #told: WireMessage[] = []

  constructor(spawn: SpawnChild, onExit: () => void) {
    this.#child = spawn({
      handleMessage: (message) => {
        if (this.#handlers !== undefined) this.#handlers.handleMessage(message)
        else this.#told.push({ ...message, body: new Uint8Array(message.body) })
      },
      handleExit: (reason) => {
        if (this.#handlers !== undefined) this.#handlers.handleExit(reason)
        else onExit()
      },
    })
  }

  handOver(handlers: ChildHandlers, clock: Clock): Child {
    this.#handlers = handlers
    // As from a new child: not from within the call that asked for it.
    clock.after(0, () => {
      for (const message of this.#told) handlers.handleMessage(message)
    })
    return this.#child
  }

  kill(): void {
    this.#child.kill()
  }
}
