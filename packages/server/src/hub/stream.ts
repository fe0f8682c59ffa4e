import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock } from './clock.js'
import type { CacheTotal, GopCacheLimits } from './gop-cache.js'
import { KeyframeAnswers } from './keyframe-answers.js'
import { Outlet } from './outlet.js'
import { Publication, type PublisherInfo } from './publication.js'
import { PublishedTracks } from './published-tracks.js'
import type { Demand, EndReason, FrameSink, Tracks } from './sink.js'
import type { StreamKey } from './stream-key.js'
import { Timeline } from './timeline.js'
import { TrackLiveness } from './track-liveness.js'
import { Withholding, type Withheld } from './withholding.js'

/** A publisher is asked for a keyframe for the cache's sake no more often. */
const ASK_TO_KEEP: Micros = 2_000_000
/** A publisher that answers requests needs no cache beyond this: the answer is the better start. */
const ANSWERED_CACHE: Micros = 2_000_000

export interface StreamLimits {
  readonly gopCache: GopCacheLimits
  /** How long subscribers are kept when the publisher is gone. */
  readonly graceMicros: Micros
  /** A publisher without a frame for this long counts as gone. */
  readonly silentMicros: Micros
  /** How long a subscriber that needs to know the tracks waits for the second one. */
  readonly headerWaitMicros: Micros
  /** A track without a frame for this long, while the other goes on, is not promised to new viewers. */
  readonly trackSilentMicros: Micros
}

/** `idle`: never published or given up; `live`: a publisher is there; `grace`: it left and may come back. */
export type StreamState = 'idle' | 'live' | 'grace'

/** What happens to a stream: the calls of `StreamObserver`. */
export type StreamEvent = 'opened' | 'published' | 'tracksKnown' | 'unpublished' | 'demandChanged' | 'closed'

/**
 * One publisher, any number of subscribers, and what a new subscriber needs to start at once. The stream outlives its
 * publisher by the grace time; it is forgotten when it has neither publisher nor subscriber.
 */
export class Stream {
  readonly key: StreamKey
  readonly createdAt: Micros
  readonly #clock: Clock
  readonly #limits: StreamLimits
  readonly #tell: (event: StreamEvent, stream: Stream) => void
  readonly #timeline = new Timeline()
  readonly #outlet: Outlet
  readonly #watchers = new Set<FrameSink>()
  readonly #withholding = new Withholding()
  readonly #liveness: TrackLiveness
  #holds = 0
  readonly #tracks: PublishedTracks
  #publication: Publication | undefined
  #cancelGrace: (() => void) | undefined
  /** Held, and without the publisher it had. */
  #awaitsReturn = false
  #lastFrameAt: Micros = 0
  #heardAt: Micros = 0
  readonly #answers = new KeyframeAnswers()
  #askedAt: Micros = -Infinity
  /** Totals since the stream was made. */
  framesIn = 0
  bytesIn = 0

