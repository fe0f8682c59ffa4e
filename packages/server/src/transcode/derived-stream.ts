import type { AudioConfig, MediaFrame, Micros, VideoConfig } from '@crossroom/media'
import { gopCacheLimits, publisherLimits, transcodeLimits } from '../config/index.js'
import {
  type CacheTotal,
  type Clock,
  type EndReason,
  type FrameSink,
  type FrameSource,
  Outlet,
  type PlayerNeeds,
  type StreamKey,
  TrackLiveness,
  type Tracks,
} from '../hub/index.js'
import type { Log } from '../observe/index.js'
import type { Recipe } from './catalog.js'
import type { Conversion } from './conversion.js'
import { DerivedTrack, type TrackMode } from './derived-track.js'

export interface DerivedStreamOptions {
  readonly source: FrameSource
  readonly needs: PlayerNeeds
  readonly clock: Clock
  readonly log: Log
  /** Size of all caches together. */
  readonly cached: CacheTotal
  readonly acquire: (recipe: Recipe) => Conversion | undefined
  /** Called when it has not been used for the linger time, or its source is over. */
  readonly onIdle: () => void
}

/** Sound waits no longer than this for the first picture of a conversion, a viewer no longer for the tracks. */
const START_WAIT: Micros = 1_500_000
/** Sound that may wait: more than the largest cached start holds. */
const HELD_FRAMES = 2 * gopCacheLimits.frames
/** Minimum interval of keyframe requests to encoders. */
const KEYFRAME_REQUEST: Micros = 500_000

/**
 * A stream as one kind of viewer can take it: tracks it knows are handed on frame by frame, the others are converted.
 * It begins with its first user, costs nothing before, and stays a little after the last.
 */
export class DerivedStream implements FrameSource, FrameSink {
  readonly #options: DerivedStreamOptions
  readonly #liveness = new TrackLiveness(publisherLimits.trackSilentMicros)
  readonly #outlet: Outlet
  readonly #video: DerivedTrack
  readonly #audio: DerivedTrack
  #held: MediaFrame[] | undefined
  /** Sound from before the first converted picture is of no use. */
  #soundSince: Micros = -Infinity
  #detach: (() => void) | undefined
  #cancelLinger: (() => void) | undefined
  #cancelStart: (() => void) | undefined
  #cancelSourceWait: (() => void) | undefined
  #sourceKnown = false
  #startOver = false
  #keyframeAskedAt: Micros = -Infinity

  constructor(options: DerivedStreamOptions) {
    this.#options = options
    this.#outlet = new Outlet(gopCacheLimits, options.cached)
    this.#video = this.#makeTrack('video')
    this.#audio = this.#makeTrack('audio')
    // The caller may never use it.
    this.#lingerIfUnused()
  }

  get key(): StreamKey {
    return this.#options.source.key
  }

  get needs(): PlayerNeeds {
    return this.#options.needs
  }

  /** As its source counts it. */
  get kind(): string {
    return this.#options.needs.name
  }

  get subscribers(): number {
    return this.#outlet.subscribers
  }

