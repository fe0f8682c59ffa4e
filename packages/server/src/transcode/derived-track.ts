import { isVideoFrame, type CodecConfig, type MediaFrame, type Micros } from '@crossroom/media'
import { BFrameFilter } from './b-frame-filter.js'
import type { PlayerNeeds } from '../hub/index.js'
import { planTrack, type Plan, type Recipe } from './catalog.js'
import type { Conversion, ConversionSink, ConversionState } from './conversion.js'
import { ReorderDetector } from './reorder-detector.js'

/** The current handling of a track, for lists and metrics. */
export type TrackMode = 'none' | 'pass' | 'omit' | 'convert' | 'drop-b-frames'

export interface DerivedTrackOptions {
  readonly needs: PlayerNeeds
  /** The shared conversion; undefined when no engine or no room is left. */
  readonly acquire: (recipe: Recipe) => Conversion | undefined
  readonly emit: (frame: MediaFrame) => void
  /** Called after each change of the handling. */
  readonly onMode: (mode: TrackMode) => void
}

/** One track of a derived stream: passes its frames on, or those of a conversion, or what can be kept without one. */
export class DerivedTrack implements ConversionSink {
  readonly bFrames = new BFrameFilter()
  readonly #options: DerivedTrackOptions
  readonly #reorder = new ReorderDetector()
  #config: CodecConfig | undefined
  #plan: Plan = 'omit'
  #mode: TrackMode = 'none'
  #conversion: Conversion | undefined
  #release: (() => void) | undefined
  #output: CodecConfig | undefined
  #lastPts: Micros = -Infinity
  /** Pictures are passed on from the next keyframe on. */
  #awaitsKeyframe = false

  constructor(options: DerivedTrackOptions) {
    this.#options = options
  }

  get mode(): TrackMode {
    return this.#mode
  }

  /** Config of the last forwarded frame. */
  get output(): CodecConfig | undefined {
    return this.#output
  }

  /** False while a conversion has been asked for and has neither given anything nor failed. */
  get settled(): boolean {
    return this.#mode !== 'convert' || this.#output !== undefined || this.#conversion?.state === 'failed'
  }

  get conversion(): Conversion | undefined {
    return this.#conversion
  }

  /**
   * Inspects the cached frames before the first is forwarded: they may show that decoding order is not presentation
   * order.
   */
  preview(frames: readonly MediaFrame[]): void {
    for (const frame of frames) if (isVideoFrame(frame)) this.#reorder.handleFrame(frame)
  }

  handleFrame(frame: MediaFrame): void {
    const reorderChanged = isVideoFrame(frame) && this.#reorder.handleFrame(frame)
    if (frame.config !== this.#config || reorderChanged) {
      this.#config = frame.config
      this.#change(planTrack(frame.config, this.#options.needs, this.#reorder.reordered))
    }
    if (this.#mode === 'pass') this.#handOn(frame)
    else if (this.#mode === 'drop-b-frames') {
      const kept = this.bFrames.filter(frame)
      if (kept !== undefined) this.#handOn(kept)
    }
  }

  handleConverted(frame: MediaFrame): void {
    if (this.#mode === 'drop-b-frames') {
      if (!frame.keyframe) return
      this.#setMode('convert')
    }
    this.#handOn(frame)
  }

  handleState(state: ConversionState): void {
    if (state === 'failed' && this.#canDropBFrames()) this.#dropBFrames()
    else this.#options.onMode(this.#mode)
  }

  /** Forgets the source: the next frames may be another publisher's. */
  reset(): void {
    const release = this.#release
    this.#release = undefined
    this.#conversion = undefined
    this.#plan = 'omit'
    this.#config = undefined
    this.#output = undefined
    this.#setMode('none')
    release?.()
  }

  #change(plan: Plan): void {
    if (plan === this.#plan && this.#mode !== 'none') return
    const before = this.#release
    this.#release = undefined
    this.#conversion = undefined
    this.#plan = plan
    this.#awaitsKeyframe = this.#output !== undefined && this.#config?.kind === 'video'
    if (plan === 'pass' || plan === 'omit') this.#setMode(plan)
    else this.#convert(plan)
    before?.()
  }

  #convert(recipe: Recipe): void {
    this.#conversion = this.#options.acquire(recipe)
    if (this.#conversion === undefined) {
      if (this.#canDropBFrames()) this.#dropBFrames()
      else this.#setMode('omit')
      return
    }
    this.#setMode('convert')
    this.#release = this.#conversion.addSink(this)
    if (this.#conversion.state === 'failed') this.handleState('failed')
  }

  #canDropBFrames(): boolean {
    const isForBFrames = this.#options.needs.isMadeAnew !== true
    return isForBFrames && typeof this.#plan === 'object' && this.#plan.name === 'video-without-b-frames'
  }

  #dropBFrames(): void {
    this.#awaitsKeyframe = this.#output !== undefined
    this.#setMode('drop-b-frames')
  }

  #handOn(frame: MediaFrame): void {
    if (this.#awaitsKeyframe && !frame.keyframe) return
    // Where one source of frames follows another they may overlap.
    if (frame.dts <= this.#lastPts) return
    this.#awaitsKeyframe = false
    this.#lastPts = frame.dts
    this.#output = frame.config
    this.#options.emit(frame)
  }

  #setMode(mode: TrackMode): void {
    if (this.#mode === mode) return
    this.#mode = mode
    this.#options.onMode(mode)
  }
}
