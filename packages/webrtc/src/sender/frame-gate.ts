import type { Micros } from '@crossroom/media'
import type { PathBacklog } from './path-backlog.js'

/** The backlog of the path above which frames are omitted. A keyframe of a stream that just fits takes about 400 ms. */
const CLOSE_ABOVE: Micros = 600_000
/** Frames that nothing refers to are left out earlier. */
const SPARE_ABOVE: Micros = 300_000
/** A keyframe opens the gate again when the backlog has shrunk to this. */
const OPEN_BELOW: Micros = 250_000
/** Each place further down the list takes so much of these times away: what matters less stops earlier and returns later. */
const PER_RANK = 0.5

/** The properties of a frame that the gate uses. */
export interface GatedFrame {
  readonly keyframe: boolean
  readonly droppable: boolean
}

/**
 * Leaves out whole frames of one video for a viewer whose path carries less than is sent, up to the next keyframe: a
 * picture that stops now and then is watchable, a delay that grows is not. The videos of a viewer share one backlog.
 */
export class FrameGate {
  /** 0 is the video that matters most to the viewer. */
  rank = 0
  readonly #backlog: PathBacklog
  #isOpen = true
  /** A keyframe would have opened it when it was last asked. */
  #isReady = true
  #dropped = 0

  constructor(backlog: PathBacklog) {
    this.#backlog = backlog
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** It is closed, and nothing but a keyframe is missing. */
  get lacksKeyframe(): boolean {
    return !this.#isOpen && this.#isReady
  }

  /** Frames left out so far. */
  get dropped(): number {
    return this.#dropped
  }

  /**
   * Whether the viewer gets this frame of `bytes` bytes. `bitrate` is what the estimate leaves for video, or Infinity
   * while no limit of the path is known: then every frame passes. `isTakeOver`: the keyframe begins another layer, and is
   * worth more than the rest of the one before.
   */
  admit(now: Micros, frame: GatedFrame, bytes: number, bitrate: number, isTakeOver = false): boolean {
    const backlog = this.#backlog.drain(now, bitrate) * (1 + PER_RANK * this.rank)
    this.#isReady = backlog <= OPEN_BELOW
    if (frame.keyframe && (this.#isReady || (isTakeOver && backlog <= CLOSE_ABOVE))) this.#isOpen = true
    else if (backlog > CLOSE_ABOVE) this.#isOpen = false
    const isSpared = frame.droppable && backlog > SPARE_ABOVE
    if (!this.#isOpen || isSpared) {
      this.#dropped++
      return false
    }
    if (bitrate !== Infinity) this.#backlog.add(bytes)
    return true
  }

  /** Something else has broken the chain of references (the egress starved): wait for a keyframe. */
  close(): void {
    this.#isOpen = false
  }
}
