import { isEntryPoint, type MediaFrame, type Micros } from '@crossroom/media'
import { gopCacheLimits, transcodeLimits } from '../config/index.js'
import {
  type Clock,
  type EndReason,
  type FrameSink,
  type FrameSource,
  GopCache,
  LeadingPictures,
  withoutLeading,
} from '../hub/index.js'
import type { Log } from '../observe/index.js'
import { orderFor, type Recipe, type TranscodeOptions } from './catalog.js'
import type { Channel, ChannelHandler, CodecProcessState } from './channel.js'
import type { CodecProcess } from './codec-process.js'
import { PictureReplay, SoundReplay, type ReplayBuffer } from './replay-buffer.js'

/** `opening`: no output yet; `running`; `recovering`: the process was lost; `failed`: given up for now. */
export type ConversionState = 'opening' | 'running' | 'recovering' | 'failed'

/** Receives the output of a conversion. */
export interface ConversionSink {
  handleConverted(frame: MediaFrame): void
  handleState(state: ConversionState): void
}

export interface ConversionOptions {
  readonly source: FrameSource
  readonly recipe: Recipe
  readonly process: CodecProcess
  readonly transcode: TranscodeOptions
  readonly clock: Clock
  readonly log: Log
  /** Called when the last sink has left. */
  readonly onIdle: () => void
}

/** Figures of one conversion. */
export interface ConversionCounters {
  framesIn: number
  framesOut: number
  framesLeftOut: number
  failures: number
}

/** Pictures that are older than this when a process takes over are decoded, and not worth encoding. */
const STALE_PICTURES: Micros = 100_000
/** A coded frame of sound lasts 20 ms or more; what follows its predecessor by less has been heard already. */
const MIN_SOUND_STEP: Micros = 10_000
/** After a failure it is tried again after so long, then with doubling pauses, until it ran for the longest of them. */
const RETRY: Micros = 1_000_000
const RETRY_MAX: Micros = 60_000_000
/**
 * FLV players stop without audio: this long after the last audio frame silence starts, in steps of this size. Later
 * audio is dropped, so this is at least a burst of losses and the 100 ms that `RtpReceiver` waits for a retransmitted
 * audio packet.
 */
const SILENT_AFTER: Micros = 240_000
const SILENCE_STEP: Micros = 40_000
/** A picture without a successor for this long rests; half of it while a viewer waits. */
const RESTING: Micros = 1_000_000
const RESTING_AT_START: Micros = 500_000
/** How long converted audio is kept for new viewers. */
const KEPT_SOUND: Micros = 10_000_000
/** How often it is looked whether the codecs keep up, and how many looks in a row must say no. */
const LAG_CHECK: Micros = 1_000_000
const LAG_CHECKS = 3

/** One track of one stream on its way through a codec process, for any number of sinks. */
export class Conversion implements FrameSink, ChannelHandler {
  readonly counters: ConversionCounters = { framesIn: 0, framesOut: 0, framesLeftOut: 0, failures: 0 }
  readonly recipe: Recipe
  readonly kind: string
  readonly #options: ConversionOptions
  readonly #kind: 'audio' | 'video'
  readonly #sinks = new Set<ConversionSink>()
  readonly #replay: ReplayBuffer
  /** Output since the last keyframe, or the last audio frame. */
  readonly #pictures = new GopCache(gopCacheLimits)
  #sounds: MediaFrame[] = []
  #state: ConversionState = 'opening'
  #channel: Channel | undefined
  #ready = false
  /** Pictures are left out until the next keyframe. */
  #skipping = false
  readonly #leading = new LeadingPictures()
  #startsAt: Micros = Infinity
  #lastIn: MediaFrame | undefined
  #lastInAt: Micros = 0
  #lastOut: MediaFrame | undefined
  #failuresInRow = 0
  #openedAt: Micros = 0
  #lagChecks = 0
  #cancelRetry: (() => void) | undefined
  #cancelWatch: (() => void) | undefined
  #unsubscribe: (() => void) | undefined
  #closed = false

  constructor(options: ConversionOptions) {
    this.#options = options
    this.recipe = options.recipe
    this.kind = options.recipe.name
    this.#kind = options.recipe.lane
    this.#replay = this.#kind === 'video' ? new PictureReplay() : new SoundReplay()
  }

