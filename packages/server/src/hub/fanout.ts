import { flvTimestampMs, type MediaFrame, type Micros } from '@crossroom/media'
import { AudioHold } from './audio-hold.js'
import { baseMsFor, packBatch, packConfig, viewerTimestampMs, type Batch } from './batch.js'
import type { Clock } from './clock.js'
import type { Packer } from './packer.js'
import type { FrameFilter } from './silence-filler.js'
import type { EndReason, FrameSink, FrameSource, Tracks } from './sink.js'
import type { Viewer } from './viewer.js'

export interface FanoutOptions {
  readonly packer: Packer
  readonly clock: Clock
  /** See AudioHold. */
  readonly audioMergeMicros: Micros
  /** Frames pass through it before they are packed: fills silence. */
  readonly filter?: FrameFilter
  /** Called once the last viewer has left. */
  onEmpty(): void
}

/**
 * The viewers that started from the same frame. Their time stamps begin at 0 together, so one packing serves them all.
 */
interface Cohort {
  /** Where their time begins; unknown until the first frame comes when nothing was cached. */
  baseMs: number | undefined
  readonly viewers: Set<Viewer>
  /** What the viewers that are up to date have been sent. */
  configs: Tracks
}

/** How often a fanout looks whether frames still come, for filters that have something to say when they do not. */
const IDLE_CHECK: Micros = 500_000

/** Packs the frames of one stream for one protocol, once per cohort, and hands the bytes to every viewer. */
export class Fanout implements FrameSink {
  readonly #stream: FrameSource
  readonly #options: FanoutOptions
  readonly #hold: AudioHold
  readonly #cohorts = new Set<Cohort>()
  #unsubscribe: (() => void) | undefined
  #pending: MediaFrame[] = []
  #cancelHold: (() => void) | undefined
  #cancelIdle: (() => void) | undefined
  /** The newest frame that came in: its stream time, and when that was. */
  #newestDts: Micros | undefined
  #newestAt: Micros = 0
  #viewers = 0
  #closed = false
  /** Why the stream is over. */
  #endedBy: EndReason | undefined

