/** kbit/s by bitrate_index for Layer III (ISO/IEC 11172-3 section 2.4.2.3, 13818-3 section 2.4.2.3); 0 is free format. */
const BITRATES_V1: readonly number[] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const BITRATES_V2: readonly number[] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
/** Hz by sampling_frequency of MPEG-1; MPEG-2 has half of it, MPEG-2.5 a quarter. */
const SAMPLE_RATES: readonly number[] = [44100, 48000, 32000]
const HEADER_LENGTH = 4
const LAYER_3 = 1
const MONO = 3

/** The header of an MPEG audio Layer III frame. */
export interface Mp3FrameHeader {
  readonly sampleRate: number
  readonly channels: number
  /** 1152 in MPEG-1, 576 in MPEG-2 and 2.5. */
  readonly samplesPerFrame: number
  /** Bits per second. */
  readonly bitrate: number
  /** Bytes of the whole frame. */
  readonly frameLength: number
}

/** Reads the header at `offset`; undefined when there is none, or one of another layer or of free format. */
export function parseMp3FrameHeader(bytes: Uint8Array, offset = 0): Mp3FrameHeader | undefined {
  if (offset + HEADER_LENGTH > bytes.length) return undefined
  const second = bytes[offset + 1]!
  if (bytes[offset] !== 0xff || (second & 0xe0) !== 0xe0) return undefined
  const version = (second >> 3) & 3
  const third = bytes[offset + 2]!
  const isVersion1 = version === 3
  const bitrate = (isVersion1 ? BITRATES_V1 : BITRATES_V2)[third >> 4]
  const baseRate = SAMPLE_RATES[(third >> 2) & 3]
  if (version === 1 || ((second >> 1) & 3) !== LAYER_3 || !bitrate || baseRate === undefined) return undefined
  const sampleRate = baseRate >> (isVersion1 ? 0 : version === 2 ? 1 : 2)
  const samplesPerFrame = isVersion1 ? 1152 : 576
  return {
    sampleRate,
    channels: bytes[offset + 3]! >> 6 === MONO ? 1 : 2,
    samplesPerFrame,
    bitrate: bitrate * 1000,
    frameLength: Math.floor((samplesPerFrame * bitrate * 125) / sampleRate) + ((third >> 1) & 1),
  }
}

/** Frames that lie one behind the other in `bytes[start, end)`; 0 when there is none. The last may be cut short. */
export function countMp3Frames(bytes: Uint8Array, start: number, end: number): number {
  let frames = 0
  let offset = start
  while (offset < end) {
    const header = parseMp3FrameHeader(bytes, offset)
    if (header === undefined) break
    frames += 1
    offset += header.frameLength
  }
  return frames
}
