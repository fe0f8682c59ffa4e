/** Opus always counts time at this rate (RFC 6716 section 2). */
export const OPUS_SAMPLE_RATE = 48_000
/** A packet holds at most 120 ms (RFC 6716 section 3.2.5). */
export const MAX_OPUS_PACKET_SAMPLES = (OPUS_SAMPLE_RATE * 120) / 1000

/** Samples at 48 kHz of one frame by the config number of the TOC byte (RFC 6716 table 2), in groups of four. */
const SILK_SAMPLES: readonly number[] = [480, 960, 1920, 2880]
const CELT_SAMPLES: readonly number[] = [120, 240, 480, 960]

/** Samples per channel, at 48 kHz, of one frame of the packet that begins with `toc`. */
export function opusFrameSamples(toc: number): number {
  const config = toc >> 3
  if (config < 12) return SILK_SAMPLES[config & 3]!
  if (config < 16) return (config & 1) === 0 ? 480 : 960
  return CELT_SAMPLES[config & 3]!
}

/** Samples per channel, at 48 kHz, of a whole packet (RFC 6716 section 3.2); undefined when empty, cut short or over 120 ms. */
export function opusPacketSamples(packet: Uint8Array): number | undefined {
  const toc = packet[0]
  if (toc === undefined) return undefined
  const code = toc & 3
  if (code === 3 && packet.length < 2) return undefined
  const frames = code === 0 ? 1 : code === 3 ? packet[1]! & 0x3f : 2
  const samples = frames * opusFrameSamples(toc)
  return samples > 0 && samples <= MAX_OPUS_PACKET_SAMPLES ? samples : undefined
}
