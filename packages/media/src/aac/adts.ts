import type { AudioHints } from '../model/audio-hints.js'
import type { AudioConfig } from '../model/frame.js'
import {
  AAC_SAMPLE_RATES,
  audioConfigFromAac,
  buildAudioSpecificConfig,
  parseAudioSpecificConfig,
} from './audio-specific-config.js'

/** adts_fixed_header and adts_variable_header without CRC (ISO/IEC 14496-3 section 1.A.3.2). */
export const ADTS_HEADER_LENGTH = 7
const CRC_LENGTH = 2
const MAX_FRAME_LENGTH = 0x1fff
const SYNC_HIGH = 0xff
const SYNC_LOW = 0xf0

/** One frame of an ADTS stream. */
export interface AdtsFrame {
  readonly objectType: number
  /** Hz. */
  readonly sampleRate: number
  readonly channels: number
  /** Position of the raw frame in the input. */
  readonly start: number
  readonly end: number
}

/** Reads the ADTS frame at `offset`; undefined when it is malformed, incomplete, or holds several raw data blocks. */
export function parseAdtsFrame(bytes: Uint8Array, offset = 0): AdtsFrame | undefined {
  const frame = parseAdtsHeader(bytes, offset)
  return frame === undefined || frame.end <= frame.start || frame.end > bytes.length ? undefined : frame
}

/** The header at `offset`; its frame need not be present. */
export function parseAdtsHeader(bytes: Uint8Array, offset = 0): AdtsFrame | undefined {
  if (offset + ADTS_HEADER_LENGTH > bytes.length) return undefined
  // Sync word, layer 0.
  if (bytes[offset] !== SYNC_HIGH || (bytes[offset + 1]! & 0xf6) !== SYNC_LOW) return undefined
  const hasCrc = (bytes[offset + 1]! & 1) === 0
  const sampleRate = AAC_SAMPLE_RATES[(bytes[offset + 2]! >> 2) & 15]
  const channels = ((bytes[offset + 2]! & 1) << 2) | (bytes[offset + 3]! >> 6)
  const length = ((bytes[offset + 3]! & 3) << 11) | (bytes[offset + 4]! << 3) | (bytes[offset + 5]! >> 5)
  if (sampleRate === undefined || (bytes[offset + 6]! & 3) !== 0 || channels === 0) return undefined
  return {
    objectType: (bytes[offset + 2]! >> 6) + 1,
    sampleRate,
    channels: channels === 7 ? 8 : channels,
    start: offset + ADTS_HEADER_LENGTH + (hasCrc ? CRC_LENGTH : 0),
    end: offset + length,
  }
}

/** The config of the frames of an ADTS stream. */
export function audioConfigFromAdts(frame: AdtsFrame, hints: AudioHints = {}): AudioConfig | undefined {
  return audioConfigFromAac(buildAudioSpecificConfig(frame.objectType, frame.sampleRate, frame.channels), hints)
}

/** Whether `writeAdtsHeader` can describe frames of `config`: Main, LC, SSR or LTP, a rate of the table, up to 8 channels but not 7. */
export function isAdtsWritable(config: AudioConfig): boolean {
  const parsed = config.codec === 'aac' ? parseAudioSpecificConfig(config.description) : undefined
  if (parsed === undefined || parsed.objectType > 4 || config.channels === 7) return false
  return AAC_SAMPLE_RATES.includes(parsed.sampleRate)
}

/** Writes the header of a raw frame of `frameLength` bytes, below 8 KiB; returns the offset after it. See `isAdtsWritable`. */
export function writeAdtsHeader(config: AudioConfig, frameLength: number, out: Uint8Array, offset: number): number {
  const length = Math.min(MAX_FRAME_LENGTH, frameLength + ADTS_HEADER_LENGTH)
  // The first 5 bits of an AudioSpecificConfig are the object type; SBR is signalled implicitly in ADTS.
  const objectType = Math.min(config.description[0]! >> 3, 4)
  const profile = objectType >= 1 && objectType <= 4 ? objectType - 1 : 1
  const rateIndex = AAC_SAMPLE_RATES.indexOf(config.sampleRate)
  const channels = config.channels === 8 ? 7 : config.channels
  out[offset] = SYNC_HIGH
  out[offset + 1] = SYNC_LOW | 1
  out[offset + 2] = (profile << 6) | (rateIndex << 2) | (channels >> 2)
  out[offset + 3] = ((channels & 3) << 6) | (length >> 11)
  out[offset + 4] = length >> 3
  // adts_buffer_fullness 0x7ff: variable rate.
  out[offset + 5] = ((length & 7) << 5) | 0x1f
  out[offset + 6] = 0xfc
  return offset + ADTS_HEADER_LENGTH
}
