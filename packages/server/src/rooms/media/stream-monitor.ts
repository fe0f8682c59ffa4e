import { isEntryPoint, type CodecConfig, type MediaFrame, type Micros, type Orientation } from '@crossroom/media'
import type { PublishState } from '@crossroom/protocol'
import { roomLimits } from '../../config/index.js'
import type { RoomChanges } from './room-changes.js'
import type { MeasuredSound } from './sound-meter.js'
import type { Clock, EndReason, FrameSink, Publication, Stream } from '../../hub/index.js'

/** The monitor's events about the stream. Called while it handles a frame, so they must be brief. */
export interface MonitorHandlers {
  /** The publication went live, stalled or ended. */
  published(state: Exclude<PublishState, 'refused'>): void
  /** A publisher of FLV was followed by one whose sound or picture players of FLV need converted. */
  requiresConversion(): void
  /** The stream itself was ended, and the hub has forgotten it in a moment. */
  taken(): void
}

/** Loudness in -dBov that counts as no sound: the noise of a quiet room. */
const SILENCE = 60

/** Monitors a member's media on one key: whether it flows, its rotation and its level. */
export class StreamMonitor implements FrameSink {
  readonly #stream: Stream
  readonly #clock: Clock
  readonly #changes: RoomChanges
  readonly #handlers: MonitorHandlers
  #publication: Publication | undefined
  #state: Exclude<PublishState, 'refused'> | undefined
  #videoConfig: CodecConfig | undefined
  #rotation: Orientation = 0
  #keyframeSeen = false
  /** Of the publication before, as of its first frame. */
  #cameAsFlv = false
  #flowsAudio = false
  #flowsVideo = false
  #audioAt: Micros = 0
  #videoAt: Micros = 0
  #cancelCheck: (() => void) | undefined
  /** -dBov; 127 is silence. */
  #loudest = 127
  #levelKnown = false
  #audibleTold = false
  #measured: MeasuredSound | undefined

  constructor(stream: Stream, clock: Clock, changes: RoomChanges, handlers: MonitorHandlers) {
    this.#stream = stream
    this.#clock = clock
    this.#changes = changes
    this.#handlers = handlers
  }

  /** A frame of sound came within 3 s. */
  get flowsAudio(): boolean {
    return this.#flowsAudio
  }

  /** A frame of the picture came within 3 s, and a keyframe before it. */
  get flowsVideo(): boolean {
    return this.#flowsVideo
  }

  /** How the newest picture is to be turned before it is shown. */
  get rotation(): Orientation {
    return this.#rotation
  }

  /** Undefined before the first frame of the first publication. */
  get state(): Exclude<PublishState, 'refused'> | undefined {
    return this.#state
  }

  /** The loudest since the last call: 0 (silence) to 100; undefined when the sender does not say. */
  takeLevel(): number | undefined {
    if (!this.#levelKnown) return undefined
    const level = this.#loudest >= SILENCE ? 0 : Math.round(((SILENCE - this.#loudest) * 100) / SILENCE)
    this.#loudest = 127
    this.#audibleTold = false
    return level
  }

  handleFrame(frame: MediaFrame): void {
    const { publication } = this.#stream
    if (publication !== this.#publication) this.#begin(publication, frame.config)
    if (frame.config.kind === 'audio') this.#handleAudio(frame)
    else this.#handleVideo(frame)
  }

  handleInterrupted(): void {
    this.#endMeasuring()
    this.#publication = undefined
    this.#cancelCheck?.()
    this.#cancelCheck = undefined
    this.#keyframeSeen = false
    this.#setFlow(false, false)
    this.#tell('ended')
  }

  handleEnd(reason: EndReason): void {
    this.close()
    if (reason === 'kicked') this.#handlers.taken()
  }

  /** Stops monitoring. */
  close(): void {
    this.#endMeasuring()
    this.#cancelCheck?.()
    this.#cancelCheck = undefined
  }

  /** Another publisher, with or without a visible gap. */
  #begin(publication: Publication | undefined, config: CodecConfig): void {
    const cameAsFlv = config.flvSpelling !== undefined
    if (this.#cameAsFlv && !cameAsFlv) this.#handlers.requiresConversion()
    this.#cameAsFlv = cameAsFlv
    this.#endMeasuring()
    this.#publication = publication
    this.#state = undefined
    this.#keyframeSeen = false
    this.#levelKnown = false
  }

  #handleAudio(frame: MediaFrame): void {
    this.#audioAt = this.#clock.listened()
    if (frame.audioLevel !== undefined) this.#hear(frame.audioLevel)
    else this.#measure(frame)
    if (!this.#flowsAudio || this.#state !== 'live') this.#flows(true, this.#flowsVideo)
  }

  readonly #hear = (audioLevel: number): void => {
    this.#levelKnown = true
    if (audioLevel < this.#loudest) this.#loudest = audioLevel
    if (audioLevel >= SILENCE || this.#audibleTold) return
    this.#audibleTold = true
    this.#changes.changed('sound')
  }

  #measure(frame: MediaFrame): void {
    const meter = this.#changes.soundMeter
    if (meter === undefined) this.#endMeasuring()
    else {
      this.#measured ??= meter.open(this.#hear)
      this.#measured?.measure(frame)
    }
  }

  #endMeasuring(): void {
    this.#measured?.close()
    this.#measured = undefined
  }

  #handleVideo(frame: MediaFrame): void {
    if (isEntryPoint(frame)) this.#keyframeSeen = true
    else if (!this.#keyframeSeen) return
    this.#videoAt = this.#clock.listened()
    if (frame.config !== this.#videoConfig) this.#learn(frame.config)
    if (!this.#flowsVideo || this.#state !== 'live') this.#flows(this.#flowsAudio, true)
  }

  #learn(config: CodecConfig): void {
    this.#videoConfig = config
    if (config.kind !== 'video' || config.orientation === this.#rotation) return
    this.#rotation = config.orientation
    this.#changes.changed('list')
  }

  #flows(audio: boolean, video: boolean): void {
    this.#setFlow(audio, video)
    this.#tell('live')
    this.#cancelCheck ??= this.#clock.after(roomLimits.staleMicros, this.#check)
  }

  /** Runs while anything flows, about as often as the time it looks for. */
  readonly #check = (): void => {
    this.#cancelCheck = undefined
    const since = this.#clock.listened() - roomLimits.staleMicros
    const audio = this.#flowsAudio && this.#audioAt > since
    const video = this.#flowsVideo && this.#videoAt > since
    this.#setFlow(audio, video)
    if (!audio && !video) {
      this.#tell('stalled')
      return
    }
    const oldest = Math.min(audio ? this.#audioAt : Infinity, video ? this.#videoAt : Infinity)
    this.#cancelCheck = this.#clock.after(oldest - since, this.#check)
  }

  #setFlow(audio: boolean, video: boolean): void {
    if (audio === this.#flowsAudio && video === this.#flowsVideo) return
    this.#flowsAudio = audio
    this.#flowsVideo = video
    this.#changes.changed('list')
  }

  #tell(state: Exclude<PublishState, 'refused'>): void {
    if (state === this.#state) return
    this.#state = state
    this.#handlers.published(state)
  }
}
