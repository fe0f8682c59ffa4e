import {
  isAudioFrame,
  isVideoFrame,
  type AudioFrame,
  type MediaFrame,
  type Micros,
  type VideoCodec,
  type VideoConfig,
  type VideoFrame,
} from '@crossroom/media'
import {
  Av1Packetizer,
  H264Packetizer,
  H265Packetizer,
  OPUS_CLOCK_RATE,
  OpusPacketizer,
  PayloadBuffer,
  RedPacketizer,
  rtpTimestampFromMicros,
  VIDEO_CLOCK_RATE,
  Vp8Packetizer,
  type Egress,
  type EgressFrame,
  type FrameNumber,
  type Packetizer,
  type SourceId,
  type TrackId,
} from '@crossroom/webrtc'
import { startLimits } from '../../../config/index.js'
import type { EndReason, FrameSink, FrameSource, Tracks } from '../../../hub/index.js'
import type { LiveClock } from './live-clock.js'
import { RateMeter } from './rate-meter.js'

/**
 * A conversion begins with the sound of the cached GOP, faster than real time. A viewer that starts at live must not get
 * it: a browser would play all of it, and stay behind by as much. Sound is live from the first frame younger than this.
 */
const LIVE_AGE: Micros = 80_000

/** How often viewers are told when what they get was taken; they reckon on from there (abs-capture-time). */
const TELL_CAPTURE: Micros = 1_000_000

/** A video frame that the egress keeps, so that a new viewer can start from it. */
export interface KeptFrame {
  readonly number: FrameNumber
  readonly pts: Micros
  readonly rtpTimestamp: number
  readonly bytes: number
  readonly packets: number
  readonly config: VideoConfig
}

/** A track of a viewer that gets a stream's pictures or sound. `track` is 0 while it gets nothing (the egress numbers from 1). */
interface RtpViewer {
  readonly track: TrackId
  /** Where live is on the stream's time line is known from now on. Called before the first frame, and again after each interruption. */
  handleLive(): void
  handleEnd(reason: EndReason): void
}

export interface VideoViewer extends RtpViewer {
  /** Whether this viewer gets the frame. Called once per frame, in order. */
  admits(frame: VideoFrame, bytes: number): boolean
}

export interface AudioViewer extends RtpViewer {
  /** The payload type of Opus inside RED while the viewer wants redundancy, else 0. */
  readonly redundancy: number
}

/** The newest frame of a kind that was handed to the egress. */
export class LastFrame {
  at: Micros | undefined
  /** On the source's time line. */
  rtpTimestamp = 0
  #toldAt: Micros = -Infinity

  set(at: Micros, rtpTimestamp: number): void {
    this.at = at
    this.rtpTimestamp = rtpTimestamp
  }

  /** Whether it is time to say when a frame was taken. */
  tellsCapture(now: Micros): boolean {
    if (now - this.#toldAt < TELL_CAPTURE) return false
    this.#toldAt = now
    return true
  }
}

export interface RtpFanoutOptions {
  readonly stream: FrameSource
  readonly egress: Egress
  /** Shared by all fanouts of the same stream of the hub: their pictures and sounds are played in sync. */
  readonly clock: LiveClock
  readonly now: () => Micros
  /** H.264 goes out in packetization mode 0. */
  readonly inSlices: boolean
  /** See `RtpFanout.bridge`. */
  readonly bridge: () => RtpFanout | undefined
  /** Called once, when the last viewer has left or the stream is over. */
  readonly onEmpty: () => void
}

/** Packs the frames of one stream into RTP payloads, once, and hands them to the egress for all viewers at a time. */
export class RtpFanout implements FrameSink {
  /** The live position on the stream's time line. */
  readonly clock: LiveClock
  readonly videoRate = new RateMeter()
  readonly audioRate = new RateMeter()
  readonly videoSource: SourceId
  readonly lastVideo = new LastFrame()
  readonly lastAudio = new LastFrame()
  readonly #audioSource: SourceId
  readonly #egress: Egress
  readonly #stream: FrameSource
  readonly #now: () => Micros
  readonly #bridge: () => RtpFanout | undefined
  readonly #onEmpty: () => void
  readonly #packetizers: Partial<Record<VideoCodec, Packetizer<VideoFrame['config']>>>
  readonly #opus = new OpusPacketizer()
  /** By inner payload type; made when the first viewer begins to lose packets. */
  readonly #red = new Map<number, { readonly packetizer: RedPacketizer; readonly source: SourceId }>()
  readonly #payloads = new PayloadBuffer()
  readonly #videoViewers = new Set<VideoViewer>()
  readonly #audioViewers = new Set<AudioViewer>()
  #unsubscribe: (() => void) | undefined
  /** The targets of the current frame; kept to save an array per frame. */
  #targets = new Uint32Array(64)
  #gop: KeptFrame[] = []
  #gopBytes = 0
  #isLive = false
  /** Microseconds between the last two keyframes; undefined before the second one. */
  #gopLength: Micros | undefined
  #audioIsLive = false
  #closed = false

