// A WHIP publisher for measuring with hundreds: what is sent was packed once for all of them. Like a browser it sends a keyframe
// first and then only when it is asked.
import { readFileSync } from 'node:fs'
import { FlvStreamReader, FlvTagReader, isAudioFrame, isVideoFrame } from '@crossroom/media'
import { PEER_PAYLOAD_TYPES } from '@crossroom/testkit'
import { H264Packetizer, parseCompound, PayloadBuffer } from '@crossroom/webrtc'
import { RtcSocket } from './rtc-socket.mjs'
import { loadSource } from './source.mjs'

/** Sound of 20 ms each, looped: what an encoder of FFmpeg made of a tone (its origin: test/fixtures/media/README.md). */
const OPUS_FILE = new URL('../../test/fixtures/media/enhanced-av1-opus.flv', import.meta.url)
const AUDIO_MS = 20
const VIDEO_MS = 40
const SOCKET_BUFFER = 256 * 1024
const AUDIO_SSRC = 0x0a0d10
const VIDEO_SSRC = 0x01de0
/** Of every offer of RtcPeer: mid is 1, transport-wide sequence number is 2 (RFC 8285 section 4.2). */
const HEADER_BYTES = 12 + 4 + 8

/** The payloads of a keyframe, and of each other frame: `video` 25 a second, `audio` 50 a second. */
export function loadPayloads() {
  const { headers, frames } = loadSource()
  const buffer = new PayloadBuffer()
  const packetizer = new H264Packetizer()
  const pack = (frame) => {
    packetizer.packetize(frame, buffer)
    return Array.from({ length: buffer.count }, (_, index) => buffer.packet(index).slice())
  }
  const pictures = readTags([...headers, ...frames]).filter(isVideoFrame)
  const reader = new FlvStreamReader()
  reader.handleInput(readFileSync(OPUS_FILE))
  const tags = []
  for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag()) tags.push(tag)
  const audio = readTags(tags).filter(isAudioFrame)
  return {
    keyframe: pack(pictures.find(({ keyframe }) => keyframe)),
    video: pictures.filter(({ keyframe }) => !keyframe).map(pack),
    audio: audio.map((frame) => [frame.units[0].slice()]),
  }
}

function readTags(tags) {
  const reader = new FlvTagReader()
  const frames = []
  for (const { type, timestampMs, body } of tags) reader.readTag(type, timestampMs, body, 0, frames)
  return frames
}

export class RtcPublisher {
  packets = 0
  #payloads
  #socket
  #transportSequence = 0
  #sequences = { video: 0, audio: 0 }
  #next = { video: 0, audio: 0 }
  #wantsKeyframe = true

  constructor(url, payloads) {
    this.#payloads = payloads
    this.#socket = new RtcSocket({
      url,
      buffers: { receiveBuffer: SOCKET_BUFFER, sendBuffer: SOCKET_BUFFER },
      peer: { direction: 'sendonly' },
      inboundOf: (inbound) => this.#overheard(inbound),
    })
  }

  /** Resolves once connected. */
  join() {
    return this.#socket.join()
  }

  /** Sends what is due `playedMs` after the beginning. */
  sendUntil(playedMs) {
    while (this.#next.video * VIDEO_MS <= playedMs) this.#sendFrame('video', VIDEO_MS * 90)
    while (this.#next.audio * AUDIO_MS <= playedMs) this.#sendFrame('audio', AUDIO_MS * 48)
    this.#socket.flush()
  }

  #sendFrame(kind, ticks) {
    const number = this.#next[kind]++
    const isKeyframe = kind === 'video' && this.#wantsKeyframe
    if (isKeyframe) this.#wantsKeyframe = false
    const packets = isKeyframe ? this.#payloads.keyframe : this.#payloads[kind][number % this.#payloads[kind].length]
    packets.forEach((payload, index) => this.#sendPacket(kind, number * ticks, payload, index === packets.length - 1))
  }

  #sendPacket(kind, timestamp, payload, marker) {
    const packet = new Uint8Array(HEADER_BYTES + payload.length)
    const view = new DataView(packet.buffer)
    const payloadType = kind === 'video' ? PEER_PAYLOAD_TYPES.h264 : PEER_PAYLOAD_TYPES.opus
    packet[0] = 0x90
    packet[1] = (marker ? 0x80 : 0) | payloadType
    view.setUint16(2, this.#sequences[kind]++)
    view.setUint32(4, timestamp)
    view.setUint32(8, kind === 'video' ? VIDEO_SSRC : AUDIO_SSRC)
    view.setUint32(12, 0xbede_0002)
    packet[16] = 0x10
    packet[17] = kind === 'audio' ? 0x30 : 0x31
    packet[18] = 0x21
    view.setUint16(19, this.#transportSequence++)
    packet.set(payload, HEADER_BYTES)
    this.#socket.peer.sendRtp(packet)
    this.packets++
  }

  /** Handles keyframe requests. Other messages of the server do not affect the measurement. */
  #overheard(inbound) {
    return {
      unprotectRtp: (packet, length) => inbound.unprotectRtp(packet, length),
      unprotectRtcp: (packet, length) => {
        const plain = inbound.unprotectRtcp(packet, length)
        if (parseCompound(packet.subarray(0, Math.max(plain, 0)))?.some(({ type }) => type === 'pli'))
          this.#wantsKeyframe = true
        return plain
      },
      counters: () => inbound.counters(),
      close: () => inbound.close(),
    }
  }
}
