import { isEntryPoint, type MediaFrame, type Micros } from '@crossroom/media'
import { startLimits } from '../config/index.js'
import { AudioHold } from './audio-hold.js'
import { baseMsFor, packBatch, packConfig, viewerTimestampMs, type Batch } from './batch.js'
import type { Clock } from './clock.js'
import { withoutLeading } from './leading-pictures.js'
import type { Packer } from './packer.js'
import type { FrameFilter } from './silence-filler.js'
import type { BridgeOf, EndReason, FrameSink, FrameSource, Tracks } from './sink.js'
import { cachedStart, catchUp, type StartsAt } from './start.js'
import type { Viewer } from './viewer.js'

export interface FanoutOptions {
  /** See `FrameSink.kind`. */
  readonly kind: string
  readonly packer: Packer
  readonly clock: Clock
  /** See AudioHold. */
  readonly audioMergeMicros: Micros
  /** Frames pass through it before they are packed: fills silence. */
  readonly filter?: FrameFilter
  /** What its viewers can begin with. */
  readonly startsAt: StartsAt
  /** See `BridgeOf`. */
  readonly bridgeOf: BridgeOf
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
  /** While they see pictures that are made for them: those of the stream from its next keyframe on. */
  bridged: MediaFrame[] | undefined
  /** The minimum time of their next video frame, after bridging video. */
  floor: Micros
  /** What the viewers that are up to date have been sent. */
  configs: Tracks
}

/** Where pictures are made for viewers that would wait for a keyframe. */
interface Bridge {
  readonly source: FrameSource
  leave(): void
}

/** The video of a stream no longer waits for bridging video made from older frames. */
const LONGEST_WAIT: Micros = 500_000

/** How often a fanout looks whether frames still come, for filters that have something to say when they do not. */
const IDLE_CHECK: Micros = 500_000

/** Packs the frames of one stream for one protocol, once per cohort, and hands the bytes to every viewer. */
export class Fanout implements FrameSink {
  readonly kind: string
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
  #bridge: Bridge | undefined
  #closed = false
  /** Why the stream is over. */
  #endedBy: EndReason | undefined

  constructor(stream: FrameSource, options: FanoutOptions) {
    this.#stream = stream
    this.kind = options.kind
    this.#options = options
    this.#hold = new AudioHold(options.audioMergeMicros)
    // So that the filter goes on where the cached frames of the first viewer end.
    for (const frame of stream.recentFrames) {
      options.filter?.process(frame)
      this.#note(frame)
    }
    const unsubscribe = stream.subscribe(this, 'live')
    // Callers waiting for a stream are called at its end as well.
    if (this.#closed) return
    this.#unsubscribe = unsubscribe
    if (options.filter?.idle !== undefined) this.#watchIdle()
  }

  /** Detaches: its last viewer has left, or its stream has ended. */
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
    // Held audio belongs to the past of a new viewer, and is already in its cached frames.
    this.#flush()
    const { packer, filter } = this.#options
    const promised = this.#stream.promised ?? this.#stream.tracks
    const tracks = filter?.tracks(promised) ?? promised
    const start = this.#start(promised)
    const cached = filter?.cached(start) ?? start
    const baseMs = baseMsFor(undefined, cached)
    const batch = baseMs === undefined ? undefined : packBatch(packer, cached, {}, baseMs)
    const cohort = this.#cohort(baseMs, batch)
    const waitsFor = tracks.video === undefined ? undefined : this.#options.startsAt
    viewer.start(packer.start(tracks), batch, waitsFor, (config, item, before) =>
      packConfig(packer, config, viewerTimestampMs(item.frame.dts, cohort.baseMs ?? 0), before),
    )
    cohort.viewers.add(viewer)
    this.#viewers++
    const endedBy = this.#endedBy
    // Not inside this call: its caller has not put itself in order yet.
    if (endedBy !== undefined) this.#options.clock.after(0, () => viewer.close(endedBy))
    if (viewer.waitsForKeyframe) this.#awaitKeyframe(cohort)
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

  /** If no keyframe can be generated, a long start is better than none. */
  #start(promised: Tracks): readonly MediaFrame[] {
    const { startsAt, bridgeOf } = this.#options
    // Without its picture a stream starts live, as sound alone does.
    if (promised.video === undefined) return []
    const canWait = (): boolean => this.#stream.isAskable || bridgeOf(this.#stream) !== undefined
    const frames = cachedStart(this.#stream, startsAt) ?? (canWait() ? [] : withoutLeading(this.#stream.cachedFrames))
    return promised.audio === undefined ? frames.filter(({ config }) => config.kind === 'video') : frames
  }

  /** A publisher that can be asked has a moment to answer; then, or else at once, a keyframe is made. */
  #awaitKeyframe(cohort: Cohort): void {
    const asked = this.#stream.requestKeyframe()
    const wait = asked ? startLimits.askedMicros : 0
    this.#options.clock.after(wait, () => {
      if (this.#closed || cohort.bridged !== undefined || !isWaiting(cohort)) return
      this.#bridge ??= this.#openBridge()
      if (this.#bridge === undefined) return
      cohort.bridged = []
      // The flowing video began with a keyframe that these viewers have not seen.
      this.#bridge.source.requestKeyframe()
      this.#options.clock.after(startLimits.madeMicros, () => this.#catchUp(cohort))
    })
  }

