import type { Micros } from '@crossroom/media'
import type { LastFrame } from './rtp-fanout.js'

const SECOND: Micros = 1_000_000
/** Time never stands still, whatever follows. */
const LEAST_STEP: Micros = 1000

/**
 * Keeps the RTP time of one track of a viewer going on while the source behind it changes: another layer, another codec, a
 * publisher that came back. Sender reports tell the new mapping, so sound and picture stay together.
 */
export class TrackTime {
  readonly #clockRate: number
  #offset = 0
  /** The newest frame of the source before, as the viewer saw it. */
  #leftAt: Micros | undefined
  #leftStamp = 0

  /** `clockRate` in Hz. */
  constructor(clockRate: number) {
    this.#clockRate = clockRate
  }

  /** Nothing more comes from a source whose newest frame is `last`. */
  leave(last: LastFrame): void {
    if (last.at === undefined) return
    this.#leftAt = last.at
    this.#leftStamp = (last.rtpTimestamp + this.#offset) >>> 0
  }

  /**
   * Goes on with a source whose next time stamp is `first`: what the egress has to add from now on, so that it follows the
   * last frame at the distance in real time.
   */
  join(now: Micros, first: number): number {
    if (this.#leftAt !== undefined) {
      const passed = Math.max(LEAST_STEP, now - this.#leftAt)
      const target = this.#leftStamp + Math.round((passed * this.#clockRate) / SECOND)
      this.#offset = (target - first) >>> 0
    }
    return this.#offset
  }
}