  /** `tell` passes on what happens to this stream; see `StreamObserver`. `cached`: what the caches of several streams hold together. */
  constructor(
    key: StreamKey,
    clock: Clock,
    limits: StreamLimits,
    tell: (event: StreamEvent, stream: Stream) => void = () => undefined,
    cached?: CacheTotal,
  ) {
    this.key = key
    this.#clock = clock
    this.#limits = limits
    this.#tell = tell
    this.#outlet = new Outlet(limits.gopCache, cached, () => tell('demandChanged', this))
    this.#tracks = new PublishedTracks(clock, limits.headerWaitMicros, (isFirst) => {
      if (isFirst) tell('tracksKnown', this)
      this.#outlet.release()
    })
    this.#liveness = new TrackLiveness(limits.trackSilentMicros)
    this.createdAt = clock.now()
  }

  get state(): StreamState {
    if (this.#publication !== undefined) return 'live'
    return this.#cancelGrace === undefined && !this.#awaitsReturn ? 'idle' : 'grace'
  }

  get publication(): Publication | undefined {
    return this.#publication
  }

  get tracks(): Tracks {
    return this.#tracks.present
  }

  /** Those of the tracks that still come: all that a new viewer can count on. */
  get promised(): Tracks {
    // A publisher that can be asked for a keyframe is a browser, whose picture may stop changing.
    return this.#liveness.promised(this.#tracks.present, this.#publication?.info.requestKeyframe !== undefined)
  }

  get subscribers(): number {
    return this.#outlet.subscribers
  }

  /**
   * The current demand, by kind of player: a fanout stands for all its viewers, a derived stream for all of its own.
   */
  get demand(): ReadonlyMap<string, Demand> {
    return this.#outlet.demand
  }

  /** There is demand for its frames. */
  get isWanted(): boolean {
    return this.#outlet.isUsed
  }

  /** True once the current publisher has sent a frame. */
  get hasFrames(): boolean {
    return this.#tracks.hasFrames
  }

  /** True once `tracksKnown` was told of the current publisher. */
  get tracksKnown(): boolean {
    return this.#tracks.wasTold && this.#publication !== undefined
  }

  /** Jumps of publishers' clocks that were bridged. */
  get timestampJumps(): number {
    return this.#timeline.jumps
  }

  /**
   * Makes `info` the publisher. Undefined when the name is in use; a publisher with the same subject as the present one
   * replaces it immediately, because the old connection of a phone that changed networks is still half open. Any publisher replaces
   * a copy.
   */
  publish(info: PublisherInfo): Publication | undefined {
    const present = this.#publication
    if (present !== undefined) {
      const isSame = info.subject !== undefined && info.subject === present.info.subject
      if (!isSame && present.info.isCopy !== true) return undefined
      // Detached before it is closed: its end must not count as the stream's.
      this.#publication = undefined
      present.close('replaced')
      this.#tell('unpublished', this)
    }
    if (this.#outlet.isEnded) return undefined
    this.#cancelGrace?.()
    this.#cancelGrace = undefined
    this.#awaitsReturn = false
    this.#timeline.restart(info.hasServerTime !== true && info.isCopy !== true)
    this.#withholding.restart()
    this.#outlet.gop.clear()
    this.#liveness.reset()
    this.#answers.restart()
    this.#tracks.restart(info.isCopy)
    this.#lastFrameAt = this.#clock.listened()
    this.#heardAt = this.#clock.now()
    const publication = (this.#publication = new Publication(this, info, this.#clock.now()))
    this.#tell('published', this)
    return publication
  }

  /**
   * Adds a subscriber. With `gop` it gets the cached frames inside this call, with `recent` those that a lenient
   * decoder needs; with `live` only new frames. The returned function removes it.
   */
  subscribe(sink: FrameSink, start: 'gop' | 'recent' | 'live'): () => void {
    return this.#outlet.subscribe(sink, start, () => this.#forgetIfIdle())
  }

  /**
   * Shows every frame, withheld ones too, and the changes of publishers, without a subscription. The returned function
   * ends it.
   */
  watch(watcher: FrameSink): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /**
   * Keeps the stream, its players and waiters, however long it has no publisher: its member may publish at any time.
   * The returned function ends this, and the stream with it unless it has a publisher or is in grace.
   */
  hold(): () => void {
    this.#holds++
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds--
      if (this.#holds > 0 || this.#publication !== undefined) return
      if (this.#awaitsReturn) this.#startGrace()
      this.#forgetIfIdle()
    }
  }

  /** Keeps frames of a kind from every subscriber. A picture that is released again begins with a keyframe. */
  withhold(kinds: Withheld): void {
    const { video } = this.#withholding
    this.#withholding.set(kinds)
    if (kinds.video === video) return
    if (kinds.video) this.#outlet.withholdVideo()
    else this.requestKeyframe()
  }

  get isVideoWithheld(): boolean {
    return this.#withholding.video
  }

  get cachedFrames(): readonly MediaFrame[] {
    return this.#outlet.gop.frames
  }

  get recentFrames(): readonly MediaFrame[] {
    return this.#outlet.gop.recent
  }

  /** See `hold`. */
  get isHeld(): boolean {
    return this.#holds > 0
  }

  get isAskable(): boolean {
    return this.#publication?.info.requestKeyframe !== undefined
  }

  /**
   * When the publisher last sent: later media may still arrive, all at once. Now, if nothing can arrive: no publisher,
   * everything is withheld, or the times are the server's own.
   */
  get heardAt(): Micros {
    const info = this.#publication?.info
    const { audio, video } = this.#withholding
    return info === undefined || info.hasServerTime === true || (audio && video) ? this.#clock.now() : this.#heardAt
  }

  /** Asks the publisher for a keyframe; false when its protocol cannot (RTMP). */
  requestKeyframe(): boolean {
    // It would not be shown; a keyframe is requested when the video is released.
    if (this.#withholding.video) return true
    const info = this.#publication?.info
    if (info?.requestKeyframe === undefined) return false
    this.#answers.asked(this.#clock.now())
    info.requestKeyframe()
    return true
  }

  /**
   * Calls back once the tracks are known: both seen, or the header wait over since the first frame. Never before the
   * first frame. `kind`: of the player that waits, for `demand`. The answer cancels.
   */
  whenTracksKnown(callback: () => void, kind?: string): () => void {
    if (this.#outlet.isEnded || this.#tracks.areKnown) {
      callback()
      return () => undefined
    }
    return this.#outlet.wait(callback, () => this.#forgetIfIdle(), kind)
  }

  /** Called by `Publication.push`. */
  handlePublished(input: MediaFrame): void {
    const frame = this.#timeline.map(input)
    this.#lastFrameAt = this.#clock.listened()
    this.#heardAt = this.#clock.now()
    this.framesIn++
    for (const unit of frame.units) this.bytesIn += unit.length
    this.#tracks.hear(frame.config)
    this.#liveness.hear(frame)
    for (const watcher of this.#watchers) watcher.handleFrame(frame)
    if (!this.#withholding.passes(frame)) return
    this.#outlet.deliver(frame)
    this.#keepCached(frame)
  }

  /** Called by `Publication.announce`. */
  handleAnnounced(kinds: readonly ('audio' | 'video')[]): void {
    this.#tracks.announce(kinds)
  }

  /** Called by `Publication.withholdVideo`. */
  handleVideoWithheld(): void {
    this.#outlet.withholdVideo()
  }

  /** Called by `Publication.end`. */
  handleUnpublished(publication: Publication): void {
    if (this.#publication !== publication) return
    this.#publication = undefined
    this.#tracks.stop()
    this.#outlet.gop.clear()
    if (this.#holds > 0) this.#awaitsReturn = true
    else this.#startGrace()
    for (const watcher of this.#watchers) watcher.handleInterrupted?.()
    this.#outlet.interrupt()
    this.#tell('unpublished', this)
    this.#forgetIfIdle()
  }

  /** Ends a publisher that has been silent for too long. Called by the hub once a second. */
  sweep(listened: Micros): void {
    if (listened - this.#lastFrameAt > this.#limits.silentMicros) this.#publication?.close('silent')
  }

  /** Takes the publisher's right away; subscribers wait for a new one as after any loss. */
  kickPublisher(): boolean {
    if (this.#publication === undefined) return false
    this.#publication.close('kicked')
    return true
  }

  /** Ends the stream for everybody. Idempotent. */
  end(reason: EndReason): void {
    if (this.#outlet.isEnded) return
    const tell = this.#outlet.end()
    this.#publication?.close(reason === 'kicked' ? 'kicked' : 'shutdown')
    this.#cancelGrace?.()
    this.#cancelGrace = undefined
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    tell(reason)
    for (const watcher of watchers) watcher.handleEnd(reason)
    this.#tell('closed', this)
  }

  #startGrace(): void {
    this.#awaitsReturn = false
    this.#cancelGrace = this.#clock.after(this.#limits.graceMicros, () => {
      this.#cancelGrace = undefined
      this.end('ended')
    })
  }

  /**
   * A publisher that sends keyframes only on request is asked before the cache is full: a new viewer must always find a
   * start. One that answers is not cached for long, and a request shows whether it does.
   */
  #keepCached({ config, keyframe }: MediaFrame): void {
    if (config.kind !== 'video' || !this.isAskable) return
    const { gop } = this.#outlet
    const now = this.#heardAt
    if (keyframe) this.#answers.keyframe(now)
    const isLong = gop.span > ANSWERED_CACHE
    const isAnswered = this.#answers.isAnswered(now)
    if (isLong && isAnswered === true) gop.clear()
    else if (gop.isFilling || (isLong && isAnswered === undefined)) this.#askToKeep(now)
  }

  #askToKeep(now: Micros): void {
    if (now - this.#askedAt < ASK_TO_KEEP) return
    this.#askedAt = now
    this.requestKeyframe()
  }

  #forgetIfIdle(): void {
    if (this.#publication !== undefined || this.#outlet.isUsed || this.#holds > 0) return
    // A stream without viewers needs no grace time.
    this.end('ended')
  }
}
