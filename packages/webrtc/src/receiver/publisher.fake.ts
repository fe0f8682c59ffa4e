import { Link, pollAll, seededRandom, type LinkOptions } from '@crossroom/testkit'
import { writeUint16, type AudioFrame, type Micros, type VideoFrame } from '@crossroom/media'
import { audioFrame, patterned, videoConfig, videoFrame } from '../packetizer/frames.fake.js'
import { H264Packetizer } from '../packetizer/h264.js'
import { OpusPacketizer } from '../packetizer/opus.js'
import type { Packetizer } from '../packetizer/packetizer.js'
import { PayloadBuffer } from '../packetizer/payload-buffer.js'
import { RedPacketizer } from '../packetizer/red.js'
import { parseCompound, buildCompound, type RtcpPacket } from '../rtcp/compound.js'
import { elementOffset, findHeaderExtension } from '../rtp/extensions.js'
import { parseRtpHeader } from '../rtp/header.js'
import { ntpFromMicros } from '../rtp/ntp.js'
import { buildRtpPacket, bytesFromHex } from '../rtp/rtp.fake.js'
import { writeRtx } from '../rtp/rtx.js'
import { rtpTimestampFromMicros } from '../rtp/timestamp.js'
import { RtpReceiver, type RtpReceiverEvent, type RtpReceiverOptions } from './rtp-receiver.js'
import type { ReceivedMedia } from './source-table.js'

/** Parameter sets of an x264 Constrained Baseline stream of 320×180. */
const parameterSets = [bytesFromHex('6742c00cd901419f9f011000000300100000030320f142a480'), bytesFromHex('68cb83cb20')]

export const ids = {
  mid: 4,
  transportSequence: 3,
  absSendTime: 2,
  audioLevel: 1,
  videoOrientation: 6,
  rid: 10,
  repairedRid: 11,
  absCaptureTime: 7,
}

export const videoMedia: ReceivedMedia = {
  mid: '1',
  kind: 'video',
  codecs: [
    {
      codec: 'h264',
      payloadType: 102,
      rtxPayloadType: 103,
      clockRate: 90_000,
      channels: 1,
      rtpName: 'H264',
      format: '',
      feedback: ['nack', 'nack pli', 'transport-cc'],
    },
  ],
  extensions: ids,
  remote: [{ ssrc: 1000, rtxSsrc: 1001 }],
  rids: [],
}

export const audioMedia: ReceivedMedia = {
  mid: '0',
  kind: 'audio',
  codecs: [
    {
      codec: 'opus',
      payloadType: 111,
      redPayloadType: 63,
      clockRate: 48_000,
      channels: 2,
      rtpName: 'opus',
      format: '',
      feedback: ['transport-cc'],
    },
  ],
  extensions: ids,
  remote: [{ ssrc: 2000 }],
  rids: [],
}

/** An answer of Chrome with redundant audio enabled by its page. */
export const audioMediaWithNack: ReceivedMedia = {
  ...audioMedia,
  codecs: audioMedia.codecs.map((codec) => ({ ...codec, feedback: ['transport-cc', 'nack'] })),
}

/** Our time 0 in the sender's NTP clock. */
const NTP_EPOCH: Micros = 3_900_000_000_000_000

/** A frame of `bytes` that carries its own number behind the NAL header. */
export function numberedFrame(number: number, bytes: number, keyframe: boolean): VideoFrame {
  const unit = patterned(bytes, keyframe ? 0x65 : 0x41, 0x88, number >> 16, number >> 8, number)
  return videoFrame(videoConfig('h264'), keyframe ? [...parameterSets, unit] : [unit], keyframe)
}

/** The number that `numberedFrame` or the audio of the publisher wrote. */
export function numberOf(unit: Uint8Array): number {
  return (unit[2]! << 16) | (unit[3]! << 8) | unit[4]!
}

interface Outgoing<Frame extends VideoFrame | AudioFrame> {
  readonly ssrc: number
  readonly payloadType: number
  readonly clockRate: number
  readonly mid: string
  readonly packetizer: Packetizer<Frame['config']>
  readonly timestampOffset: number
  sequence: number
  packetCount: number
}

