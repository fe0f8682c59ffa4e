import { isEntryPoint, type MediaFrame } from '@crossroom/media'
import { pushLimits } from '../config/index.js'
import { LeadingPictures, type Clock, type FrameSink, type FrameSource } from '../hub/index.js'

export interface FeedOptions {
  readonly source: FrameSource
  readonly clock: Clock
  /** The target takes no more now. */
  readonly isFull: () => boolean
  /** Its tracks are known; frames follow. */
  begin(): void
  frame(frame: MediaFrame): void
  /** The stream is over, or its publisher is gone. Called at most once. */
  over(): void
}

/**
 * The frames of a stream as a target gets them: sound from the first packet, video from a keyframe, and both again from a
 * keyframe when the target was too slow.
 */
export class Feed implements FrameSink {
  readonly kind = 'push'
  readonly #options: FeedOptions
  readonly #leading = new LeadingPictures()
  /** Sound that waits for the first picture: a picture that is converted comes later, and may be the older one. */
  #held: MediaFrame[] | undefined = []
  #heldBytes = 0
  #cancelHold: (() => void) | undefined
  #needsKeyframe = true
  /** Frames were left out: sound waits for the keyframe as well. */
  #isBehind = false
  /** The publisher was asked for that keyframe. */
  #isAsked = false
  #detach: (() => void) | undefined
  #isClosed = false
  droppedFrames = 0

  constructor(options: FeedOptions) {
    this.#options = options
  }

  /** The target accepts frames. */
  start(): void {
    const cancel = this.#options.source.whenTracksKnown(() => this.#begin(), this.kind)
    // It may have begun within the call.
    this.#detach ??= cancel
  }

  /** Idempotent; `over` is not called afterwards. */
  close(): void {
    this.#isClosed = true
    this.#cancelHold?.()
    this.#detach?.()
    this.#held = undefined
  }

  handleFrame(frame: MediaFrame): void {
    if (this.#isClosed || !this.#passes(frame)) return
    if (this.#held === undefined) return this.#options.frame(frame)
    this.#held.push(frame)
    for (const unit of frame.units) this.#heldBytes += unit.length
    if (frame.config.kind === 'video' || this.#heldBytes > pushLimits.firstPictureBytes) this.#release()
  }

  handleInterrupted(): void {
    this.#end()
  }

  handleEnd(): void {
    this.#end()
  }

  #begin(): void {
    if (this.#isClosed) return
    const { source, clock } = this.#options
    this.#options.begin()
    if ((source.promised ?? source.tracks).video === undefined) this.#held = undefined
    else this.#cancelHold = clock.after(pushLimits.firstPictureMicros, () => this.#release())
    if (source.isAskable && source.cachedFrames.length === 0) source.requestKeyframe()
    this.#detach = source.subscribe(this, 'gop')
  }

  /** In the order of their times, so that the first one is the start of time. */
  #release(): void {
    this.#cancelHold?.()
    const held = this.#held ?? []
    this.#held = undefined
    for (const frame of held.sort((one, other) => one.dts - other.dts)) {
      if (this.#isClosed) return
      this.#options.frame(frame)
    }
  }

  #passes(frame: MediaFrame): boolean {
    const isVideo = frame.config.kind === 'video'
    const isStart = isVideo ? isEntryPoint(frame) : this.#options.source.tracks.video === undefined
    if (!this.#keepsUp(isStart)) return false
    if (!isVideo) return true
    if (this.#needsKeyframe) {
      if (!isStart) return false
      this.#needsKeyframe = false
      this.#leading.begin(frame)
      return true
    }
    return isStart || !this.#leading.includes(frame)
  }

  /** Whether the target has had everything so far, or goes on with this frame. */
  #keepsUp(isStart: boolean): boolean {
    const { source, isFull } = this.#options
    const isFullNow = isFull()
    if (isFullNow) {
      this.#isBehind = true
      this.#needsKeyframe = true
      this.#isAsked = false
    }
    if (!this.#isBehind) return true
    if (!isFullNow && isStart) {
      this.#isBehind = false
      return true
    }
    this.droppedFrames++
    if (!isFullNow && !this.#isAsked && source.isAskable) {
      this.#isAsked = true
      source.requestKeyframe()
    }
    return false
  }

  #end(): void {
    if (this.#isClosed) return
    // The owner may wait for the publisher's return, before the stream is left.
    this.#options.over()
    this.close()
  }
}
