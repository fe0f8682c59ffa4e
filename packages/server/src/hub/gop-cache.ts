import { isEntryPoint, type MediaFrame, type Micros } from '@crossroom/media'

/** Sound further back than this is of no use to a viewer: no start goes further back. */
const OLDEST_SOUND: Micros = 10_000_000

export interface GopCacheLimits {
  readonly bytes: number
  readonly frames: number
  readonly totalBytes: number
}

/** What many caches hold together. */
export class CacheTotal {
  bytes = 0
}

/** A recovery point, and the number of the picture from which on everything shown is whole. */
interface RecoveryPoint {
  readonly index: number
  readonly wholeAt: number
}

/**
 * The frames since the last keyframe, video and audio as they came, so that a new viewer sees a picture at once, however
 * long ago that was. Past a limit it begins at the last recovery point whose picture is whole; without one it is off until
 * the next keyframe, so a publisher without keyframes costs a bounded amount of memory.
 */
export class GopCache {
  readonly #limits: GopCacheLimits
  readonly #total: CacheTotal
  #frames: MediaFrame[] = []
  #bytes = 0
  #on = false
  #pictures = 0
  #recovering: RecoveryPoint[] = []
  /** Where the frames begin that a lenient decoder needs. */
  #recent = 0
  /** How often a limit cost it its beginning. */
  overflows = 0

  constructor(limits: GopCacheLimits, total = new CacheTotal()) {
    this.#limits = limits
    this.#total = total
  }

  /** Empty, or beginning with a keyframe, or where that is too far back with a recovery point. Not to be kept or changed. */
  get frames(): readonly MediaFrame[] {
    return this.#frames
  }

  /** The end of `frames` with which a lenient decoder shows a whole live picture soonest. Not to be kept or changed. */
  get recent(): readonly MediaFrame[] {
    return this.#recent === 0 ? this.#frames : this.#frames.slice(this.#recent)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Stream time from its first frame to its last. */
  get span(): Micros {
    const [first, last] = [this.#frames[0], this.#frames.at(-1)]
    return first === undefined || last === undefined ? 0 : last.dts - first.dts
  }

  /** More than half of what it may hold came since its beginning. */
  get isFilling(): boolean {
    return this.#bytes > this.#limits.bytes / 2 || this.#pictures > this.#limits.frames / 2
  }

  push(frame: MediaFrame): void {
    const isPicture = frame.config.kind === 'video'
    if (isPicture && (frame.keyframe || (!this.#on && isEntryPoint(frame)))) this.#begin()
    if (!this.#on) return
    if (isPicture) this.#notePicture(frame)
    this.#frames.push(frame)
    this.#add(byteLength(frame))
    if (this.#isOver()) this.#shorten(frame.dts)
  }

  clear(): void {
    this.#add(-this.#bytes)
    this.#frames = []
    this.#on = false
    this.#recovering = []
    this.#recent = 0
    this.#pictures = 0
  }

  #begin(): void {
    this.clear()
    this.#on = true
  }

  #notePicture(frame: MediaFrame): void {
    this.#pictures++
    if (frame.recovery !== undefined && this.#frames.length > 0)
      this.#recovering.push({ index: this.#frames.length, wholeAt: this.#pictures + frame.recovery })
    const first = this.#recovering[0]
    if (first === undefined || first.wholeAt > this.#pictures) return
    this.#recovering.shift()
    this.#recent = first.index
  }

  #isOver(): boolean {
    const { bytes, frames, totalBytes } = this.#limits
    return this.#bytes > bytes || this.#frames.length > frames || this.#total.bytes > totalBytes
  }

  /** A picture that rests is cheap, the sound beside it is not: old sound goes before the picture does. */
  #shorten(now: Micros): void {
    this.overflows++
    if (this.#recent > 0) this.#keep((_, index) => index >= this.#recent)
    else this.#keep(({ config, dts }) => config.kind === 'video' || now - dts <= OLDEST_SOUND)
    if (this.#isOver()) this.clear()
  }

  #keep(isKept: (frame: MediaFrame, index: number) => boolean): void {
    const kept: MediaFrame[] = []
    const places = this.#frames.map((frame, index) => {
      if (isKept(frame, index)) return kept.push(frame) - 1
      this.#add(-byteLength(frame))
      return -1
    })
    this.#recovering = this.#recovering
      .map(({ index, wholeAt }) => ({ index: places[index]!, wholeAt }))
      .filter(({ index }) => index >= 0)
    this.#frames = kept
    this.#recent = 0
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#total.bytes += bytes
  }
}

function byteLength(frame: MediaFrame): number {
  let length = 0
  for (const unit of frame.units) length += unit.length
  return length
}
