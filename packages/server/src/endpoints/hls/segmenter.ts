import {
  Fragmenter,
  initSegment,
  isMp4Writable,
  isSameMp4Track,
  type CodecConfig,
  type MediaFrame,
  type Micros,
} from '@crossroom/media'
import { hlsLimits } from '../../config/index.js'
import type { Tracks } from '../../hub/index.js'
import type { HlsWindow, Init } from './window.js'

/** A part lasts at least this share of the limit, but for the last one of a segment (section 4.4.4.9). */
const SHORTEST_PART = 0.85
/** Time that is missing from both tracks for this long is not shown: what follows is a discontinuity. */
const LONGEST_GAP: Micros = 300_000
/** Pictures this far apart or less are cut between two of them, at others between two frames of sound. */
const REGULAR: Micros = 200_000
/** Times in whole milliseconds are off by this. */
const ROUNDING: Micros = 2_000

export interface SegmenterOptions {
  readonly window: HlsWindow
  /** The name of an init segment, without its ending. */
  readonly newName: () => string
  /** Unix milliseconds at which a frame came to the server. */
  readonly wallClockOf: (frame: MediaFrame) => number
}

/** When the last frame of a track was due, and how long after the one before. */
interface Pace {
  at: Micros
  step: Micros
}

/**
 * Cuts frames into parts and segments. A part never lasts longer than its limit, and a segment begins with a keyframe if one
 * came in time. Every frame goes into exactly one part, in the order in which frames came, but for pictures that no player
 * could decode: those before the first keyframe.
 */
export class Segmenter {
  readonly #options: SegmenterOptions
  #tracks: Tracks = {}
  #fragmenter: Fragmenter | undefined
  #init: Init | undefined
  #origin: Micros | undefined
  #partStart: Micros = 0
  #segmentStart: Micros = 0
  /** The latest dts of both tracks, and the last step to it. */
  #edge: Pace = { at: 0, step: 0 }
  #paces: Record<'audio' | 'video', Pace> = { audio: { at: 0, step: 0 }, video: { at: 0, step: 0 } }
  #pictureSeen = false
  /** Of the part in progress. */
  #hasPicture = false
  #isIndependent = false
  #isDiscontinuous = false
  /** Unix milliseconds of the stream's time 0, since the last discontinuity. */
  #zeroAtMs: number | undefined

  constructor(options: SegmenterOptions) {
    this.#options = options
  }

  /** Since the open segment began, in media time. */
  get segmentAge(): Micros {
    return this.#fragmenter === undefined ? 0 : this.#edge.at - this.#segmentStart
  }

  /** Pictures are among the tracks at present. */
  get hasPictures(): boolean {
    return this.#tracks.video !== undefined
  }