  constructor(options: RtpFanoutOptions) {
    const { stream, egress, clock } = options
    this.#packetizers = {
      ...{ h264: new H264Packetizer({ mode: options.inSlices ? 0 : 1 }), vp8: new Vp8Packetizer() },
      ...{ h265: new H265Packetizer(), av1: new Av1Packetizer() },
    }
    this.#now = options.now
    this.#stream = stream
    this.#egress = egress
    this.#bridge = options.bridge
    this.#onEmpty = options.onEmpty
    this.clock = clock
    this.videoSource = egress.addSource({ kind: 'video' })
    this.#audioSource = egress.addSource({ kind: 'audio' })
    const unsubscribe = stream.subscribe(this, 'gop')
    if (this.#closed) unsubscribe()
    else this.#unsubscribe = unsubscribe
  }

  get tracks(): Tracks {
    return this.#stream.tracks
  }

  /** What the egress has since the last keyframe; empty where that is too much. Not to be kept or changed. */
  get gop(): readonly KeptFrame[] {
    return this.#gop
  }

  /** The same, if it is what a new viewer should start from: a publisher that can be asked makes a keyframe in less time than many frames take. */
  get start(): readonly KeptFrame[] {
    return this.#stream.isAskable && this.#gop.length > startLimits.askedBurstFrames ? [] : this.#gop
  }

  /** Creates video for viewers that would wait for a keyframe; undefined without a codec process. */
  bridge(): RtpFanout | undefined {
    return this.#bridge()
  }