  constructor(stream: FrameSource, options: FanoutOptions) {
    this.#stream = stream
    this.#options = options
    this.#hold = new AudioHold(options.audioMergeMicros)
    // So that the filter goes on where the cached frames of the first viewer end.
    for (const frame of stream.cachedFrames) {
      options.filter?.process(frame)
      this.#note(frame)
    }
    const unsubscribe = stream.subscribe(this, 'live')
    // Whoever waited for a stream is told that it can be had at its end as well.
    if (this.#closed) return
    this.#unsubscribe = unsubscribe
    if (options.filter?.idle !== undefined) this.#watchIdle()
  }

  /** It takes no more part: its last viewer has left, or its stream is over. */
  get isClosed(): boolean {
    return this.#closed
  }

  get viewers(): number {
    return this.#viewers
  }

  /**
   * Starts a viewer: head, cached frames, then everything that comes. The stream's tracks must be known. The answer
   * takes the viewer out again.
   */
  add(viewer: Viewer): () => void {
    // What is held belongs to the past of a new viewer, and is in its cached frames already.
    this.#flush()
    const { packer, filter } = this.#options
    const promised = this.#stream.promised ?? this.#stream.tracks
    const tracks = filter?.tracks(promised) ?? promised
    const start = startFrames(this.#stream, promised)
    const cached = filter?.cached(start) ?? start
    const baseMs = cached[0] === undefined ? undefined : flvTimestampMs(cached[0].dts)
    const batch = baseMs === undefined ? undefined : packBatch(packer, cached, {}, baseMs)
    const cohort = this.#cohort(baseMs, batch)
    viewer.start(packer.start(tracks), batch, tracks.video !== undefined, (config, item, before) =>
      packConfig(packer, config, viewerTimestampMs(item.frame.dts, cohort.baseMs ?? 0), before),
    )
    cohort.viewers.add(viewer)
    this.#viewers++
    const endedBy = this.#endedBy
    // Not inside this call: its caller has not put itself in order yet.
    if (endedBy !== undefined) this.#options.clock.after(0, () => viewer.close(endedBy))
    if (viewer.waitsForKeyframe) this.#stream.requestKeyframe()
    return () => this.#remove(cohort, viewer)
  }

  handleFrame(input: MediaFrame): void {
    const filter = this.#options.filter
    this.#note(input)
    if (filter === undefined) this.#take(input)
    else for (const frame of filter.process(input)) this.#take(frame)
  }

  handleEnd(reason: EndReason): void {
    this.#endedBy = reason
    this.#flush()
    for (const cohort of this.#cohorts) for (const viewer of [...cohort.viewers]) viewer.close(reason)
    this.#close()
  }

  #note(frame: MediaFrame): void {
    this.#newestDts = Math.max(this.#newestDts ?? frame.dts, frame.dts)
    this.#newestAt = this.#options.clock.now()
  }

  #watchIdle(): void {
    const { clock, filter } = this.#options
    this.#cancelIdle = clock.after(IDLE_CHECK, () => {
      const now = clock.now()
      const idle = now - this.#newestAt
      if (idle >= IDLE_CHECK && this.#newestDts !== undefined)
        for (const frame of filter!.idle!(this.#newestDts + idle, now)) this.#take(frame)
      this.#watchIdle()
    })
  }

  #take(frame: MediaFrame): void {
    this.#pending.push(frame)
    if (frame.config.kind === 'video') {
      this.#hold.handleVideo(frame)
      this.#flush()
      return
    }
    const hold = this.#hold.holdFor(frame)
    if (hold === 0) this.#flush()
    else this.#cancelHold ??= this.#options.clock.after(hold, this.#flush)
  }

  readonly #flush = (): void => {
    this.#cancelHold?.()
    this.#cancelHold = undefined
    if (this.#pending.length === 0) return
    const frames = this.#pending
    this.#pending = []
    let isWaiting = false
    for (const cohort of this.#cohorts) {
      const before = cohort.configs
      cohort.baseMs = baseMsFor(cohort.baseMs, frames)
      if (cohort.baseMs === undefined) continue
      const usable = before.video === undefined ? fromKeyframe(frames) : frames
      if (usable.length === 0) continue
      const batch = packBatch(this.#options.packer, usable, before, cohort.baseMs)
      cohort.configs = batch.configs
      for (const viewer of cohort.viewers) {
        viewer.deliver(batch, before)
        // A browser sends no keyframe of its own accord; whoever makes the pictures bounds how often it is asked.
        if (viewer.waitsForKeyframe) isWaiting = true
      }
    }
    if (isWaiting) this.#stream.requestKeyframe()
  }

  /** Viewers share a cohort while they start from the same frame. */
  #cohort(baseMs: number | undefined, batch: Batch | undefined): Cohort {
    for (const present of this.#cohorts) if (present.baseMs === baseMs) return present
    const cohort: Cohort = { baseMs, viewers: new Set(), configs: batch?.configs ?? {} }
    this.#cohorts.add(cohort)
    return cohort
  }

  #remove(cohort: Cohort, viewer: Viewer): void {
    if (!cohort.viewers.delete(viewer)) return
    this.#viewers--
    if (cohort.viewers.size === 0) this.#cohorts.delete(cohort)
    if (this.#viewers === 0) this.#close()
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelHold?.()
    this.#cancelIdle?.()
    this.#unsubscribe?.()
    this.#options.onEmpty()
  }
}

/** The cached frames of the tracks that still come. Without its picture a stream starts live, as sound alone does. */
function startFrames({ tracks, cachedFrames }: FrameSource, promised: Tracks): readonly MediaFrame[] {
  if (promised.video === undefined && tracks.video !== undefined) return []
  if (promised.audio === undefined) return cachedFrames.filter((frame) => frame.config.kind === 'video')
  return cachedFrames
}

/** Without the pictures that a viewer who has seen none could not decode. */
function fromKeyframe(frames: readonly MediaFrame[]): readonly MediaFrame[] {
  const key = frames.findIndex((frame) => frame.config.kind === 'video' && frame.keyframe)
  const isUsable = (frame: MediaFrame, index: number): boolean =>
    frame.config.kind === 'audio' || (key >= 0 && index >= key)
  return frames.every(isUsable) ? frames : frames.filter(isUsable)
}