  get modes(): { readonly video: TrackMode; readonly audio: TrackMode } {
    return { video: this.#video.mode, audio: this.#audio.mode }
  }

  /** Frames left out because no codec was there to remove B-frames. */
  get bFramesLeftOut(): number {
    return this.#video.bFrames.leftOut
  }

  get tracks(): Tracks {
    const video = this.#video.output as VideoConfig | undefined
    const audio = this.#audio.output as AudioConfig | undefined
    return { ...(video === undefined ? {} : { video }), ...(audio === undefined ? {} : { audio }) }
  }

  get promised(): Tracks {
    const source = this.#options.source.promised ?? this.#options.source.tracks
    return this.#liveness.promised(this.tracks, source.video !== undefined)
  }

  /** Its source. */
  get source(): FrameSource {
    return this.#options.source
  }

  get cachedFrames(): readonly MediaFrame[] {
    return this.#outlet.gop.frames
  }

  get recentFrames(): readonly MediaFrame[] {
    return this.#outlet.gop.recent
  }

  get heardAt(): Micros {
    return this.#options.source.heardAt
  }

  get isAskable(): boolean {
    return this.#video.conversion !== undefined || this.#options.source.isAskable
  }

  subscribe(sink: FrameSink, start: 'gop' | 'recent' | 'live'): () => void {
    if (!this.#outlet.isEnded) this.#use()
    return this.#outlet.subscribe(sink, start, () => this.#lingerIfUnused())
  }

  whenTracksKnown(callback: () => void): () => void {
    this.#use()
    const answer = (): void => {
      callback()
      this.#lingerIfUnused()
    }
    if (!this.#tracksKnown()) return this.#outlet.wait(answer, () => this.#lingerIfUnused())
    answer()
    return () => undefined
  }

  requestKeyframe(): boolean {
    const conversion = this.#video.conversion
    if (conversion === undefined) return this.#options.source.requestKeyframe()
    const now = this.#options.clock.now()
    if (now - this.#keyframeAskedAt >= KEYFRAME_REQUEST) {
      this.#keyframeAskedAt = now
      conversion.requestKeyframe()
    }
    return true
  }

  handleFrame(frame: MediaFrame): void {
    if (frame.config.kind === 'video') this.#video.handleFrame(frame)
    else this.#audio.handleFrame(frame)
  }

  handleInterrupted(): void {
    this.#liveness.reset()
    this.#video.reset()
    this.#audio.reset()
    this.#outlet.interrupt()
  }

  handleVideoWithheld(): void {
    this.#outlet.withholdVideo()
  }

  handleEnd(reason: EndReason): void {
    if (this.#outlet.isEnded) return
    const tell = this.#outlet.end()
    this.#stop()
    tell(reason)
    this.#options.onIdle()
  }

  #makeTrack(kind: 'video' | 'audio'): DerivedTrack {
    const { needs, source, log, acquire } = this.#options
    return new DerivedTrack({
      needs,
      acquire,
      emit: (frame) => this.#emit(frame),
      onMode: (mode) => {
        const fields = { stream: source.key.label, needs: needs.name, kind, mode }
        if (mode === 'drop-b-frames')
          log.warn(fields, 'B-frames are dropped: no codec engine is available to convert them')
        else if (mode === 'omit' && needs[kind].length > 0)
          log.warn(fields, 'A track is omitted: it cannot be converted to a codec that the viewer supports')
        this.#checkKnown()
      },
    })
  }

  /** Starts at the first use, and keeps the source alive. */
  #use(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    if (this.#detach !== undefined || this.#outlet.isEnded) return
    const { source, clock, needs } = this.#options
    this.#startOver = false
    this.#sourceKnown = false
    this.#cancelStart = clock.after(START_WAIT, () => this.#endStart())
    this.#video.preview(source.cachedFrames)
    // Without cached pictures there is nothing to convert or to show before the next keyframe.
    if (source.cachedFrames.length === 0) source.requestKeyframe()
    this.#detach = source.subscribe(this, 'gop')
    this.#cancelSourceWait = source.whenTracksKnown(() => {
      this.#sourceKnown = true
      this.#checkKnown()
    }, needs.name)
  }

  #lingerIfUnused(): void {
    if (this.#outlet.isUsed || this.#cancelLinger !== undefined || this.#outlet.isEnded) return
    this.#cancelLinger = this.#options.clock.after(transcodeLimits.lingerMicros, () => {
      this.#cancelLinger = undefined
      this.#stop()
      this.#options.onIdle()
    })
  }

  #stop(): void {
    this.#cancelLinger?.()
    this.#cancelStart?.()
    this.#cancelSourceWait?.()
    this.#detach?.()
    this.#detach = undefined
    this.#video.reset()
    this.#audio.reset()
    this.#outlet.gop.clear()
    this.#held = undefined
  }

  #emit(frame: MediaFrame): void {
    if (frame.config.kind === 'video') this.#handlePicture(frame)
    else if (!this.#holds(frame) && frame.pts >= this.#soundSince) this.#deliver(frame)
    if (this.#outlet.hasWaiters) this.#checkKnown()
  }

  #handlePicture(frame: MediaFrame): void {
    const first = this.#outlet.gop.frames.length === 0 && this.#video.mode === 'convert' && !this.#startOver
    if (first) this.#soundSince = Math.max(this.#soundSince, frame.pts)
    this.#deliver(frame)
    if (this.#held !== undefined) this.#releaseHeld()
  }

  #deliver(frame: MediaFrame): void {
    this.#liveness.hear(frame)
    this.#outlet.deliver(frame)
  }

  /** The first converted picture takes longer than the sound; a viewer is to get both together. */
  #holds(frame: MediaFrame): boolean {
    const waiting = this.#video.mode === 'convert' && this.#video.output === undefined && !this.#startOver
    if (!waiting) return false
    this.#held ??= []
    if (this.#held.length < HELD_FRAMES) this.#held.push(frame)
    return true
  }

  #releaseHeld(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const frame of held) if (frame.pts >= this.#soundSince) this.#deliver(frame)
  }

  #endStart(): void {
    this.#startOver = true
    this.#releaseHeld()
    this.#checkKnown()
  }

  #tracksKnown(): boolean {
    if (this.#outlet.isEnded) return true
    if (!this.#sourceKnown) return false
    return this.#startOver || (this.#isSettled(this.#video, 'video') && this.#isSettled(this.#audio, 'audio'))
  }

  /** What the source has, and has not given yet because nothing was cached, comes in a moment. */
  #isSettled(track: DerivedTrack, kind: 'video' | 'audio'): boolean {
    const { source } = this.#options
    return track.settled && (track.mode !== 'none' || source.tracks[kind] === undefined)
  }

  #checkKnown(): void {
    if (this.#outlet.hasWaiters && this.#tracksKnown()) this.#outlet.release()
  }
}
