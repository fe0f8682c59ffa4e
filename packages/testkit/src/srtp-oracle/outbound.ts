import { MAX_SRTP_OVERHEAD, SRTP_DROP } from '@crossroom/webrtc'
import type { SrtpKeys, SrtpOutbound } from '@crossroom/webrtc'
import { seal, word32 } from './packet-cipher.js'
import { readUint16, readUint32, rtpHeaderLength } from './packet-header.js'
import { materialOf, sessionKeys } from './session-keys.js'
import type { KeyMaterial, SessionKeys } from './session-keys.js'

const RTCP_HEADER = 8

/** SRTP sending as the RFCs say it, for peers in tests. */
export class OracleSrtpOutbound implements SrtpOutbound {
  readonly #material: KeyMaterial
  readonly #rtp: SessionKeys
  readonly #rtcp: SessionKeys
  readonly #highest = new Map<number, bigint>()
  #rtcpIndex = 0
  #open = true

  constructor(keys: SrtpKeys) {
    this.#material = materialOf(keys)
    this.#rtp = sessionKeys(this.#material, this.#material.local, 'rtp')
    this.#rtcp = sessionKeys(this.#material, this.#material.local, 'rtcp')
  }

  protectRtp(packet: Uint8Array, length: number): number {
    const headerLength = rtpHeaderLength(packet.subarray(0, length))
    if (!this.#open || headerLength === undefined || packet.length < length + MAX_SRTP_OVERHEAD) {
      return SRTP_DROP.malformed
    }
    const { profile } = this.#material
    const ssrc = readUint32(packet, 8)
    const index = this.#nextIndex(ssrc, readUint16(packet, 2))
    if (index === undefined) return SRTP_DROP.malformed
    const word = profile === 'SRTP_AEAD_AES_128_GCM' ? new Uint8Array() : word32(Number(index >> 16n))
    const header = packet.subarray(0, headerLength)
    const sealed = seal(profile, this.#rtp, { header, body: packet.subarray(headerLength, length), word, ssrc, index })
    packet.set(sealed.body, headerLength)
    packet.set(sealed.tag, length)
    return length + sealed.tag.length
  }

  protectRtcp(packet: Uint8Array, length: number): number {
    if (!this.#open || length < RTCP_HEADER || packet[0]! >> 6 !== 2 || packet.length < length + MAX_SRTP_OVERHEAD) {
      return SRTP_DROP.malformed
    }
    const { profile } = this.#material
    const index = this.#rtcpIndex
    this.#rtcpIndex = (index + 1) % 2 ** 31
    const word = word32(2 ** 31 + index)
    const sealed = seal(profile, this.#rtcp, {
      header: packet.subarray(0, RTCP_HEADER),
      body: packet.subarray(RTCP_HEADER, length),
      word,
      ssrc: readUint32(packet, 4),
      index: BigInt(index),
    })
    packet.set(sealed.body, RTCP_HEADER)
    // RFC 7714 section 9.2 puts the index word last, RFC 3711 section 3.4 before the tag.
    const trailer = profile === 'SRTP_AEAD_AES_128_GCM' ? [sealed.tag, word] : [word, sealed.tag]
    packet.set(trailer[0]!, length)
    packet.set(trailer[1]!, length + trailer[0]!.length)
    return length + trailer[0]!.length + trailer[1]!.length
  }

  close(): void {
    this.#open = false
  }

  /** The index of `sequence` nearest to the highest one sent. */
  #nextIndex(ssrc: number, sequence: number): bigint | undefined {
    const highest = this.#highest.get(ssrc)
    if (highest === undefined) {
      this.#highest.set(ssrc, BigInt(sequence))
      return BigInt(sequence)
    }
    const step = BigInt.asIntN(16, BigInt(sequence) - highest)
    const index = highest + step
    if (step > 0n) this.#highest.set(ssrc, index)
    return index < 0n ? undefined : index
  }
}
