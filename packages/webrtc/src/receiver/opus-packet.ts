import { opusFrameSamples } from '@crossroom/media'

/** Discontinuous transmission: the encoder says "as before, silent" in a packet of at most two bytes (RFC 6716 section 3.1). */
export function isOpusDtx(packet: Uint8Array): boolean {
  return packet.length <= 2
}

/** The stereo bit of the TOC (RFC 6716 section 3.1). */
export function opusChannels(packet: Uint8Array): 1 | 2 {
  return (packet[0]! & 0x04) !== 0 ? 2 : 1
}

/** TOC configurations below this one have a SILK layer: SILK only 0–11, hybrid 12–15. */
const FIRST_CELT_CONFIG = 16
const SILK_FRAME_SAMPLES = 960

/**
 * Whether the packet carries in-band FEC: a second, coarser copy of the packet before it (LBRR, RFC 6716 section 4.2.4). A decoder
 * that misses the one before should be given this one first with its FEC flag. Packets of several frames (codes 1–3), which
 * WebRTC does not send, are said to have none.
 */
export function hasOpusFec(packet: Uint8Array): boolean {
  if (packet.length < 2) return false
  const toc = packet[0]!
  if (toc >> 3 >= FIRST_CELT_CONFIG || (toc & 3) !== 0) return false
  const silkFrames = Math.max(Math.round(opusFrameSamples(toc) / SILK_FRAME_SAMPLES), 1)
  // Per channel: a voice activity bit for each SILK frame, then the LBRR bit. They are the stream's first bits as they are,
  // because the range coder codes bits of even chance (section 4.2.3).
  for (let channel = 0; channel < opusChannels(packet); channel++) {
    const bit = (channel + 1) * (silkFrames + 1) - 1
    if ((packet[1]! & (0x80 >> bit)) !== 0) return true
  }
  return false
}
