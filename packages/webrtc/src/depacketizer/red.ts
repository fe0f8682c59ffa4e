import { readUint16 } from '@crossroom/media'

/** One block of a redundant payload (RFC 2198). */
export interface RedBlock {
  readonly payloadType: number
  /** How far its timestamp is behind the packet's, in the RTP clock; 0 for the primary, which comes last. */
  readonly timestampOffset: number
  /** How many packets before this one the block was the primary of: 0 for the primary itself. */
  readonly packetsBack: number
  readonly payload: Uint8Array
}

const FOLLOWS = 0x80
const REDUNDANT_HEADER_LENGTH = 4

/** Blocks read from one packet: Chrome sends up to two redundant ones, libwebrtc takes at most 32. */
export const MAX_RED_BLOCKS = 32

/** Takes a RED payload apart, oldest block first; undefined when lengths do not fit. Empty blocks are left out. */
export function parseRed(payload: Uint8Array): RedBlock[] | undefined {
  let headersEnd = 0
  let count = 1
  while ((payload[headersEnd] ?? 0) & FOLLOWS) {
    headersEnd += REDUNDANT_HEADER_LENGTH
    if (++count > MAX_RED_BLOCKS) return undefined
  }
  headersEnd += 1
  if (headersEnd > payload.length) return undefined
  const blocks: RedBlock[] = []
  let start = headersEnd
  let packetsBack = count - 1
  for (let header = 0; header < headersEnd - 1; header += REDUNDANT_HEADER_LENGTH) {
    const end = start + (readUint16(payload, header + 2) & 0x3ff)
    if (end > payload.length) return undefined
    if (end > start) {
      blocks.push({
        payloadType: payload[header]! & 0x7f,
        timestampOffset: readUint16(payload, header + 1) >>> 2,
        packetsBack,
        payload: payload.subarray(start, end),
      })
    }
    packetsBack--
    start = end
  }
  if (start < payload.length) {
    const payloadType = payload[headersEnd - 1]! & 0x7f
    blocks.push({ payloadType, timestampOffset: 0, packetsBack: 0, payload: payload.subarray(start) })
  }
  return blocks
}
