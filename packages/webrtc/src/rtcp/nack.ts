import { readUint16, readUint32, writeUint16, writeUint32 } from '@crossroom/media'
import { FEEDBACK_HEADER_LENGTH, RTCP_TRANSPORT_FEEDBACK, writeRtcpHeader } from './header.js'

/** Generic NACK: asks for packets again (RFC 4585 section 6.2.1). */
export interface Nack {
  readonly type: 'nack'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  /** 16-bit sequence numbers, oldest first; those of one bitmask item span at most 17. */
  readonly sequenceNumbers: readonly number[]
}

export const NACK_FORMAT = 1

/**
 * Items read from one NACK, each naming up to 17 packets: 256 × 17 = 4352 packets, several seconds of a stream. A longer
 * list is a flood or a bug, and the rest of it is ignored (threat W8).
 */
export const MAX_NACK_ITEMS = 256

/** Reads one RTCP packet of type 205 and format 1; undefined when it is too short. */
export function parseNack(packet: Uint8Array): Nack | undefined {
  if (packet.length < FEEDBACK_HEADER_LENGTH) return undefined
  const end = Math.min(packet.length, FEEDBACK_HEADER_LENGTH + 4 * MAX_NACK_ITEMS)
  const sequenceNumbers: number[] = []
  for (let offset = FEEDBACK_HEADER_LENGTH; offset + 4 <= end; offset += 4) {
    const packetId = readUint16(packet, offset)
    sequenceNumbers.push(packetId)
    let mask = readUint16(packet, offset + 2)
    for (let sequence = packetId + 1; mask !== 0; sequence++, mask >>>= 1) {
      if ((mask & 1) !== 0) sequenceNumbers.push(sequence & 0xffff)
    }
  }
  return { type: 'nack', senderSsrc: readUint32(packet, 4), mediaSsrc: readUint32(packet, 8), sequenceNumbers }
}

/** Index behind the last sequence number that fits the same item as the one at `index`. */
function endOfItem(sequenceNumbers: readonly number[], index: number): number {
  const packetId = sequenceNumbers[index]!
  let end = index + 1
  while (end < sequenceNumbers.length) {
    const distance = (sequenceNumbers[end]! - packetId) & 0xffff
    if (distance === 0 || distance > 16) break
    end++
  }
  return end
}

export function byteLengthOfNack(nack: Nack): number {
  let items = 0
  for (let index = 0; index < nack.sequenceNumbers.length; items++) index = endOfItem(nack.sequenceNumbers, index)
  return FEEDBACK_HEADER_LENGTH + 4 * items
}

/** Writes the packet with neighbouring sequence numbers folded into bitmasks; returns the offset behind it. */
export function writeNack(nack: Nack, out: Uint8Array, offset: number): number {
  writeRtcpHeader(RTCP_TRANSPORT_FEEDBACK, NACK_FORMAT, byteLengthOfNack(nack), out, offset)
  writeUint32(nack.senderSsrc, out, offset + 4)
  let position = writeUint32(nack.mediaSsrc, out, offset + 8)
  for (let index = 0; index < nack.sequenceNumbers.length;) {
    const packetId = nack.sequenceNumbers[index]!
    const end = endOfItem(nack.sequenceNumbers, index)
    let mask = 0
    for (index++; index < end; index++) mask |= 1 << (((nack.sequenceNumbers[index]! - packetId) & 0xffff) - 1)
    position = writeUint16(mask, out, writeUint16(packetId, out, position))
  }
  return position
}
