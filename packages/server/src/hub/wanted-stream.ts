import { fetchLimits } from '../config/index.js'
import type { Clock } from './clock.js'
import type { StreamHub } from './stream-hub.js'
import type { StreamKey } from './stream-key.js'
import type { Stream } from './stream.js'

export interface WantedStreamOptions {
  readonly hub: StreamHub
  readonly clock: Clock
  /** Of the demand: see `Stream.demand`. */
  readonly kind: string
  /** Of the stream that is wanted; undefined while nobody has it. */
  readonly keyOf: () => Promise<StreamKey | undefined>
}

/** Asks for a stream until it is there, as a player does who waits for it: pulls on demand and other nodes hear it. */
export class WantedStream {
  readonly #options: WantedStreamOptions
  #cancel: (() => void) | undefined
  #isOn = false
  #round = 0

  constructor(options: WantedStreamOptions) {
    this.#options = options
  }

  /** `stream`: it is there, without its publisher. */
  start(stream?: Stream): void {
    if (this.#isOn) return
    this.#isOn = true
    if (stream === undefined) void this.#ask()
    else this.#wait(stream)
  }

  /** Idempotent. */
  stop(): void {
    this.#isOn = false
    this.#round++
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Streams that end forget who waits for them. */
  handleClosed(): void {
    if (!this.#isOn) return
    this.stop()
    this.start()
  }

  async #ask(): Promise<void> {
    const { hub, keyOf } = this.#options
    const round = ++this.#round
    const key = await keyOf().catch(() => undefined)
    if (round !== this.#round) return
    this.#cancel = undefined
    if (key === undefined) return this.#askLater()
    let isAnswered = false
    const cancel = hub.find(key, fetchLimits.askMicros, (stream) => {
      isAnswered = true
      if (round !== this.#round) return
      if (stream === undefined) this.#askLater()
      else this.#wait(stream)
    })
    if (!isAnswered) this.#cancel = cancel
  }

  #wait(stream: Stream): void {
    this.#cancel = stream.whenTracksKnown(() => undefined, this.#options.kind)
  }

  #askLater(): void {
    this.#cancel = this.#options.clock.after(fetchLimits.askAgainMicros, () => void this.#ask())
  }
}
