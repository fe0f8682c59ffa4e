import { readUint32, writeUint32 } from '@crossroom/media'
import { RTCP_BYE, RTCP_HEADER_LENGTH, rtcpCount, writeRtcpHeader } from './header.js'

/** BYE: these sources have ended (RFC 3550 section 6.6). The reason text is not kept. */
export interface Bye {
  readonly type: 'bye'
  readonly ssrcs: readonly number[]
}

/** Reads one RTCP packet of type 203; undefined when it is too short. */
export function parseBye(packet: Uint8Array): Bye | undefined {
  const count = rtcpCount(packet)
  if (packet.length < RTCP_HEADER_LENGTH + 4 * count) return undefined
  const ssrcs: number[] = []
  for (let index = 0; index < count; index++) ssrcs.push(readUint32(packet, RTCP_HEADER_LENGTH + 4 * index))
  return { type: 'bye', ssrcs }
}

export function byteLengthOfBye(bye: Bye): number {
  return RTCP_HEADER_LENGTH + 4 * bye.ssrcs.length
}

/** Writes the packet, which holds at most 31 SSRCs; returns the offset behind it. */
export function writeBye(bye: Bye, out: Uint8Array, offset: number): number {
  let position = writeRtcpHeader(RTCP_BYE, bye.ssrcs.length, byteLengthOfBye(bye), out, offset)
  for (const ssrc of bye.ssrcs) position = writeUint32(ssrc, out, position)
  return position
}
