import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FlvStreamReader, FlvTagReader, isAudioFrame, isVideoFrame, type MediaFrame } from '@crossroom/media'
import { NativeEngine, srtpOutboundForTest } from '@crossroom/native'
import { PEER_PAYLOAD_TYPES, RoomPlayer, RtcPeer } from '@crossroom/testkit'
import { H264Packetizer, PayloadBuffer } from '@crossroom/webrtc'
import { nowMicros, PeerSocket } from '../../../packages/testkit/src/rtc-peer/peer-socket.js'
import type { TestServer } from '../../harness/index.js'
import { RoomMember } from '../rooms/room-member.js'

/** Sound of 20 ms each (its origin: test/fixtures/media/README.md). */
const OPUS_FILE = fileURLToPath(new URL('../../fixtures/media/enhanced-av1-opus.flv', import.meta.url))
const AUDIO_MS = 20
const TICK_MS = 10
const PING_MS = 8000
const SSRC = { audio: 0x0a0d10, video: 0x01de0 } as const
/** RTP with two header extensions: mid and the transport-wide sequence number (RFC 8285 section 4.2). */
const HEADER_BYTES = 12 + 4 + 8

/** Coded frames as RTP payloads, packed once for all peers. */
export interface PeerMedia {
  readonly video: readonly (readonly Uint8Array[])[]
  readonly audio: readonly (readonly Uint8Array[])[]
  readonly videoMs: number
}

/** The pictures of an FLV file, and sound. */
export function loadPeerMedia(path: string, frameRate: number): PeerMedia {
  const buffer = new PayloadBuffer()
  const packetizer = new H264Packetizer()
  const video = framesOf(path)
    .filter(isVideoFrame)
    .map((frame) => {
      packetizer.packetize(frame, buffer)
      return Array.from({ length: buffer.count }, (_, index) => buffer.packet(index).slice())
    })
  const audio = framesOf(OPUS_FILE)
    .filter(isAudioFrame)
    .map((frame) => [frame.units[0]!.slice()])
  return { video, audio, videoMs: 1000 / frameRate }
}

function framesOf(path: string): MediaFrame[] {
  const file = new FlvStreamReader()
  const tags = new FlvTagReader()
  const frames: MediaFrame[] = []
  file.handleInput(readFileSync(path))
  for (let tag = file.pollTag(); tag; tag = file.pollTag()) tags.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
  return frames
}

let engine: NativeEngine | undefined
function sharedEngine(): NativeEngine {
  engine ??= new NativeEngine()
  return engine
}

const webRtcEngine = () => {
  const { dtls, srtp } = sharedEngine()
  return {
    hmacSha1: (key: Uint8Array, data: Uint8Array) => createHmac('sha1', key).update(data).digest(),
    dtls,
    createInbound: (keys: Parameters<typeof srtp.createInbound>[0]) => srtp.createInbound(keys),
    createOutbound: srtpOutboundForTest,
  }
}

/** A member of a room on the level of RTP: sends what was coded before, and counts what comes of everybody else. */
export class RoomPeer {
  /** Packets of sound, and pictures, by SSRC. */
  readonly sounds = new Map<number, number>()
  readonly pictures = new Map<number, number>()
  readonly #member: RoomMember
  readonly #media: PeerMedia
  readonly #peer = new RtcPeer({ ...webRtcEngine(), now: nowMicros(), random: Math.random, direction: 'sendonly' })
  readonly #socket = new PeerSocket(this.#peer, () => undefined)
  readonly #player: RoomPlayer
  readonly #timers: NodeJS.Timeout[] = []
  readonly #next = { video: 0, audio: 0 }
  readonly #sequence = { video: 0, audio: 0 }
  #transportSequence = 0
  #answered = 0

  private constructor(member: RoomMember, media: PeerMedia) {
    this.#member = member
    this.#media = media
    this.#player = new RoomPlayer({ ...webRtcEngine(), receive: 'packets', onPacket: (packet) => this.#count(packet) })
  }

  /** Enters, sends by `/whip/push/ROOM` and plays everybody. */
  static async join(server: TestServer, roomId: string, userId: string, media: PeerMedia): Promise<RoomPeer> {
    const { member } = await RoomMember.enter(server, { roomId, userId })
    const peer = new RoomPeer(member, media)
    await peer.#publish(`${server.http}/whip/push/${roomId}?userid=${userId}`)
    peer.#timers.push(setInterval(() => peer.#answer(), TICK_MS))
    peer.#timers.push(setInterval(() => void member.ask('room.ping', {}), PING_MS))
    await member.ask('media.subscribe', { streams: 'all' })
    return peer
  }

  /** Idempotent. */
  close(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
    this.#socket.close()
    this.#player.close()
    this.#member.close()
  }

  async #publish(url: string): Promise<void> {
    const headers = { 'Content-Type': 'application/sdp' }
    const response = await fetch(url, { method: 'POST', headers, body: this.#peer.offer() })
    const answer = await response.text()
    if (response.status !== 201) throw new Error(`${String(response.status)}: ${answer}`)
    this.#peer.acceptAnswer(nowMicros(), answer)
    this.#socket.connect(answer)
    const beganAt = performance.now()
    this.#timers.push(setInterval(() => this.#sendUntil(performance.now() - beganAt), TICK_MS))
  }

  #answer(): void {
    const offers = this.#member.all('media.offer')
    for (const { sdp, revision } of offers.slice(this.#answered))
      void this.#member.ask('media.answer', { sdp: this.#player.answer(sdp), revision })
    this.#answered = offers.length
  }

  #count(packet: Uint8Array): void {
    const ssrc = new DataView(packet.buffer, packet.byteOffset).getUint32(8)
    if ((packet[1]! & 0x7f) === PEER_PAYLOAD_TYPES.opus) this.sounds.set(ssrc, (this.sounds.get(ssrc) ?? 0) + 1)
    // The marker ends a picture.
    else if ((packet[1]! & 0x80) !== 0) this.pictures.set(ssrc, (this.pictures.get(ssrc) ?? 0) + 1)
  }

  #sendUntil(ms: number): void {
    if (!this.#peer.isConnected) return
    const { videoMs } = this.#media
    while (this.#next.video * videoMs <= ms) this.#send('video', videoMs * 90)
    while (this.#next.audio * AUDIO_MS <= ms) this.#send('audio', AUDIO_MS * 48)
    this.#socket.tick()
  }

  #send(kind: 'audio' | 'video', ticks: number): void {
    const number = this.#next[kind]++
    const payloads = this.#media[kind][number % this.#media[kind].length]!
    for (const [index, payload] of payloads.entries()) {
      const packet = new Uint8Array(HEADER_BYTES + payload.length)
      const view = new DataView(packet.buffer)
      packet[0] = 0x90
      packet[1] = (index === payloads.length - 1 ? 0x80 : 0) | PEER_PAYLOAD_TYPES[kind === 'video' ? 'h264' : 'opus']
      view.setUint16(2, this.#sequence[kind]++)
      view.setUint32(4, Math.round(number * ticks))
      view.setUint32(8, SSRC[kind])
      view.setUint32(12, 0xbede_0002)
      packet[16] = 0x10
      packet[17] = kind === 'audio' ? 0x30 : 0x31
      packet[18] = 0x21
      view.setUint16(19, this.#transportSequence++)
      packet.set(payload, HEADER_BYTES)
      this.#peer.sendRtp(packet)
    }
  }
}
