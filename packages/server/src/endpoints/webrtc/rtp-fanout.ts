import {
  isAudioFrame,
  isVideoFrame,
  type AudioFrame,
  type MediaFrame,
  type Micros,
  type VideoCodec,
  type VideoFrame,
} from '@crossroom/media'
import {
  H264Packetizer,
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
import type { EndReason, FrameSink, FrameSource } from '../../hub/index.js'
import { LiveClock } from './live-clock.js'
import { RateMeter } from './rate-meter.js'

/**
 * A conversion begins with the sound of the cached GOP, faster than real time. A viewer that starts at live must not get
 * it: a browser would play all of it, and stay behind by as much. Sound is live from the first frame younger than this.
 */
const LIVE_AGE: Micros = 80_000

/** A video frame that the egress keeps, so that a new viewer can start from it. */
export interface KeptFrame {
  readonly number: FrameNumber
  readonly pts: Micros
  readonly rtpTimestamp: number
  readonly bytes: number
  readonly packets: number
}

/** One viewer of a stream. Its tracks are 0 while it has none (the egress numbers from 1). */
export interface RtpViewer {
  readonly videoTrack: TrackId
  readonly audioTrack: TrackId
  /** The payload type of Opus inside RED while the viewer wants redundancy, else 0. */
  readonly redundancy: number
  /** Whether this viewer gets the frame. Called once per video frame, in order. */
  admitsVideo(frame: VideoFrame, bytes: number): boolean
  handleEnd(reason: EndReason): void
}

/** Packs the frames of one stream into RTP payloads, once, and hands them to the egress for all viewers at a time. */
export class RtpFanout implements FrameSink {
  /** Where live is on the stream's time line. */
  readonly clock = new LiveClock()
  readonly videoRate = new RateMeter()
  readonly audioRate = new RateMeter()
  readonly videoSource: SourceId
  readonly #audioSource: SourceId
  readonly #egress: Egress
  readonly #stream: FrameSource
  readonly #now: () => Micros
  readonly #onEmpty: () => void
  readonly #packetizers: Partial<Record<VideoCodec, Packetizer<VideoFrame['config']>>> = {
    h264: new H264Packetizer(),
    vp8: new Vp8Packetizer(),
  }
  readonly #opus = new OpusPacketizer()
  /** By inner payload type; made when the first viewer begins to lose packets. */
  readonly #red = new Map<number, { readonly packetizer: RedPacketizer; readonly source: SourceId }>()
  readonly #payloads = new PayloadBuffer()
  readonly #viewers = new Set<RtpViewer>()
  readonly #unsubscribe: () => void
  /** Who gets the frame at hand; kept to save an array per frame. */
  #targets = new Uint32Array(64)
  #gop: KeptFrame[] = []
  /** Microseconds between the last two keyframes; undefined before the second one. */
  #gopLength: Micros | undefined
  #audioIsLive = false
  #closed = false

  constructor(stream: FrameSource, egress: Egress, now: () => Micros, onEmpty: () => void) {
    this.#now = now
    this.#stream = stream
    this.#egress = egress
    this.#onEmpty = onEmpty
    this.videoSource = egress.addSource({ kind: 'video' })
    this.#audioSource = egress.addSource({ kind: 'audio' })
    this.#unsubscribe = stream.subscribe(this, 'gop')
  }

  /** What a new viewer starts from: empty, or beginning with a keyframe. Not to be kept or changed. */
  get gop(): readonly KeptFrame[] {
    return this.#gop
  }

  /** From the newest frame to the next keyframe, as far as that can be told. */
  get untilKeyframe(): Micros | undefined {
    const first = this.#gop[0]
    if (first === undefined || this.#gopLength === undefined) return undefined
    return first.pts + this.#gopLength - this.#gop.at(-1)!.pts
  }

  add(viewer: RtpViewer): void {
    this.#viewers.add(viewer)
  }

  remove(viewer: RtpViewer): void {
    if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.#close()
  }

  /** Asks whoever makes the pictures for a keyframe; false when they cannot be asked. */
  requestKeyframe(): boolean {
    return this.#stream.requestKeyframe()
  }

  handleFrame(frame: MediaFrame): void {
    this.clock.handleFrame(frame)
    if (isVideoFrame(frame)) this.#handleVideo(frame)
    else if (isAudioFrame(frame)) this.#handleAudio(frame)
  }

  handleInterrupted(): void {
    this.#gop = []
    this.#audioIsLive = false
    this.clock.reset()
  }

  handleVideoWithheld(): void {
    this.#gop = []
  }

  handleEnd(reason: EndReason): void {
    for (const viewer of [...this.#viewers]) viewer.handleEnd(reason)
    this.#close()
  }

  #handleVideo(frame: VideoFrame): void {
    if (this.#packetizers[frame.config.codec]?.packetize(frame, this.#payloads) !== true) return
    const { count: packets, byteLength: bytes } = this.#payloads
    this.videoRate.add(frame.receivedAt, packets, bytes)
    let targets = 0
    this.#makeRoom()
    for (const viewer of this.#viewers)
      if (viewer.videoTrack !== 0 && viewer.admitsVideo(frame, bytes)) this.#targets[targets++] = viewer.videoTrack
    const rtpTimestamp = rtpTimestampFromMicros(frame.pts, VIDEO_CLOCK_RATE)
    const number = this.#send(this.videoSource, frame, rtpTimestamp, true, targets)
    if (number === undefined) {
      // Nobody got it: what follows cannot be decoded by a viewer that starts here.
      this.#gop = []
      return
    }
    const kept: KeptFrame = { number, pts: frame.pts, rtpTimestamp, bytes, packets }
    if (frame.keyframe) {
      const before = this.#gop[0]
      if (before !== undefined) this.#gopLength = frame.pts - before.pts
      this.#gop = [kept]
    } else if (this.#gop.length > 0) this.#gop.push(kept)
  }

  #handleAudio(frame: AudioFrame): void {
    if (!this.#audioIsLive && this.#now() - frame.receivedAt > LIVE_AGE) return
    this.#audioIsLive = true
    if (frame.config.codec !== 'opus' || !this.#opus.packetize(frame, this.#payloads)) return
    this.audioRate.add(frame.receivedAt, this.#payloads.count, this.#payloads.byteLength)
    const rtpTimestamp = rtpTimestampFromMicros(frame.pts, OPUS_CLOCK_RATE)
    this.#send(this.#audioSource, frame, rtpTimestamp, false, this.#audioTargets(0))
    for (const viewer of this.#viewers) if (viewer.redundancy !== 0) this.#redOf(viewer.redundancy)
    for (const [inner, { packetizer, source }] of this.#red) {
      if (!packetizer.packetize(frame, this.#payloads)) continue
      this.#send(source, frame, rtpTimestamp, false, this.#audioTargets(inner))
    }
  }

  /** Viewers that get their sound in this form: 0 plain, else RED with that inner payload type. */
  #audioTargets(redundancy: number): number {
    let targets = 0
    this.#makeRoom()
    for (const viewer of this.#viewers)
      if (viewer.audioTrack !== 0 && viewer.redundancy === redundancy) this.#targets[targets++] = viewer.audioTrack
    return targets
  }

  #redOf(inner: number): void {
    if (this.#red.has(inner)) return
    this.#red.set(inner, {
      packetizer: new RedPacketizer(inner),
      source: this.#egress.addSource({ kind: 'audio' }),
    })
  }

  #send(
    source: SourceId,
    frame: MediaFrame,
    rtpTimestamp: number,
    marker: boolean,
    targets: number,
  ): FrameNumber | undefined {
    const { config } = frame
    const packed: EgressFrame = {
      rtpTimestamp,
      payloads: this.#payloads.bytes,
      ends: this.#payloads.ends,
      packetCount: this.#payloads.count,
      marker,
      keyframe: frame.keyframe,
      ...(config.kind === 'video' && config.orientation !== 0 && { orientation: config.orientation }),
      ...(frame.audioLevel !== undefined && { audioLevel: frame.audioLevel }),
    }
    return this.#egress.frame(source, packed, this.#targets, targets)
  }

  #makeRoom(): void {
    if (this.#targets.length < this.#viewers.size) this.#targets = new Uint32Array(this.#viewers.size * 2)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unsubscribe()
    this.#egress.removeSource(this.videoSource)
    this.#egress.removeSource(this.#audioSource)
    for (const { source } of this.#red.values()) this.#egress.removeSource(source)
    this.#onEmpty()
  }
}
