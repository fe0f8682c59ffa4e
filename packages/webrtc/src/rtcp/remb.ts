import { readUint24, readUint32, writeUint32 } from '@crossroom/media'
import { FEEDBACK_HEADER_LENGTH, RTCP_PAYLOAD_FEEDBACK, writeRtcpHeader } from './header.js'

/** REMB: the receiver's estimate of what the path carries (draft-alvestrand-rmcat-remb-03 section 2.2). */
export interface ReceiverEstimate {
  readonly type: 'remb'
  readonly senderSsrc: number
  /** Bits per second over all the streams named. Written with 18 significant bits, rounded down. */
  readonly bitrate: number
  readonly ssrcs: readonly number[]
}

/** Application layer feedback; REMB is told from others by its identifier. */
export const APPLICATION_FEEDBACK_FORMAT = 15

/** "REMB" in ASCII. */
const IDENTIFIER = 0x52454d42
const FIXED_LENGTH = FEEDBACK_HEADER_LENGTH + 8
const MANTISSA_MAX = 0x3_ffff
/** Anything above 1 Tbit/s is nonsense and is read as that. */
const MAX_BITRATE = 1e12

/** Reads one RTCP packet of type 206 and format 15; undefined if it is not a REMB or too short. */
export function parseRemb(packet: Uint8Array): ReceiverEstimate | undefined {
  if (packet.length < FIXED_LENGTH || readUint32(packet, 12) !== IDENTIFIER) return undefined
  const count = packet[16]!
  if (packet.length < FIXED_LENGTH + 4 * count) return undefined
  const exponentAndMantissa = readUint24(packet, 17)
  const bitrate = (exponentAndMantissa & MANTISSA_MAX) * 2 ** (exponentAndMantissa >>> 18)
  const ssrcs: number[] = []
  for (let index = 0; index < count; index++) ssrcs.push(readUint32(packet, FIXED_LENGTH + 4 * index))
  return { type: 'remb', senderSsrc: readUint32(packet, 4), bitrate: Math.min(bitrate, MAX_BITRATE), ssrcs }
}

export function byteLengthOfRemb(remb: ReceiverEstimate): number {
  return FIXED_LENGTH + 4 * remb.ssrcs.length
}

/** Writes the packet, which names at most 255 SSRCs; returns the offset behind it. */
export function writeRemb(remb: ReceiverEstimate, out: Uint8Array, offset: number): number {
  writeRtcpHeader(RTCP_PAYLOAD_FEEDBACK, APPLICATION_FEEDBACK_FORMAT, byteLengthOfRemb(remb), out, offset)
  writeUint32(remb.senderSsrc, out, offset + 4)
  writeUint32(0, out, offset + 8)
  writeUint32(IDENTIFIER, out, offset + 12)
  let mantissa = Math.floor(Math.min(Math.max(remb.bitrate, 0), MAX_BITRATE))
  let exponent = 0
  while (mantissa > MANTISSA_MAX) {
    mantissa = Math.floor(mantissa / 2)
    exponent++
  }
  let position = writeUint32((remb.ssrcs.length << 24) | (exponent << 18) | mantissa, out, offset + 16)
  for (const ssrc of remb.ssrcs) position = writeUint32(ssrc, out, position)
  return position
}