  /** From the newest frame to the next keyframe, as far as that can be told. */
  get untilKeyframe(): Micros | undefined {
    const first = this.#gop[0]
    if (first === undefined || this.#gopLength === undefined) return undefined
    return first.pts + this.#gopLength - this.#gop.at(-1)!.pts
  }

  addVideo(viewer: VideoViewer): void {
    this.#videoViewers.add(viewer)
  }

  addAudio(viewer: AudioViewer): void {
    this.#audioViewers.add(viewer)
  }

  remove(viewer: VideoViewer | AudioViewer): void {
    this.#videoViewers.delete(viewer as VideoViewer)
    this.#audioViewers.delete(viewer as AudioViewer)
    if (this.#videoViewers.size + this.#audioViewers.size === 0) this.#close()
  }

  /** Asks the source of the video for a keyframe; false if it cannot be asked. */
  requestKeyframe(): boolean {
    return this.#stream.requestKeyframe()
  }

  handleFrame(frame: MediaFrame): void {
    this.clock.handleFrame(frame)
    if (!this.#isLive) {
      this.#isLive = true
      for (const viewer of [...this.#videoViewers, ...this.#audioViewers]) viewer.handleLive()
    }
    if (isVideoFrame(frame)) this.#handleVideo(frame)
    else if (isAudioFrame(frame)) this.#handleAudio(frame)
  }

  handleInterrupted(): void {
    this.#forgetGop()
    this.#audioIsLive = false
    this.#isLive = false
    this.clock.reset()
  }

  handleVideoWithheld(): void {
    this.#forgetGop()
  }

  handleEnd(reason: EndReason): void {
    for (const viewer of [...this.#videoViewers, ...this.#audioViewers]) viewer.handleEnd(reason)
    this.#close()
  }

  #handleVideo(frame: VideoFrame): void {
    if (this.#packetizers[frame.config.codec]?.packetize(frame, this.#payloads) !== true) return
    const { count: packets, byteLength: bytes } = this.#payloads
    this.videoRate.add(frame.receivedAt, packets, bytes)
    let targets = 0
    this.#makeRoom(this.#videoViewers.size)
    for (const viewer of this.#videoViewers)
      if (viewer.track !== 0 && viewer.admits(frame, bytes)) this.#targets[targets++] = viewer.track
    const rtpTimestamp = rtpTimestampFromMicros(frame.pts, VIDEO_CLOCK_RATE)
    this.lastVideo.set(this.#now(), rtpTimestamp)
    const number = this.#send(this.videoSource, frame, rtpTimestamp, true, targets)
    if (number === undefined) {
      // The egress refused it: a viewer that starts here cannot decode the following frames.
      this.#forgetGop()
      return
    }
    this.#keep(frame, { number, pts: frame.pts, rtpTimestamp, bytes, packets, config: frame.config })
  }

  #keep(frame: VideoFrame, kept: KeptFrame): void {
    if (frame.keyframe) {
      const before = this.#gop[0]
      if (before !== undefined) this.#gopLength = frame.pts - before.pts
      this.#forgetGop()
    } else if (this.#gop.length === 0) return
    this.#gop.push(kept)
    this.#gopBytes += kept.bytes
    if (this.#gop.length > startLimits.burstFrames || this.#gopBytes > startLimits.burstBytes) this.#forgetGop()
  }

  #forgetGop(): void {
    this.#gop = []
    this.#gopBytes = 0
  }

  #handleAudio(frame: AudioFrame): void {
    if (!this.#audioIsLive && this.#now() - frame.receivedAt > LIVE_AGE) return
    this.#audioIsLive = true
    // Sound has no past that a new viewer starts from.
    if (this.#audioViewers.size === 0) return
    if (frame.config.codec !== 'opus' || !this.#opus.packetize(frame, this.#payloads)) return
    this.audioRate.add(frame.receivedAt, this.#payloads.count, this.#payloads.byteLength)
    const rtpTimestamp = rtpTimestampFromMicros(frame.pts, OPUS_CLOCK_RATE)
    this.lastAudio.set(this.#now(), rtpTimestamp)
    this.#send(this.#audioSource, frame, rtpTimestamp, false, this.#audioTargets(0))
    for (const viewer of this.#audioViewers) if (viewer.redundancy !== 0) this.#redOf(viewer.redundancy)
    for (const [inner, { packetizer, source }] of this.#red) {
      const targets = this.#audioTargets(inner)
      if (targets === 0) this.#endRed(inner)
      else if (packetizer.packetize(frame, this.#payloads)) this.#send(source, frame, rtpTimestamp, false, targets)
    }
  }

  /** Viewers that get their sound in this form: 0 plain, else RED with that inner payload type. */
  #audioTargets(redundancy: number): number {
    let targets = 0
    this.#makeRoom(this.#audioViewers.size)
    for (const viewer of this.#audioViewers)
      if (viewer.track !== 0 && viewer.redundancy === redundancy) this.#targets[targets++] = viewer.track
    return targets
  }

  #redOf(inner: number): void {
    if (this.#red.has(inner)) return
    this.#red.set(inner, {
      packetizer: new RedPacketizer(inner),
      source: this.#egress.addSource({ kind: 'audio' }),
    })
  }

  /** The last viewer with packet loss has none any more. */
  #endRed(inner: number): void {
    const red = this.#red.get(inner)
    this.#red.delete(inner)
    if (red !== undefined) this.#egress.removeSource(red.source)
  }

  #send(
    source: SourceId,
    frame: MediaFrame,
    rtpTimestamp: number,
    marker: boolean,
    targets: number,
  ): FrameNumber | undefined {
    const { config, captureTime } = frame
    const now = this.#now()
    const last = config.kind === 'video' ? this.lastVideo : this.lastAudio
    const packed: EgressFrame = {
      rtpTimestamp,
      payloads: this.#payloads.bytes,
      ends: this.#payloads.ends,
      packetCount: this.#payloads.count,
      marker,
      keyframe: frame.keyframe,
      ...(captureTime !== undefined &&
        last.tellsCapture(now) && { captureWallClock: Date.now() * 1000 + captureTime - now }),
      ...(config.kind === 'video' && config.orientation !== 0 && { orientation: config.orientation }),
      ...(frame.audioLevel !== undefined && { audioLevel: frame.audioLevel }),
    }
    return this.#egress.frame(source, packed, this.#targets, targets)
  }

  #makeRoom(viewers: number): void {
    if (this.#targets.length < viewers) this.#targets = new Uint32Array(viewers * 2)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unsubscribe?.()
    this.#egress.removeSource(this.videoSource)
    this.#egress.removeSource(this.#audioSource)
    for (const { source } of this.#red.values()) this.#egress.removeSource(source)
    this.#onEmpty()
  }
}
