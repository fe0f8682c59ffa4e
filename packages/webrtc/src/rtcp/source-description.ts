import { readUint32, writeUint32 } from '@crossroom/media'
import { RTCP_HEADER_LENGTH, RTCP_SOURCE_DESCRIPTION, rtcpCount, writeRtcpHeader } from './header.js'

/** SDES: names the sources of a session (RFC 3550 section 6.5). Only the CNAME is kept: nothing else is used in WebRTC. */
export interface SourceDescription {
  readonly type: 'source-description'
  readonly chunks: readonly SourceDescriptionChunk[]
}

export interface SourceDescriptionChunk {
  readonly ssrc: number
  /** Ties the streams of one endpoint together. One character per byte, at most 255; empty when the chunk has none. */
  readonly cname: string
}

const ITEM_END = 0
const ITEM_CNAME = 1

/** Reads one RTCP packet of type 202; undefined when an item or chunk reaches past its end. */
export function parseSourceDescription(packet: Uint8Array): SourceDescription | undefined {
  const chunks: SourceDescriptionChunk[] = []
  let offset = RTCP_HEADER_LENGTH
  for (let left = rtcpCount(packet); left > 0; left--) {
    if (offset + 4 > packet.length) return undefined
    const ssrc = readUint32(packet, offset)
    let cname = ''
    offset += 4
    while (packet[offset] !== ITEM_END) {
      if (offset + 2 > packet.length) return undefined
      const end = offset + 2 + packet[offset + 1]!
      if (end > packet.length) return undefined
      if (packet[offset] === ITEM_CNAME) cname = String.fromCharCode(...packet.subarray(offset + 2, end))
      offset = end
    }
    offset = (offset + 4) & ~3 // at least one zero byte ends the list, then zeros up to 32 bits
    chunks.push({ ssrc, cname })
  }
  return { type: 'source-description', chunks }
}

function byteLengthOfChunk(chunk: SourceDescriptionChunk): number {
  return (4 + 2 + chunk.cname.length + 4) & ~3
}

export function byteLengthOfSourceDescription(description: SourceDescription): number {
  let length = RTCP_HEADER_LENGTH
  for (const chunk of description.chunks) length += byteLengthOfChunk(chunk)
  return length
}

/** Writes the description, which holds at most 31 chunks; returns the offset behind it. */
export function writeSourceDescription(description: SourceDescription, out: Uint8Array, offset: number): number {
  const byteLength = byteLengthOfSourceDescription(description)
  let position = writeRtcpHeader(RTCP_SOURCE_DESCRIPTION, description.chunks.length, byteLength, out, offset)
  for (const chunk of description.chunks) {
    const end = position + byteLengthOfChunk(chunk)
    position = writeUint32(chunk.ssrc, out, position)
    out[position++] = ITEM_CNAME
    out[position++] = chunk.cname.length
    for (let index = 0; index < chunk.cname.length; index++) out[position++] = chunk.cname.charCodeAt(index)
    out.fill(0, position, end)
    position = end
  }
  return position
}
