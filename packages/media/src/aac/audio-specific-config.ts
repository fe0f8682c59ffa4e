import { BitReader } from '../bytes/bit-reader.js'
import { BitWriter } from '../bytes/bit-writer.js'
import { type AudioHints, optionalAudioFields } from '../model/audio-hints.js'
import type { AudioConfig } from '../model/frame.js'

/** samplingFrequencyIndex (ISO/IEC 14496-3 table 1.18); index 15 means that 24 bits follow. */
export const AAC_SAMPLE_RATES: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]
const EXPLICIT_RATE_INDEX = 15
const MIN_SAMPLE_RATE = 7350
const MAX_SAMPLE_RATE = 96000
/** channelConfiguration to channels (table 1.19); 0 means a program_config_element, 8 to 10 and 15 are reserved. */
const CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8]
/** More bytes than any record: explicit rates, a program config with 47 elements, SBR and PS together. */
export const MAX_AUDIO_SPECIFIC_CONFIG_BYTES = 64

/** audioObjectType (table 1.17), those that are carried. */
export const AacObjectType = { main: 1, lowComplexity: 2, ssr: 3, ltp: 4, sbr: 5, lowDelay: 23, ps: 29 } as const

const ESCAPE_OBJECT_TYPE = 31
/** Backward compatible signalling behind the core's config (section 1.6.5). */
const SYNC_SBR = 0x2b7
const SYNC_PS = 0x548

/** AudioSpecificConfig (ISO/IEC 14496-3 section 1.6.2.1). */
export interface AudioSpecificConfig {
  /** The core's object type: 2 (LC) also when SBR or PS is signalled around it. */
  readonly objectType: number
  /** Hz, of the core: frames are counted with it. */
  readonly sampleRate: number
  /** Channels of the core: 1 with parametric stereo. */
  readonly channels: number
  /** Samples per channel and core frame. */
  readonly samplesPerFrame: number
  /** Hz that a decoder with SBR gives out; undefined when SBR is not signalled. */
  readonly extensionSampleRate: number | undefined
  readonly parametricStereo: boolean
}

/**
 * Reads an AudioSpecificConfig. Undefined when it is malformed or unsupported: object types other than Main, LC, SSR,
 * LTP and LD, rates outside 7350 to 96000 Hz, more than 8 channels.
 */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig | undefined {
  const reader = new BitReader(bytes, 0, Math.min(bytes.length, MAX_AUDIO_SPECIFIC_CONFIG_BYTES))
  let objectType = readObjectType(reader)
  const sampleRate = readSampleRate(reader)
  const channelConfiguration = reader.bits(4)
  const isHierarchical = objectType === AacObjectType.sbr || objectType === AacObjectType.ps
  let parametricStereo = objectType === AacObjectType.ps
  let extensionSampleRate = isHierarchical ? readSampleRate(reader) : undefined
  if (isHierarchical) objectType = readObjectType(reader)
  const core = readGaSpecificConfig(reader, objectType, channelConfiguration)
  if (reader.failed || core === undefined || !isAcceptableRate(sampleRate)) return undefined
  if (!isHierarchical && reader.bitsLeft >= 16 && reader.bits(11) === SYNC_SBR) {
    if (readObjectType(reader) === AacObjectType.sbr && reader.flag()) extensionSampleRate = readSampleRate(reader)
    parametricStereo = reader.bitsLeft >= 12 && reader.bits(11) === SYNC_PS && reader.flag()
  }
  if (extensionSampleRate !== undefined && !isAcceptableRate(extensionSampleRate)) return undefined
  return { objectType, sampleRate, ...core, extensionSampleRate, parametricStereo }
}

/** A config from an AudioSpecificConfig, which is copied; undefined as `parseAudioSpecificConfig`. */
export function audioConfigFromAac(bytes: Uint8Array, hints: AudioHints = {}): AudioConfig | undefined {
  const parsed = parseAudioSpecificConfig(bytes)
  if (parsed === undefined) return undefined
  const { sampleRate, channels, samplesPerFrame, parametricStereo, extensionSampleRate, objectType } = parsed
  const named = parametricStereo ? AacObjectType.ps : extensionSampleRate === undefined ? objectType : AacObjectType.sbr
  return {
    kind: 'audio',
    codec: 'aac',
    description: bytes.slice(),
    sampleRate,
    channels,
    samplesPerFrame,
    codecString: `mp4a.40.${named}`,
    ...optionalAudioFields(hints),
  }
}

/** An AudioSpecificConfig of AAC with 1024 samples per frame: 2 bytes, 5 when the rate is not in the table. */
export function buildAudioSpecificConfig(objectType: number, sampleRate: number, channels: number): Uint8Array {
  const index = AAC_SAMPLE_RATES.indexOf(sampleRate)
  const bytes = new Uint8Array(index >= 0 ? 2 : 5)
  const writer = new BitWriter(bytes)
  writer.bits(objectType, 5)
  writer.bits(index >= 0 ? index : EXPLICIT_RATE_INDEX, 4)
  if (index < 0) writer.bits(sampleRate, 24)
  writer.bits(CHANNELS.indexOf(channels), 4)
  return bytes
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5)
  return type === ESCAPE_OBJECT_TYPE ? 32 + reader.bits(6) : type
}

/** Hz; 0 for the reserved indexes. */
function readSampleRate(reader: BitReader): number {
  const index = reader.bits(4)
  return index === EXPLICIT_RATE_INDEX ? reader.bits(24) : (AAC_SAMPLE_RATES[index] ?? 0)
}

function isAcceptableRate(sampleRate: number): boolean {
  return sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE
}

/** GASpecificConfig (section 4.4.1). */
function readGaSpecificConfig(
  reader: BitReader,
  objectType: number,
  channelConfiguration: number,
): { channels: number; samplesPerFrame: number } | undefined {
  const isLowDelay = objectType === AacObjectType.lowDelay
  if (!isLowDelay && (objectType < AacObjectType.main || objectType > AacObjectType.ltp)) return undefined
  const isShort = reader.flag()
  if (reader.flag()) reader.skip(14)
  const hasExtension = reader.flag()
  const channels = channelConfiguration === 0 ? readProgramConfig(reader) : (CHANNELS[channelConfiguration] ?? 0)
  if (channels < 1 || channels > 8) return undefined
  if (hasExtension) reader.skip(isLowDelay ? 4 : 1)
  if (isLowDelay) return { channels, samplesPerFrame: isShort ? 480 : 512 }
  return { channels, samplesPerFrame: isShort ? 960 : 1024 }
}

/** Channels of a program_config_element (section 4.4.1.1): element counts, then one flag per element for a pair. */
function readProgramConfig(reader: BitReader): number {
  reader.skip(4 + 2 + 4)
  const speakers = reader.bits(4) + reader.bits(4) + reader.bits(4)
  const lowFrequency = reader.bits(2)
  const associated = reader.bits(3)
  const coupling = reader.bits(4)
  if (reader.flag()) reader.skip(4)
  if (reader.flag()) reader.skip(4)
  if (reader.flag()) reader.skip(3)
  let channels = lowFrequency
  for (let index = 0; index < speakers && !reader.failed; index++) {
    channels += reader.flag() ? 2 : 1
    reader.skip(4)
  }
  reader.skip(4 * lowFrequency + 4 * associated + 5 * coupling)
  reader.alignToByte()
  reader.skip(8 * reader.bits(8))
  return channels
}
