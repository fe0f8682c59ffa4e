import { isEntryPoint, type MediaFrame, type Micros } from '@crossroom/media'
import type { PackedFrame } from './batch.js'
import { LeadingPictures, withoutLeading } from './leading-pictures.js'
import type { StartsAt } from './start.js'

export interface FrameQueueLimits {
  readonly queueBytes: number
  /** How long the first frame that waits may have waited when the last one came. */
  readonly queueMicros: Micros
  /** Audio that may stay when video is dropped. */
  readonly keptAudioBytes: number
}

/** When a keyframe comes and frames have waited for longer than this, the viewer goes on from the keyframe. */
const CATCH_UP: Micros = 1_000_000

/**
 * Frames that wait for one slow viewer. Bounded in bytes and in time, counted from arrival: what a publisher delivers late and at
 * once makes no viewer slow. Past a bound, video is dropped up to the
 * next keyframe and audio is kept while it is small; a keyframe that finds the viewer behind brings it back to live.
 */
export class FrameQueue {
  readonly #limits: FrameQueueLimits
  #items: PackedFrame[] = []
  #head = 0
  #bytes = 0
  /** Video is refused until the next keyframe. */
  #waitsForKeyframe = false
  readonly #leading = new LeadingPictures()
  droppedFrames = 0
  startsAt: StartsAt = 'keyframe'

  constructor(limits: FrameQueueLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  get waitsForKeyframe(): boolean {
    return this.#waitsForKeyframe
  }

  /** Frames have to be looked at one by one: some are not for this viewer. */
  get isPicky(): boolean {
    return this.#waitsForKeyframe || this.#leading.isOpen
  }

  /** The viewer has been sent these: it begins with the first picture of them. */
  startWith(sent: readonly PackedFrame[]): void {
    withoutLeading(
      sent.map(({ frame }) => frame),
      this.#leading,
    )
  }

  /** A viewer that starts without a cached keyframe sees no video before the next one. */
  startAtKeyframe(): void {
    this.#waitsForKeyframe = true
  }

  push(item: PackedFrame): void {
    const frame = item.frame
    if (frame.config.kind === 'video') {
      if (frame.keyframe || (this.startsAt === 'recovery-point' && isEntryPoint(frame))) {
        if (this.#waitsForKeyframe || this.#waited(frame) > CATCH_UP) {
          this.#dropVideo()
          this.#leading.begin(frame)
        }
        this.#waitsForKeyframe = false
      } else if (this.#waitsForKeyframe || this.#leading.includes(frame)) {
        this.droppedFrames++
        return
      }
    }
    this.#items.push(item)
    this.#bytes += item.bytes.length
    if (this.#bytes > this.#limits.queueBytes || this.#waited(frame) > this.#limits.queueMicros) this.#overflow()
  }

  shift(): PackedFrame | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#head++
    this.#bytes -= item.bytes.length
    if (this.#head === this.#items.length) {
      this.#items = []
      this.#head = 0
    }
    return item
  }

  /** How long the first frame had waited when `newest` came. */
  #waited(newest: MediaFrame): Micros {
    const first = this.#items[this.#head]
    return first === undefined ? 0 : newest.receivedAt - first.frame.receivedAt
  }

  #overflow(): void {
    this.#dropVideo()
    this.#waitsForKeyframe = true
  }

  /** Leaves the newest audio that fits. */
  #dropVideo(): void {
    const kept: PackedFrame[] = []
    let keptBytes = 0
    const newest = this.#items[this.#items.length - 1]?.frame.receivedAt ?? 0
    for (let i = this.#items.length - 1; i >= this.#head; i--) {
      const item = this.#items[i]!
      const fits =
        item.frame.config.kind === 'audio' &&
        keptBytes + item.bytes.length <= this.#limits.keptAudioBytes &&
        newest - item.frame.receivedAt <= this.#limits.queueMicros / 2
      if (fits) {
        kept.push(item)
        keptBytes += item.bytes.length
      } else this.droppedFrames++
    }
    this.#items = kept.reverse()
    this.#head = 0
    this.#bytes = keptBytes
  }
}
