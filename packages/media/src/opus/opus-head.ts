import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.js'
import { type AudioHints, optionalAudioFields } from '../model/audio-hints.js'
import type { AudioConfig } from '../model/frame.js'
import { OPUS_SAMPLE_RATE } from './toc.js'

const MAGIC = encodeUtf8('OpusHead')
/** Magic, version, channel count, pre-skip, input rate, gain, mapping family. */
const HEAD_LENGTH = 19
/** The channels that Vorbis order knows: mapping family 1. */
const MAX_CHANNELS = 8

/** The identification header (RFC 7845 section 5.1). */
export interface OpusHead {
  readonly channels: number
  /** Samples at 48 kHz to throw away at the start. */
  readonly preSkip: number
  /** Hz of the encoder's input; only informative. */
  readonly inputSampleRate: number
}

/** Reads an identification header, magic included; undefined when malformed or with more than 8 channels. */
export function parseOpusHead(bytes: Uint8Array): OpusHead | undefined {
  if (bytes.length < HEAD_LENGTH || decodeUtf8(bytes, 0, MAGIC.length) !== 'OpusHead') return undefined
  const channels = bytes[9]!
  // The upper four bits are the major version.
  if (bytes[8]! >> 4 !== 0 || channels < 1 || channels > MAX_CHANNELS) return undefined
  const mappingFamily = bytes[18]!
  if (mappingFamily === 0 ? channels > 2 : bytes.length < HEAD_LENGTH + 2 + channels) return undefined
  return {
    channels,
    preSkip: bytes[10]! | (bytes[11]! << 8),
    inputSampleRate: (bytes[12]! | (bytes[13]! << 8) | (bytes[14]! << 16) | (bytes[15]! << 24)) >>> 0,
  }
}

/** An identification header of mapping family 0 (mono, stereo) with gain 0. */
export function buildOpusHead(head: OpusHead): Uint8Array {
  const bytes = new Uint8Array(HEAD_LENGTH)
  bytes.set(MAGIC)
  bytes[8] = 1
  bytes[9] = head.channels
  bytes[10] = head.preSkip
  bytes[11] = head.preSkip >> 8
  for (let index = 0; index < 4; index++) bytes[12 + index] = head.inputSampleRate >>> (8 * index)
  return bytes
}

/** A config from an identification header, which is copied; undefined as `parseOpusHead`. */
export function audioConfigFromOpusHead(bytes: Uint8Array, hints: AudioHints = {}): AudioConfig | undefined {
  const head = parseOpusHead(bytes)
  if (head === undefined) return undefined
  return {
    kind: 'audio',
    codec: 'opus',
    description: bytes.slice(),
    sampleRate: OPUS_SAMPLE_RATE,
    channels: head.channels,
    samplesPerFrame: 0,
    codecString: 'opus',
    ...optionalAudioFields(hints),
  }
}