  /** The tracks that are to be expected. For the beginning, and after an interruption. */
  expect(tracks: Tracks): void {
    if (this.#fragmenter === undefined) this.#tracks = tracks
  }

  push(frame: MediaFrame): void {
    const { config } = frame
    if (!isMp4Writable(config)) return
    if (config.kind === 'video' && !this.#pictureSeen && !frame.keyframe) return
    this.#follow(config)
    if (this.#fragmenter === undefined) this.#start(frame)
    else if (frame.dts - this.#edge.at > LONGEST_GAP) this.#skipTo(frame)
    else this.#cutBefore(frame)
    this.#note(frame)
    this.#fragmenter!.push(frame)
  }

  /** The publisher left: what comes next does not continue this. */
  interrupt(): void {
    if (this.#fragmenter !== undefined) this.#stop()
    this.#pictureSeen = false
    this.#zeroAtMs = undefined
    this.#tracks = {}
  }

  /** Another codec or size makes another init segment. */
  #follow(config: CodecConfig): void {
    const present = this.#tracks[config.kind]
    if (present !== undefined && isSameMp4Track(present, config)) return
    if (this.#fragmenter !== undefined) this.#stop()
    this.#tracks = { ...this.#tracks, [config.kind]: config }
  }

  #start(frame: MediaFrame): void {
    this.#origin ??= frame.dts
    this.#fragmenter = new Fragmenter(this.#tracks, this.#origin)
    this.#init = { name: `${this.#options.newName()}.mp4`, bytes: initSegment(this.#tracks) }
    this.#beginAt(frame)
  }

  /** Nothing came for a while, and will not: players go on with the frame at once. */
  #skipTo(frame: MediaFrame): void {
    this.#cutSegment(this.#edgeEnd)
    this.#isDiscontinuous = true
    this.#zeroAtMs = undefined
    this.#beginAt(frame)
  }

  #beginAt(frame: MediaFrame): void {
    this.#zeroAtMs ??= this.#options.wallClockOf(frame) - frame.dts / 1000
    this.#edge = { at: frame.dts, step: 0 }
    this.#paces = { audio: { at: frame.dts, step: 0 }, video: { at: frame.dts, step: 0 } }
    this.#partStart = this.#segmentStart = frame.dts
  }

  #cutBefore(frame: MediaFrame): void {
    const { minSegmentMicros, segmentMicros, partMicros } = hlsLimits
    const shortest = SHORTEST_PART * partMicros
    const limit = this.#partStart + partMicros
    const isOver = frame.dts > limit
    const end = isOver ? Math.min(limit, Math.max(this.#edgeEnd, this.#partStart + 1)) : frame.dts
    const isFull = isOver || (end - this.#partStart >= shortest && !this.#fitsMore(frame, limit))
    const isStart = this.#tracks.video === undefined ? isFull : frame.config.kind === 'video' && frame.keyframe
    const age = end - this.#segmentStart
    const isDue = isStart && age >= minSegmentMicros
    // One more part would make the segment too long.
    const isLong = isFull && age + partMicros > segmentMicros
    if (isDue || isLong || (isFull && end - this.#partStart < shortest)) this.#cutSegment(end, frame)
    else if (isFull) this.#cut(end, frame)
  }

  /** After this frame another one is due before the limit, at which the part could end as well. */
  #fitsMore({ config, dts }: MediaFrame, limit: Micros): boolean {
    const nextOf = (kind: 'audio' | 'video'): Micros => {
      const { at, step } = this.#paces[kind]
      return config.kind === kind ? dts + step : at + step
    }
    const [picture, sound] = [nextOf('video'), nextOf('audio')]
    if (this.#paces.video.step <= REGULAR && picture > dts) return picture <= limit + ROUNDING
    return sound > dts && sound <= limit
  }

  /** Where the last frame ends, as far as is known. */
  get #edgeEnd(): Micros {
    return this.#edge.at + this.#edge.step
  }

  #stop(): void {
    this.#cutSegment(this.#edgeEnd)
    this.#fragmenter = undefined
    this.#isDiscontinuous = true
  }

  #cutSegment(end: Micros, next?: MediaFrame): void {
    this.#cut(end, next)
    this.#options.window.finish()
    this.#segmentStart = end
  }

  #cut(end: Micros, next?: MediaFrame): void {
    const fragment = this.#fragmenter?.cut(next)
    const start = this.#partStart
    this.#partStart = end
    if (fragment === undefined) return
    const { window } = this.#options
    const head = {
      init: this.#init!,
      isDiscontinuous: this.#isDiscontinuous,
      startsAtMs: Math.round(this.#zeroAtMs! + start / 1000),
    }
    const duration = Math.max(1, Math.min(end - start, hlsLimits.partMicros))
    window.add({ bytes: fragment.bytes, duration, isIndependent: this.#isIndependent }, head)
    this.#isDiscontinuous = this.#isIndependent = this.#hasPicture = false
  }

  #note({ config: { kind }, dts, keyframe }: MediaFrame): void {
    const pace = this.#paces[kind]
    if (dts > pace.at) this.#paces[kind] = { at: dts, step: dts - pace.at }
    if (dts > this.#edge.at) this.#edge = { at: dts, step: dts - this.#edge.at }
    if (kind === 'video') {
      if (!this.#hasPicture) this.#isIndependent = keyframe
      this.#pictureSeen = this.#hasPicture = true
    } else if (this.#tracks.video === undefined) this.#isIndependent = true
  }
}
