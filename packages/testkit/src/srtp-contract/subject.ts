import type { SrtpInbound, SrtpKeys, SrtpOutbound, SrtpProfile } from '@crossroom/webrtc'
import { OracleSrtpInbound } from '../srtp-oracle/inbound.js'
import { OracleSrtpOutbound } from '../srtp-oracle/outbound.js'
import { SALT_BYTES, oracleSrtpKeys } from '../srtp-oracle/session-keys.js'
import type { SrtpMaster } from '../srtp-oracle/session-keys.js'

/** An implementation of SRTP under the contract. */
export interface SrtpSubject {
  keys(profile: SrtpProfile, local: SrtpMaster, remote: SrtpMaster, areSessionKeys?: boolean): SrtpKeys
  inbound(keys: SrtpKeys): SrtpInbound
  outbound(keys: SrtpKeys): SrtpOutbound
}

export const ORACLE_SUBJECT: SrtpSubject = {
  keys: oracleSrtpKeys,
  inbound: (keys) => new OracleSrtpInbound(keys),
  outbound: (keys) => new OracleSrtpOutbound(keys),
}

export interface ContractCase {
  readonly name: string
  /** Throws when the contract is broken. */
  readonly run: (subject: SrtpSubject) => void
}

export const PROFILES: readonly SrtpProfile[] = ['SRTP_AEAD_AES_128_GCM', 'SRTP_AES128_CM_SHA1_80']

export function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.replaceAll(/\s/g, '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

/** A master made of one number, different for each. */
export function master(profile: SrtpProfile, seed: number): SrtpMaster {
  return {
    key: Uint8Array.from({ length: 16 }, (_, i) => (seed * 31 + i * 7) & 0xff),
    salt: Uint8Array.from({ length: SALT_BYTES[profile] }, (_, i) => (seed * 17 + i * 11) & 0xff),
  }
}

/** Both ends of one session: what `out` protects, `inbound` opens. */
export function pair(
  profile: SrtpProfile,
  sender: SrtpSubject,
  receiver: SrtpSubject,
): { out: SrtpOutbound; inbound: SrtpInbound } {
  const [a, b] = [master(profile, 1), master(profile, 2)]
  return { out: sender.outbound(sender.keys(profile, a, b)), inbound: receiver.inbound(receiver.keys(profile, b, a)) }
}

export interface RtpFields {
  readonly ssrc?: number
  readonly sequence: number
  readonly payload?: Uint8Array
  readonly csrcs?: number
  /** Words of header extension; absent = no extension. */
  readonly extensionWords?: number
}

/** A plaintext RTP packet. */
export function rtpPacket(fields: RtpFields): Uint8Array {
  const { ssrc = 0xcafebabe, sequence, payload = bytes('00010203040506070809'), csrcs = 0, extensionWords } = fields
  const extension = extensionWords === undefined ? 0 : 4 + 4 * extensionWords
  const packet = new Uint8Array(12 + 4 * csrcs + extension + payload.length)
  const view = new DataView(packet.buffer)
  packet[0] = 0x80 | csrcs | (extensionWords === undefined ? 0 : 0x10)
  packet[1] = 96
  view.setUint16(2, sequence & 0xffff)
  view.setUint32(4, 0x01020304)
  view.setUint32(8, ssrc)
  if (extensionWords !== undefined) {
    view.setUint16(12 + 4 * csrcs, 0xbede)
    view.setUint16(14 + 4 * csrcs, extensionWords)
  }
  packet.set(payload, packet.length - payload.length)
  return packet
}

/** A plaintext compound of one report without blocks and `extra` bytes behind it. */
export function rtcpPacket(ssrc: number, extra: Uint8Array = new Uint8Array()): Uint8Array {
  const packet = new Uint8Array(8 + extra.length)
  packet.set([0x80, 201, 0, 1 + extra.length / 4])
  new DataView(packet.buffer).setUint32(4, ssrc)
  packet.set(extra, 8)
  return packet
}

/** The packet with its protection, in a buffer of just its length. Throws when it was refused. */
export function protect(out: SrtpOutbound, kind: 'rtp' | 'rtcp', plain: Uint8Array): Uint8Array {
  const room = new Uint8Array(plain.length + 20)
  room.set(plain)
  const length = kind === 'rtp' ? out.protectRtp(room, plain.length) : out.protectRtcp(room, plain.length)
  if (length < 0) throw new Error(`protect refused a packet: ${length}`)
  return room.slice(0, length)
}

/** The code of a drop, or the plaintext. The given bytes are left alone. */
export function unprotect(inbound: SrtpInbound, kind: 'rtp' | 'rtcp', sealed: Uint8Array): number | Uint8Array {
  const copy = sealed.slice()
  const length = kind === 'rtp' ? inbound.unprotectRtp(copy, copy.length) : inbound.unprotectRtcp(copy, copy.length)
  return length < 0 ? length : copy.slice(0, length)
}
