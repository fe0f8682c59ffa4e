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
import type { EndReason, FrameSink } from '../../hub/index.js'
import { LiveClock } from './live-clock.js'
import type { PlayableStream } from './playable.js'

/** A frame that the egress keeps, so that a new viewer can start from it. */
export interface KeptFrame {
  readonly number: FrameNumber
  readonly pts: Micros
  readonly rtpTimestamp: number
  readonly bytes: number
  readonly packets: number
}

/** What a viewer does when the stream's frames come and go. */
export interface RtpViewer {
  /** A video frame went out, and with it the chance to start at a keyframe. */
  handleVideo(frame: KeptFrame, keyframe: boolean): void
  handleEnd(reason: EndReason): void
}

/** Tracks that get every frame, in the shape that the egress takes. */
class Targets {
  #tracks = new Uint32Array(16)
  #count = 0

  get tracks(): Uint32Array {
    return this.#tracks
  }

  get count(): number {
    return this.#count
  }

  add(track: TrackId): void {
    if (this.#tracks.subarray(0, this.#count).includes(track)) return
    if (this.#count === this.#tracks.length) {
      const grown = new Uint32Array(this.#count * 2)
      grown.set(this.#tracks)
      this.#tracks = grown
    }
    this.#tracks[this.#count++] = track
  }

  delete(track: TrackId): void {
    const index = this.#tracks.subarray(0, this.#count).indexOf(track)
    if (index >= 0) this.#tracks[index] = this.#tracks[--this.#count]!
  }
}

/** Packs the frames of one stream into RTP payloads, once, and hands them to the egress for all viewers at a time. */
export class RtpFanout implements FrameSink {
  readonly clock = new LiveClock()
  readonly #egress: Egress
  readonly #stream: PlayableStream
  readonly #onEmpty: () => void
  readonly #videoSource: SourceId
  readonly #audioSource: SourceId
  readonly #packetizers: Partial<Record<VideoCodec, Packetizer<VideoFrame['config']>>> = {
    h264: new H264Packetizer(),
    vp8: new Vp8Packetizer(),
  }
  readonly #opus = new OpusPacketizer()
  readonly #payloads = new PayloadBuffer()
  readonly #video = new Targets()
  readonly #audio = new Targets()
  readonly #viewers = new Set<RtpViewer>()
  readonly #unsubscribe: () => void
  /** Frames since the last keyframe, that one first. */
  #gop: KeptFrame[] = []
  /** Microseconds between the last two keyframes; undefined before the second one. */
  #gopLength: Micros | undefined
  #closed = false

  constructor(stream: PlayableStream, egress: Egress, onEmpty: () => void) {
    this.#stream = stream
    this.#egress = egress
    this.#onEmpty = onEmpty
    this.#videoSource = egress.addSource({ kind: 'video' })
    this.#audioSource = egress.addSource({ kind: 'audio' })
    this.#unsubscribe = stream.subscribe(this, 'gop')
  }

  get videoSource(): SourceId {
    return this.#videoSource
  }

  /** Empty, or beginning with a keyframe. Not to be kept or changed. */
  get gop(): readonly KeptFrame[] {
    return this.#gop
  }

  /** When the next keyframe is due on the stream's time line, as far as that can be told. */
  get nextKeyframePts(): Micros | undefined {
    const first = this.#gop[0]
    return first === undefined || this.#gopLength === undefined ? undefined : first.pts + this.#gopLength
  }

  add(viewer: RtpViewer): void {
    this.#viewers.add(viewer)
  }

  /** From the next frame on the track gets every one. */
  addTarget(kind: 'video' | 'audio', track: TrackId): void {
    if (kind === 'video') this.#video.add(track)
    else this.#audio.add(track)
  }

  remove(viewer: RtpViewer, tracks: readonly TrackId[]): void {
    for (const track of tracks) {
      this.#video.delete(track)
      this.#audio.delete(track)
    }
    if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.#close()
  }

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
    this.clock.reset()
  }

  handleEnd(reason: EndReason): void {
    for (const viewer of [...this.#viewers]) viewer.handleEnd(reason)
    this.#close()
  }

  #handleVideo(frame: VideoFrame): void {
    const packetizer = this.#packetizers[frame.config.codec]
    if (packetizer?.packetize(frame, this.#payloads) !== true) return
    const number = this.#send(this.#videoSource, frame, VIDEO_CLOCK_RATE, this.#video, true)
    if (number === undefined) {
      // Nobody got it: what follows cannot be decoded by a viewer that starts here.
      this.#gop = []
      return
    }
    const kept: KeptFrame = {
      number,
      pts: frame.pts,
      rtpTimestamp: rtpTimestampFromMicros(frame.pts, VIDEO_CLOCK_RATE),
      bytes: this.#payloads.byteLength,
      packets: this.#payloads.count,
    }
    if (frame.keyframe) {
      const before = this.#gop[0]
      if (before !== undefined) this.#gopLength = frame.pts - before.pts
      this.#gop = [kept]
    } else if (this.#gop.length > 0) this.#gop.push(kept)
    for (const viewer of this.#viewers) viewer.handleVideo(kept, frame.keyframe)
  }

  #handleAudio(frame: AudioFrame): void {
    if (frame.config.codec !== 'opus' || !this.#opus.packetize(frame, this.#payloads)) return
    this.#send(this.#audioSource, frame, OPUS_CLOCK_RATE, this.#audio, false)
  }

  #send(
    source: SourceId,
    frame: MediaFrame,
    clockRate: number,
    targets: Targets,
    marker: boolean,
  ): FrameNumber | undefined {
    const { config } = frame
    const packed: EgressFrame = {
      rtpTimestamp: rtpTimestampFromMicros(frame.pts, clockRate),
      payloads: this.#payloads.bytes,
      ends: this.#payloads.ends,
      packetCount: this.#payloads.count,
      marker,
      keyframe: frame.keyframe,
      ...(config.kind === 'video' && config.orientation !== 0 && { orientation: config.orientation }),
      ...(frame.audioLevel !== undefined && { audioLevel: frame.audioLevel }),
    }
    return this.#egress.frame(source, packed, targets.tracks, targets.count)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unsubscribe()
    this.#egress.removeSource(this.#videoSource)
    this.#egress.removeSource(this.#audioSource)
    this.#onEmpty()
  }
}
