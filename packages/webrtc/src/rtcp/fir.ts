import { readUint32, writeUint32 } from '@crossroom/media'
import { FEEDBACK_HEADER_LENGTH, RTCP_PAYLOAD_FEEDBACK, writeRtcpHeader } from './header.js'

/** FIR: demands a keyframe of each named stream (RFC 5104 section 4.3.1). */
export interface FullIntraRequest {
  readonly type: 'fir'
  readonly senderSsrc: number
  readonly entries: readonly FullIntraRequestEntry[]
}

export interface FullIntraRequestEntry {
  readonly ssrc: number
  /** Counts the demands modulo 256: the same number again is a repetition, not a new demand. */
  readonly sequenceNumber: number
}

export const FIR_FORMAT = 4
const ENTRY_LENGTH = 8

/** Entries read from one FIR: a session has at most 32 m-lines; the rest is ignored. */
const MAX_ENTRIES = 32

/** Reads one RTCP packet of type 206 and format 4; undefined when it is too short. */
export function parseFir(packet: Uint8Array): FullIntraRequest | undefined {
  if (packet.length < FEEDBACK_HEADER_LENGTH) return undefined
  const end = Math.min(packet.length, FEEDBACK_HEADER_LENGTH + ENTRY_LENGTH * MAX_ENTRIES)
  const entries: FullIntraRequestEntry[] = []
  for (let offset = FEEDBACK_HEADER_LENGTH; offset + ENTRY_LENGTH <= end; offset += ENTRY_LENGTH) {
    entries.push({ ssrc: readUint32(packet, offset), sequenceNumber: packet[offset + 4]! })
  }
  return { type: 'fir', senderSsrc: readUint32(packet, 4), entries }
}

export function byteLengthOfFir(fir: FullIntraRequest): number {
  return FEEDBACK_HEADER_LENGTH + ENTRY_LENGTH * fir.entries.length
}

export function writeFir(fir: FullIntraRequest, out: Uint8Array, offset: number): number {
  writeRtcpHeader(RTCP_PAYLOAD_FEEDBACK, FIR_FORMAT, byteLengthOfFir(fir), out, offset)
  writeUint32(fir.senderSsrc, out, offset + 4)
  let position = writeUint32(0, out, offset + 8)
  for (const entry of fir.entries) {
    writeUint32(entry.ssrc, out, position)
    position = writeUint32((entry.sequenceNumber & 0xff) << 24, out, position + 4)
  }
  return position
}
