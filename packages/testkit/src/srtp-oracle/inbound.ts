import { SRTP_DROP } from '@crossroom/webrtc'
import type { SrtpInbound, SrtpInboundCounters, SrtpKeys } from '@crossroom/webrtc'
import { open, word32 } from './packet-cipher.js'
import { readUint16, readUint32, rtpHeaderLength } from './packet-header.js'
import { TAG_BYTES, materialOf, sessionKeys } from './session-keys.js'
import type { KeyMaterial, SessionKeys } from './session-keys.js'

const REPLAY_WINDOW = 1024n
const MAX_SSRCS = 32
const RTCP_HEADER = 8
const INDEX_BYTES = 4

/** The received packets of one SSRC: the highest index, and the indexes of the window below it. */
class ReplayList {
  #highest: bigint | undefined
  #seen = new Set<bigint>()

  /** The index nearest to the highest one (RFC 3711 section 3.3.1); negative before the first rollover. */
  nearest(sequence: number): bigint {
    if (this.#highest === undefined) return BigInt(sequence)
    const rollover = this.#highest >> 16n
    const highest = this.#highest
    const candidates = [rollover, rollover - 1n, rollover + 1n].map((count) => (count << 16n) | BigInt(sequence))
    const distance = (index: bigint): bigint => (index > highest ? index - highest : highest - index)
    return candidates.reduce((best, index) => (distance(index) < distance(best) ? index : best))
  }

  allows(index: bigint): boolean {
    if (index < 0n) return false
    if (this.#highest === undefined || index > this.#highest) return true
    return this.#highest - index < REPLAY_WINDOW && !this.#seen.has(index)
  }

  accept(index: bigint): void {
    this.#seen.add(index)
    if (this.#highest === undefined || index > this.#highest) this.#highest = index
    for (const old of this.#seen) if (this.#highest - old >= REPLAY_WINDOW) this.#seen.delete(old)
  }
}

interface Source {
  readonly rtp: ReplayList
  readonly rtcp: ReplayList
}

/** SRTP receiving as the RFCs say it, without a thought to speed. */
export class OracleSrtpInbound implements SrtpInbound {
  readonly #material: KeyMaterial
  readonly #rtp: SessionKeys
  readonly #rtcp: SessionKeys
  readonly #sources = new Map<number, Source>()
  readonly #dropped = new Map<number, number>()
  #rtpPackets = 0
  #rtcpPackets = 0
  #open = true

  constructor(keys: SrtpKeys) {
    this.#material = materialOf(keys)
    this.#rtp = sessionKeys(this.#material, this.#material.remote, 'rtp')
    this.#rtcp = sessionKeys(this.#material, this.#material.remote, 'rtcp')
  }

  unprotectRtp(packet: Uint8Array, length: number): number {
    checkLength(packet, length)
    const { profile } = this.#material
    const whole = packet.subarray(0, length)
    const end = length - TAG_BYTES[profile]
    const headerLength = end < 12 || !this.#open ? undefined : rtpHeaderLength(whole.subarray(0, end))
    if (headerLength === undefined) return this.#drop(SRTP_DROP.malformed)
    const ssrc = readUint32(whole, 8)
    const source = this.#source(ssrc)
    const index = source.rtp.nearest(readUint16(whole, 2))
    if (!source.rtp.allows(index)) return this.#drop(SRTP_DROP.replayed)
    const word = profile === 'SRTP_AEAD_AES_128_GCM' ? new Uint8Array() : word32(Number(index >> 16n))
    const parts = {
      header: whole.subarray(0, headerLength),
      body: whole.subarray(headerLength, end),
      word,
      ssrc,
      index,
    }
    const body = open(profile, this.#rtp, parts, whole.subarray(end))
    if (!body) return this.#drop(SRTP_DROP.forged)
    this.#remember(ssrc, source)
    source.rtp.accept(index)
    this.#rtpPackets++
    packet.set(body, headerLength)
    return end
  }

  unprotectRtcp(packet: Uint8Array, length: number): number {
    checkLength(packet, length)
    const { profile } = this.#material
    const whole = packet.subarray(0, length)
    const tagBytes = TAG_BYTES[profile]
    const end = length - tagBytes - INDEX_BYTES
    if (!this.#open || end < RTCP_HEADER || whole[0]! >> 6 !== 2) return this.#drop(SRTP_DROP.malformed)
    const gcm = profile === 'SRTP_AEAD_AES_128_GCM'
    const wordAt = gcm ? length - INDEX_BYTES : end
    const word = whole.subarray(wordAt, wordAt + INDEX_BYTES)
    const tag = gcm ? whole.subarray(end, wordAt) : whole.subarray(wordAt + INDEX_BYTES)
    if ((word[0]! & 0x80) === 0) return this.#drop(SRTP_DROP.malformed)
    const ssrc = readUint32(whole, 4)
    const source = this.#source(ssrc)
    const index = BigInt(readUint32(word, 0) & 0x7fffffff)
    if (!source.rtcp.allows(index)) return this.#drop(SRTP_DROP.replayed)
    const parts = { header: whole.subarray(0, RTCP_HEADER), body: whole.subarray(RTCP_HEADER, end), word, ssrc, index }
    const body = open(profile, this.#rtcp, parts, tag)
    if (!body) return this.#drop(SRTP_DROP.forged)
    this.#remember(ssrc, source)
    source.rtcp.accept(index)
    this.#rtcpPackets++
    packet.set(body, RTCP_HEADER)
    return end
  }

  counters(): SrtpInboundCounters {
    return {
      rtpPackets: this.#rtpPackets,
      rtcpPackets: this.#rtcpPackets,
      malformed: this.#dropped.get(SRTP_DROP.malformed) ?? 0,
      forged: this.#dropped.get(SRTP_DROP.forged) ?? 0,
      replayed: this.#dropped.get(SRTP_DROP.replayed) ?? 0,
    }
  }

  close(): void {
    this.#open = false
  }

  /** A known source, or a new one that counts only once it is authentic. */
  #source(ssrc: number): Source {
    return this.#sources.get(ssrc) ?? { rtp: new ReplayList(), rtcp: new ReplayList() }
  }

  /** The map's order is that of use: its first entry makes room. */
  #remember(ssrc: number, source: Source): void {
    this.#sources.delete(ssrc)
    const [unused] = this.#sources.keys()
    if (this.#sources.size >= MAX_SSRCS && unused !== undefined) this.#sources.delete(unused)
    this.#sources.set(ssrc, source)
  }

  #drop(code: number): number {
    this.#dropped.set(code, (this.#dropped.get(code) ?? 0) + 1)
    return code
  }
}

function checkLength(packet: Uint8Array, length: number): void {
  if (length > packet.length) throw new RangeError('the length exceeds the buffer')
}