  /** No keyframe was generated in time, because the codecs are overloaded or gone: the cache is played fast. */
  #catchUp(cohort: Cohort): void {
    const { startsAt, clock } = this.#options
    const frames = catchUp(startsAt === 'keyframe' ? this.#stream.cachedFrames : this.#stream.recentFrames, clock.now())
    const isStart = startsAt === 'recovery-point' || frames[0]?.keyframe === true
    if (this.#closed || cohort.bridged === undefined || !isWaiting(cohort) || frames.length === 0 || !isStart) return
    this.#flush()
    cohort.bridged = []
    this.#endBridge(cohort)
    this.#deliver(frames, cohort)
  }

  #openBridge(): Bridge | undefined {
    const source = this.#options.bridgeOf(this.#stream)
    if (source === undefined) return undefined
    const sink: FrameSink = {
      handleFrame: (frame) => {
        this.#flush()
        for (const cohort of this.#cohorts) {
          if (cohort.bridged === undefined) continue
          this.#handleBridged(frame, cohort)
          if (isWaiting(cohort)) source.requestKeyframe()
        }
      },
      handleEnd: () => (this.#bridge = undefined),
    }
    return { source, leave: source.subscribe(sink, 'live') }
  }

  /** The stream's own pictures follow when all that were made of those before have gone out: players stop at a hole. */
  #handleBridged(frame: MediaFrame, cohort: Cohort): void {
    const first = cohort.bridged?.[0]
    if (first !== undefined && frame.dts >= first.pts) {
      this.#endBridge(cohort)
      return
    }
    if (frame.dts > cohort.floor) this.#deliver([frame], cohort)
    cohort.floor = Math.max(cohort.floor, frame.dts)
  }

  #endBridge(cohort: Cohort): void {
    const waiting = cohort.bridged ?? []
    cohort.bridged = undefined
    if (waiting.length > 0) this.#deliver(waiting, cohort)
    for (const other of this.#cohorts) if (other.bridged !== undefined) return
    this.#leaveBridge()
  }

  #note(frame: MediaFrame): void {
    this.#newestDts = Math.max(this.#newestDts ?? frame.dts, frame.dts)
    this.#newestAt = this.#options.clock.now()
  }

  #watchIdle(): void {
    const { clock, filter } = this.#options
    this.#cancelIdle = clock.after(IDLE_CHECK, () => {
      const now = clock.now()
      // Nothing is made up for what a publisher who stands still may deliver later.
      const idle = this.#stream.heardAt - this.#newestAt
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
    let someWait = false
    for (const cohort of this.#cohorts) {
      const own = cohort.bridged === undefined ? frames : this.#besideBridge(frames, cohort, cohort.bridged)
      if (own.length > 0) this.#deliver(own, cohort)
      // A browser sends no keyframe on its own; the source limits how often it is asked.
      someWait ||= isWaiting(cohort)
    }
    if (someWait) this.#stream.requestKeyframe()
  }

  #deliver(frames: readonly MediaFrame[], cohort: Cohort): void {
    const before = cohort.configs
    cohort.baseMs = baseMsFor(cohort.baseMs, frames)
    if (cohort.baseMs === undefined) return
    const usable = before.video === undefined ? fromStart(frames, this.#options.startsAt) : frames
    if (usable.length === 0) return
    const timed = cohort.floor === -Infinity ? usable : usable.map((frame) => notBefore(frame, cohort))
    const batch = packBatch(this.#options.packer, timed, before, cohort.baseMs)
    cohort.configs = batch.configs
    for (const viewer of cohort.viewers) viewer.deliver(batch, before)
  }

  /** What viewers of made pictures get of the stream itself: its sound. Its pictures wait from the next keyframe on. */
  #besideBridge(frames: readonly MediaFrame[], cohort: Cohort, waiting: MediaFrame[]): MediaFrame[] {
    return frames.filter((frame) => {
      if (frame.config.kind === 'audio') return true
      if (waiting.length === 0 && !frame.keyframe) return false
      waiting.push(frame)
      if (waiting.length === 1) {
        // Nothing was made yet: nothing is waited for.
        const wait = cohort.floor === -Infinity ? 0 : LONGEST_WAIT
        this.#options.clock.after(wait, () => {
          if (cohort.bridged === waiting) this.#endBridge(cohort)
        })
      }
      return false
    })
  }

  #leaveBridge(): void {
    this.#bridge?.leave()
    this.#bridge = undefined
  }

  /** Viewers share a cohort while they start from the same frame. */
  #cohort(baseMs: number | undefined, batch: Batch | undefined): Cohort {
    for (const present of this.#cohorts) if (present.baseMs === baseMs && present.bridged === undefined) return present
    const configs = batch?.configs ?? {}
    const cohort: Cohort = { baseMs, viewers: new Set(), configs, bridged: undefined, floor: -Infinity }
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
    this.#leaveBridge()
    this.#options.onEmpty()
  }
}

/** Without the pictures that a viewer who has seen none could not decode. */
function fromStart(frames: readonly MediaFrame[], startsAt: StartsAt): readonly MediaFrame[] {
  const isStart = startsAt === 'keyframe' ? (frame: MediaFrame) => frame.keyframe : isEntryPoint
  const start = frames.findIndex((frame) => frame.config.kind === 'video' && isStart(frame))
  const isUsable = (frame: MediaFrame, index: number): boolean =>
    frame.config.kind === 'audio' || (start >= 0 && index >= start)
  return frames.every(isUsable) ? frames : frames.filter(isUsable)
}

/** Where pictures out of order follow made ones they would be decoded before the last of these: their time to be shown allows later. */
function notBefore(frame: MediaFrame, cohort: Cohort): MediaFrame {
  if (frame.config.kind === 'audio' || cohort.bridged !== undefined) return frame
  const dts = Math.max(frame.dts, cohort.floor + 1000)
  cohort.floor = dts === frame.dts ? -Infinity : dts
  return dts === frame.dts ? frame : { ...frame, dts, pts: Math.max(frame.pts, dts) }
}

function isWaiting({ viewers }: Cohort): boolean {
  for (const viewer of viewers) if (viewer.waitsForKeyframe) return true
  return false
}
