import type { AudioConfig, MediaFrame, Micros, VideoConfig } from '@crossroom/media'
import { gopCacheLimits, publisherLimits, transcodeLimits } from '../config/limits.js'
import type { Clock } from '../hub/clock.js'
import { GopCache } from '../hub/gop-cache.js'
import { TrackLiveness } from '../hub/track-liveness.js'
import type { EndReason, FrameSink, FrameSource, Tracks } from '../hub/sink.js'
import type { Log } from '../observe/log.js'
import type { Recipe, Wish } from './catalog.js'
import type { Conversion } from './conversion.js'
import { DerivedTrack, type TrackMode } from './derived-track.js'

export interface DerivedStreamOptions {
  readonly source: FrameSource
  readonly wish: Wish
  readonly clock: Clock
  readonly log: Log
  readonly acquire: (recipe: Recipe) => Conversion | undefined
  /** Called when it has not been used for the linger time, or its source is over. */
  readonly onIdle: () => void
}

/** Sound waits no longer than this for the first picture of a conversion, a viewer no longer for the tracks. */
const START_WAIT: Micros = 1_500_000
/** Sound that may wait: more than the largest cached start holds. */
const HELD_FRAMES = 2 * gopCacheLimits.frames
/** Encoders are asked for a keyframe no more often. */
const KEYFRAME_REQUEST: Micros = 1_000_000

/**
 * A stream as one kind of viewer can take it: tracks it knows are handed on frame by frame, the others are converted.
 * It begins with its first user, costs nothing before, and stays a little after the last.
 */
export class DerivedStream implements FrameSource, FrameSink {
  readonly #options: DerivedStreamOptions
  readonly #gop = new GopCache(gopCacheLimits)
  readonly #liveness = new TrackLiveness(publisherLimits.trackSilentMicros)
  readonly #sinks = new Set<FrameSink>()
  readonly #waiters = new Set<() => void>()
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
  #ended = false
  #keyframeAskedAt: Micros = -Infinity

  constructor(options: DerivedStreamOptions) {
    this.#options = options
    this.#video = this.#makeTrack('video')
    this.#audio = this.#makeTrack('audio')
    // Who asked for it may not come to use it.
    this.#lingerIfUnused()
  }

  get key(): string {
    return this.#options.source.key
  }

  get wish(): Wish {
    return this.#options.wish
  }

  get subscribers(): number {
    return this.#sinks.size
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

  get cachedFrames(): readonly MediaFrame[] {
    return this.#gop.frames
  }

  get cacheMicros(): Micros | undefined {
    return this.#options.source.cacheMicros
  }

  subscribe(sink: FrameSink, start: 'gop' | 'live'): () => void {
    if (this.#ended) {
      sink.handleEnd('ended')
      return () => undefined
    }
    this.#use()
    if (start === 'gop') for (const frame of this.#gop.frames) sink.handleFrame(frame)
    this.#sinks.add(sink)
    return () => {
      this.#sinks.delete(sink)
      this.#lingerIfUnused()
    }
  }

  whenTracksKnown(callback: () => void): () => void {
    this.#use()
    if (this.#tracksKnown()) {
      callback()
      this.#lingerIfUnused()
      return () => undefined
    }
    const waiter = () => {
      this.#waiters.delete(waiter)
      callback()
      this.#lingerIfUnused()
    }
    this.#waiters.add(waiter)
    return () => {
      this.#waiters.delete(waiter)
      this.#lingerIfUnused()
    }
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
    this.#gop.clear()
    this.#liveness.reset()
    this.#video.reset()
    this.#audio.reset()
    for (const sink of this.#sinks) sink.handleInterrupted?.()
  }

  handleVideoWithheld(): void {
    this.#gop.clear()
    for (const sink of this.#sinks) sink.handleVideoWithheld?.()
  }

  handleEnd(reason: EndReason): void {
    if (this.#ended) return
    this.#ended = true
    const sinks = [...this.#sinks]
    this.#sinks.clear()
    this.#stop()
    this.#releaseWaiters()
    for (const sink of sinks) sink.handleEnd(reason)
    this.#options.onIdle()
  }

  #makeTrack(kind: 'video' | 'audio'): DerivedTrack {
    const { wish, source, log, acquire } = this.#options
    return new DerivedTrack({
      wish,
      acquire,
      emit: (frame) => this.#emit(frame),
      onMode: (mode) => {
        const fields = { stream: source.key, wish: wish.name, kind, mode }
        if (mode === 'drop-b-frames') log.warn(fields, 'B-frames are left out: no codec is there to convert them')
        else if (mode === 'omit' && wish[kind].length > 0)
          log.warn(fields, 'A track is left out: nothing the viewer knows can be made of it')
        this.#checkKnown()
      },
    })
  }

  /** Begins at the first use, and keeps what is there from going. */
  #use(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
    if (this.#detach !== undefined || this.#ended) return
    const { source, clock } = this.#options
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
    })
  }

  #lingerIfUnused(): void {
    if (this.#sinks.size > 0 || this.#waiters.size > 0 || this.#cancelLinger !== undefined || this.#ended) return
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
    this.#gop.clear()
    this.#held = undefined
  }

  #emit(frame: MediaFrame): void {
    if (frame.config.kind === 'video') this.#handlePicture(frame)
    else if (!this.#holds(frame) && frame.pts >= this.#soundSince) this.#deliver(frame)
    if (this.#waiters.size > 0) this.#checkKnown()
  }

  #handlePicture(frame: MediaFrame): void {
    const first = this.#gop.frames.length === 0 && this.#video.mode === 'convert' && !this.#startOver
    if (first) this.#soundSince = Math.max(this.#soundSince, frame.pts)
    this.#deliver(frame)
    if (this.#held !== undefined) this.#releaseHeld()
  }

  #deliver(frame: MediaFrame): void {
    this.#liveness.hear(frame)
    this.#gop.push(frame, this.cacheMicros)
    for (const sink of this.#sinks) sink.handleFrame(frame)
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
    if (this.#ended) return true
    if (!this.#sourceKnown) return false
    return this.#startOver || (this.#isSettled(this.#video, 'video') && this.#isSettled(this.#audio, 'audio'))
  }

  /** What the source has, and has not given yet because nothing was cached, comes in a moment. */
  #isSettled(track: DerivedTrack, kind: 'video' | 'audio'): boolean {
    const { source } = this.#options
    return track.settled && (track.mode !== 'none' || source.tracks[kind] === undefined)
  }

  #checkKnown(): void {
    if (this.#waiters.size > 0 && this.#tracksKnown()) this.#releaseWaiters()
  }

  #releaseWaiters(): void {
    for (const waiter of [...this.#waiters]) waiter()
  }
}
