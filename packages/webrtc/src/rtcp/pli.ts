import { readUint32, writeUint32 } from '@crossroom/media'
import { FEEDBACK_HEADER_LENGTH, RTCP_PAYLOAD_FEEDBACK, writeRtcpHeader } from './header.js'

/** PLI: the receiver has lost the picture and wants a keyframe (RFC 4585 section 6.3.1). */
export interface PictureLossIndication {
  readonly type: 'pli'
  readonly senderSsrc: number
  readonly mediaSsrc: number
}

export const PLI_FORMAT = 1

/** Reads one RTCP packet of type 206 and format 1; undefined when it is too short. */
export function parsePli(packet: Uint8Array): PictureLossIndication | undefined {
  if (packet.length < FEEDBACK_HEADER_LENGTH) return undefined
  return { type: 'pli', senderSsrc: readUint32(packet, 4), mediaSsrc: readUint32(packet, 8) }
}

export function byteLengthOfPli(_pli: PictureLossIndication): number {
  return FEEDBACK_HEADER_LENGTH
}

export function writePli(pli: PictureLossIndication, out: Uint8Array, offset: number): number {
  writeRtcpHeader(RTCP_PAYLOAD_FEEDBACK, PLI_FORMAT, FEEDBACK_HEADER_LENGTH, out, offset)
  writeUint32(pli.senderSsrc, out, offset + 4)
  return writeUint32(pli.mediaSsrc, out, offset + 8)
}