export interface PublisherOptions {
  readonly up: LinkOptions
  readonly down?: LinkOptions
  readonly seed?: number
  readonly useRed?: boolean
  readonly hasAudio?: boolean
  readonly hasVideo?: boolean
  /** Bytes of an interframe; default 4000 ± 2000. */
  readonly frameBytes?: number
  readonly receiver?: Partial<RtpReceiverOptions>
  /** Parts per million by which the publisher's clock is fast. */
  readonly drift?: number
  /** How long the encoder holds pictures back. */
  readonly videoDelay?: Micros
  readonly reportInterval?: Micros
  /** Default true: it sends again what it is asked for. */
  readonly repairs?: boolean
  /** Keyframes without a request. */
  readonly keyframes?: readonly number[]
  /** The second packet of this picture is lost. */
  readonly losesOf?: number
}

/** A browser on the other side of a lossy network, as far as the receiver can tell: RTX, PLI and sender reports included. */
export class SimulatedPublisher {
  readonly receiver: RtpReceiver
  readonly events: { readonly at: Micros; readonly event: RtpReceiverEvent }[] = []
  readonly rtcp: { readonly at: Micros; readonly packet: RtcpPacket }[] = []
  readonly up: Link<Uint8Array>
  readonly #down: Link<Uint8Array>
  readonly #options: PublisherOptions
  readonly #random: () => number
  readonly #buffer = new PayloadBuffer()
  readonly #history = new Map<number, Uint8Array>()
  readonly video: Outgoing<VideoFrame>
  readonly audio: Outgoing<AudioFrame>
  videoFrames = 0
  audioFrames = 0
  packetsSent = 0
  retransmissions = 0
  #wantsKeyframe = true
  #transportSequence = 65_000
  #rtxSequence = 0
  #nextReport: Micros

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed ?? 1)
    this.up = new Link(options.up)
    this.#down = new Link(options.down ?? { seed: 99 })
    this.#nextReport = options.reportInterval ?? 1_000_000
    this.receiver = new RtpReceiver({
      now: 0,
      media: [audioMedia, videoMedia],
      ssrc: 7,
      cname: 'server',
      ...options.receiver,
    })
    this.video = {
      ssrc: 1000,
      payloadType: 102,
      clockRate: 90_000,
      mid: '1',
      packetizer: new H264Packetizer(),
      timestampOffset: 0xffff_0000,
      sequence: 0xfff0,
      packetCount: 0,
    }
    this.audio = {
      ssrc: 2000,
      payloadType: options.useRed === true ? 63 : 111,
      clockRate: 48_000,
      mid: '0',
      packetizer: options.useRed === true ? new RedPacketizer(111) : new OpusPacketizer(),
      timestampOffset: 0xffff_8000,
      sequence: 0xff00,
      packetCount: 0,
    }
  }

  /** Runs until `end` in steps of a millisecond. */
  run(end: Micros, from: Micros = 0): void {
    const { hasAudio = true, hasVideo = true } = this.#options
    for (let now = from; now < end; now += 1000) {
      if (hasAudio && now >= this.audioFrames * 20_000) this.#sendAudio(now)
      if (hasVideo && now >= this.videoFrames * 33_333 + (this.#options.videoDelay ?? 0)) this.#sendVideo(now)
      if (now >= this.#nextReport) this.#sendReports(now)
      this.#deliver(now)
    }
  }

  #sendVideo(now: Micros): void {
    const keyframe = this.#wantsKeyframe || this.#options.keyframes?.includes(this.videoFrames) === true
    this.#wantsKeyframe = false
    const bytes = (this.#options.frameBytes ?? 4000) * (0.5 + this.#random()) * (keyframe ? 5 : 1)
    const frame = numberedFrame(this.videoFrames, Math.floor(bytes), keyframe)
    this.#sendFrame(now, this.video, frame, this.videoFrames++ * 33_333, true)
  }

  #sendAudio(now: Micros): void {
    const number = this.audioFrames++
    const frame = audioFrame(number * 20_000, patterned(160, 0xfc, 0, number >> 16, number >> 8, number))
    this.#sendFrame(now, this.audio, frame, number * 20_000, number === 0)
  }

  #sendFrame<Frame extends VideoFrame | AudioFrame>(
    now: Micros,
    track: Outgoing<Frame>,
    frame: Frame,
    mediaTime: Micros,
    marker: boolean,
  ): void {
    track.packetizer.packetize(frame, this.#buffer)
    for (let index = 0; index < this.#buffer.count; index++) {
      const packet = buildRtpPacket(
        {
          marker: marker && index === this.#buffer.count - 1,
          payloadType: track.payloadType,
          sequenceNumber: track.sequence++ & 0xffff,
          timestamp: this.#timestamp(track, mediaTime),
          ssrc: track.ssrc,
        },
        this.#buffer.packet(index),
        { mid: track.mid, transportSequence: this.#transportSequence++ & 0xffff, absSendTime: now % 64_000_000 },
        ids,
      )
      this.#history.set(track.ssrc * 0x10000 + ((track.sequence - 1) & 0xffff), packet)
      const isLost = marker && index === 1 && this.#options.losesOf === this.videoFrames - 1 && track.mid === '1'
      if (!isLost) this.#sendPacket(now, packet)
      track.packetCount++
    }
  }

  #timestamp(track: Outgoing<never>, mediaTime: Micros): number {
    const drifted = mediaTime * (1 + (this.#options.drift ?? 0) / 1e6)
    return (rtpTimestampFromMicros(Math.round(drifted), track.clockRate) + track.timestampOffset) >>> 0
  }

  #sendPacket(now: Micros, packet: Uint8Array): void {
    this.packetsSent++
    this.up.send(now, packet, packet.length + 28)
  }

  #sendReports(now: Micros): void {
    this.#nextReport += this.#options.reportInterval ?? 1_000_000
    const ntpTime = ntpFromMicros(NTP_EPOCH + now)
    const [video, audio] = [this.video, this.audio].map((track) => ({
      type: 'sender-report' as const,
      ssrc: track.ssrc,
      ntpTime,
      rtpTimestamp: this.#timestamp(track as Outgoing<never>, now),
      packetCount: track.packetCount,
      octetCount: 0,
      reports: [],
    }))
    this.up.send(now, buildCompound([video!, audio!]), 80)
  }

  #deliver(now: Micros): void {
    for (let next = this.up.receive(now); next !== undefined; next = this.up.receive(now)) {
      this.receiver.handleInput(now, next.item.slice())
      this.#drain(now)
    }
    this.#drain(now)
    for (let next = this.#down.receive(now); next !== undefined; next = this.#down.receive(now))
      this.#onRtcp(now, next.item)
  }

  #drain(now: Micros): void {
    const { outputs, events } = pollAll(this.receiver, now)
    for (const event of events) this.events.push({ at: now, event })
    for (const out of outputs) {
      this.#down.send(now, out, out.length + 28)
      for (const packet of parseCompound(out) ?? []) if (packet.type !== 'unused') this.rtcp.push({ at: now, packet })
    }
  }

  #onRtcp(now: Micros, compound: Uint8Array): void {
    for (const packet of parseCompound(compound) ?? []) {
      if (packet.type === 'pli' && packet.mediaSsrc === 1000) this.#wantsKeyframe = true
      if (packet.type !== 'nack' || this.#options.repairs === false) continue
      for (const sequence of packet.sequenceNumbers) this.#resend(now, packet.mediaSsrc, sequence)
    }
  }

  /** Video by RTX, sound as it was. */
  #resend(now: Micros, ssrc: number, sequence: number): void {
    const packet = this.#history.get(ssrc * 0x10000 + sequence)
    if (packet === undefined) return
    this.retransmissions++
    if (ssrc === 2000) return this.#sendPacket(now, packet)
    const resent = new Uint8Array(packet.length + 2)
    const rtx = { ssrc: 1001, payloadType: 103, sequenceNumber: this.#rtxSequence++ & 0xffff }
    const header = parseRtpHeader(packet)!
    writeRtx(packet, header, rtx, resent, 0)
    const place = findHeaderExtension(packet, header, ids.transportSequence)
    writeUint16(this.#transportSequence++, resent, elementOffset(place))
    this.#sendPacket(now, resent)
  }

  /** The frames of one kind that came out, with the time they did. */
  frames(kind: 'video' | 'audio') {
    return this.events.flatMap(({ at, event }) =>
      event.kind === 'frame' && event.frame.config.kind === kind ? [{ at, frame: event.frame }] : [],
    )
  }
}
