import type { Micros } from '@crossroom/media'

/** What the path may fall behind before frames are left out. A keyframe of a stream that just fits takes about 400 ms. */
const CLOSE_ABOVE: Micros = 600_000
/** Frames that nothing refers to are left out earlier. */
const SPARE_ABOVE: Micros = 300_000
/** A keyframe opens the gate again when the backlog has shrunk to this. */
const OPEN_BELOW: Micros = 250_000
const SECOND: Micros = 1_000_000

/** What the gate must know of a frame. */
export interface GatedFrame {
  readonly keyframe: boolean
  readonly droppable: boolean
}

/**
 * Leaves out whole frames for a viewer whose path carries less than the stream, up to the next keyframe: a picture that
 * stops now and then is watchable, a delay that grows is not. The backlog is a model of the path's queue: bits that went
 * in, less what the estimate says came through since.
 */
export class FrameGate {
  #isOpen = true
  #backlogBits = 0
  #drainedAt: Micros = 0
  #dropped = 0

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Frames left out so far. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Whether the viewer gets this frame of `bytes` bytes. `bitrate` is the estimate, or Infinity while no limit of the path
   * is known: then every frame passes.
   */
  admit(now: Micros, frame: GatedFrame, bytes: number, bitrate: number): boolean {
    const backlog = this.#drain(now, bitrate)
    if (frame.keyframe && backlog <= OPEN_BELOW) this.#isOpen = true
    else if (backlog > CLOSE_ABOVE) this.#isOpen = false
    const isSpared = frame.droppable && backlog > SPARE_ABOVE
    if (!this.#isOpen || isSpared) {
      this.#dropped++
      return false
    }
    if (bitrate !== Infinity) this.#backlogBits += bytes * 8
    return true
  }

  /** Something else has broken the chain of references (the egress starved): wait for a keyframe. */
  close(): void {
    this.#isOpen = false
  }

  #drain(now: Micros, bitrate: number): Micros {
    const elapsed = now - this.#drainedAt
    this.#drainedAt = now
    if (bitrate === Infinity) {
      this.#backlogBits = 0
      return 0
    }
    this.#backlogBits = Math.max(0, this.#backlogBits - (elapsed * bitrate) / SECOND)
    return (this.#backlogBits * SECOND) / bitrate
  }
}