  get state(): ConversionState {
    return this.#state
  }

  /** How far the output is behind the input, by the time both came to the server. */
  get lag(): Micros {
    if (this.#lastIn === undefined || this.#lastOut === undefined) return 0
    return Math.max(0, this.#lastIn.receivedAt - this.#lastOut.receivedAt)
  }

  get source(): FrameSource {
    return this.#options.source
  }

  /**
   * Adds a sink, gives it the output since the cached start of the stream, and starts the conversion for the first
   * sink.
   */
  addSink(sink: ConversionSink): () => void {
    const start = this.#options.source.recentFrames[0]?.pts ?? Infinity
    for (const frame of this.#pictures.frames) sink.handleConverted(frame)
    // Sound from before the cached picture is of no use to who joins.
    for (const frame of this.#sounds) if (frame.pts >= start) sink.handleConverted(frame)
    this.#sinks.add(sink)
    if (this.#unsubscribe === undefined && !this.#closed) {
      this.#unsubscribe = this.#options.source.subscribe(this, 'recent')
      if (this.#kind === 'video') this.#watchLag()
      else if (this.recipe.to === 'aac') this.#watchSilence()
    }
    return () => {
      if (this.#sinks.delete(sink) && this.#sinks.size === 0) this.close()
    }
  }

  /** Asks the encoder for a keyframe. */
  requestKeyframe(): void {
    this.#channel?.requestKeyframe()
    if (this.#ready && this.#kind === 'video') this.#repeatAtRest(RESTING_AT_START)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unsubscribe?.()
    this.#cancelRetry?.()
    this.#cancelWatch?.()
    this.#channel?.close()
    this.#options.onIdle()
  }

  handleFrame(frame: MediaFrame): void {
    if (frame.config.kind !== this.#kind) return
    if (!this.recipe.from.includes(frame.config.codec)) return
    this.counters.framesIn++
    this.#startsAt = Math.min(this.#startsAt, frame.pts)
    this.#lastIn = frame
    this.#lastInAt = this.#options.clock.listened()
    this.#replay.push(frame)
    if (this.#channel === undefined) this.#open(frame)
    else if (this.#ready) this.#send(frame)
  }

  handleEnd(_reason: EndReason): void {
    this.close()
  }

  handleReady(): void {
    this.#ready = true
    this.#skipping = false
    const frames = withoutLeading(this.#replay.frames(), this.#leading)
    const from = this.#kind === 'video' ? this.#firstWorthEncoding(frames) : 0
    for (const [index, frame] of frames.entries()) {
      // What no picture refers to need not be decoded to get at a later one: half of a GOP with B-frames.
      if (index < from && frame.droppable) continue
      const sent = index === frames.length - 1 ? this.#atRest(frame) : frame
      if (this.#channel?.send(sent, index < from) !== false) continue
      this.counters.framesLeftOut += frames.length - index
      this.#skipping = this.#kind === 'video'
      break
    }
    this.#replay.start()
  }

  handleLost(state: CodecProcessState): void {
    this.#ready = false
    this.#setState(state === 'off' ? 'failed' : 'recovering')
  }

  handleFailed(reason: string): void {
    this.#failuresInRow = this.#options.clock.now() - this.#openedAt > RETRY_MAX ? 1 : this.#failuresInRow + 1
    this.#giveUp(reason, Math.min(RETRY_MAX, RETRY * 2 ** (this.#failuresInRow - 1)))
  }

  handleConverted(frame: MediaFrame): void {
    const last = this.#lastOut
    const step = this.#kind === 'audio' ? MIN_SOUND_STEP : 1
    // The first coded frame of sound may begin before the stream does; after a crash, output may overlap.
    if (last === undefined ? this.#kind === 'audio' && frame.pts < this.#startsAt : frame.pts < last.pts + step) return
    this.#lastOut = frame
    this.counters.framesOut++
    this.#remember(frame)
    this.#setState('running')
    for (const sink of this.#sinks) sink.handleConverted(frame)
  }

  #open(frame: MediaFrame): void {
    const { process, transcode, clock } = this.#options
    this.#openedAt = clock.now()
    this.#channel = process.open(orderFor(this.recipe, transcode, frame.config), {
      handleReady: () => this.handleReady(),
      handleFrame: (output) => this.handleConverted(output),
      handleLost: (state) => this.handleLost(state),
      handleFailed: (reason) => this.handleFailed(reason),
    })
    if (process.state === 'off') this.#setState('failed')
  }

  /** Tells the sinks, and tries again after the pause. */
  #giveUp(reason: string, pause: Micros): void {
    const { source, log, clock } = this.#options
    this.#ready = false
    this.counters.failures++
    log.warn(
      { stream: source.key.label, conversion: this.recipe.name, reason, retryMs: pause / 1000 },
      'Conversion failed',
    )
    this.#channel?.close()
    this.#setState('failed')
    this.#cancelRetry = clock.after(pause, () => {
      this.#channel = undefined
      if (this.#lastIn !== undefined) this.#open(this.#lastIn)
    })
  }

  #send(frame: MediaFrame): void {
    if (!isEntryPoint(frame) && (this.#skipping || this.#leading.includes(frame))) {
      this.counters.framesLeftOut++
      return
    }
    if (this.#skipping) this.#leading.begin(frame)
    this.#skipping = false
    if (this.#channel?.send(frame) !== false) return
    this.counters.framesLeftOut++
    this.#skipping = this.#kind === 'video'
  }

  /** A resting picture is encoded with the current time, so that viewers see it live. */
  #atRest(frame: MediaFrame): MediaFrame {
    const resting = this.#options.clock.now() - frame.receivedAt
    if (this.#kind === 'audio' || resting < RESTING_AT_START) return frame
    return { ...frame, dts: frame.dts + resting, pts: frame.pts + resting }
  }

  #firstWorthEncoding(frames: readonly MediaFrame[]): number {
    const newest = frames.at(-1)
    if (newest === undefined) return 0
    const since = Math.max(newest.pts - STALE_PICTURES, (this.#lastOut?.pts ?? -1) + 1)
    const first = frames.findIndex((frame) => frame.pts >= since)
    return first < 0 ? frames.length : first
  }

  #remember(frame: MediaFrame): void {
    if (this.#kind === 'video') {
      this.#pictures.push(frame)
      return
    }
    const span = frame.pts - (this.#sounds[0]?.pts ?? frame.pts)
    // Half is forgotten at a time.
    if (span > KEPT_SOUND || this.#sounds.length >= gopCacheLimits.frames)
      this.#sounds = this.#sounds.slice(this.#sounds.length >> 1)
    this.#sounds.push(frame)
  }

  /** Codecs that stay behind for good have no CPU left: better no conversion than a growing delay. */
  #watchLag(): void {
    this.#cancelWatch = this.#options.clock.after(LAG_CHECK, () => {
      const late = this.#state === 'running' && this.lag > transcodeLimits.lagMicros
      this.#lagChecks = late ? this.#lagChecks + 1 : 0
      if (this.#lagChecks >= LAG_CHECKS) {
        this.#lagChecks = 0
        const behind = String(Math.round(this.lag / 1000))
        this.#giveUp(`The codecs are ${behind} ms behind: the CPU is overloaded`, RETRY_MAX)
      }
      this.#repeatAtRest(RESTING)
      this.#watchLag()
    })
  }

  /**
   * A resting picture is repeated now and then with the current time: players stop without video, and new viewers need
   * a live picture.
   */
  #repeatAtRest(after: Micros): void {
    const last = this.#lastIn
    if (last === undefined) return
    const resting = this.#options.clock.now() - last.receivedAt
    if (resting >= after) this.#channel?.advance(last.pts + resting)
  }

  /** Browsers send next to nothing during silence, and nothing when muted. */
  #watchSilence(): void {
    const { clock } = this.#options
    this.#cancelWatch = clock.after(SILENCE_STEP, () => {
      const last = this.#lastIn
      const silent = clock.listened() - this.#lastInAt
      if (last !== undefined && silent > SILENT_AFTER) this.#channel?.advance(last.pts + silent - SILENT_AFTER)
      this.#watchSilence()
    })
  }

  #setState(state: ConversionState): void {
    if (this.#state === state) return
    this.#state = state
    for (const sink of [...this.#sinks]) sink.handleState(state)
  }
}
