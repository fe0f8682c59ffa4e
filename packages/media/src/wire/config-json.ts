import { fromBase64, toBase64 } from '../bytes/base64.js'
import type { AudioCodec, AudioConfig, CodecConfig, VideoCodec, VideoConfig } from '../model/frame.js'
import { wireLimits } from './limits.js'

const AUDIO_CODECS: Readonly<Record<AudioCodec, true>> = {
  ...{ aac: true, mp3: true, opus: true },
  ...{ pcma: true, pcmu: true, pcm: true, adpcm: true, nellymoser: true, speex: true },
}
const VIDEO_CODECS: Readonly<Record<VideoCodec, true>> = { h264: true, h265: true, vp8: true, vp9: true, av1: true }

/** A codec config as `JSON.stringify` can write it: byte fields are base64 text. */
export function configToJson(config: CodecConfig): object {
  const description = toBase64(config.description)
  return config.kind === 'audio'
    ? { ...config, description }
    : { ...config, description, parameterSets: config.parameterSets.map(toBase64) }
}

/** The config again; undefined for anything that `configToJson` does not write. Unknown fields are left out. */
export function configFromJson(json: unknown): CodecConfig | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const fields = json as Fields
  return fields['kind'] === 'audio' ? audioFrom(fields) : fields['kind'] === 'video' ? videoFrom(fields) : undefined
}

/** Fields of both kinds of configs. */
type Common = Pick<CodecConfig, 'description' | 'codecString' | 'bitrate' | 'flvSpelling'>

type Fields = Readonly<Record<string, unknown>>

function audioFrom(fields: Fields): AudioConfig | undefined {
  const common = commonOf(fields)
  const { codec, sampleRate, channels, samplesPerFrame } = fields
  if (common === undefined || !isOneOf(AUDIO_CODECS, codec)) return undefined
  if (!isCount(sampleRate) || !isCount(channels) || !isCount(samplesPerFrame)) return undefined
  return { kind: 'audio', codec, sampleRate, channels, samplesPerFrame, ...common }
}

function videoFrom(fields: Fields): VideoConfig | undefined {
  const common = commonOf(fields)
  const { codec, nalLengthSize, width, height, orientation } = fields
  const parameterSets = bytesList(fields['parameterSets'])
  if (common === undefined || parameterSets === undefined || !isOneOf(VIDEO_CODECS, codec)) return undefined
  if (nalLengthSize !== 1 && nalLengthSize !== 2 && nalLengthSize !== 4) return undefined
  if (!isCount(width) || !isCount(height)) return undefined
  if (orientation !== 0 && orientation !== 90 && orientation !== 180 && orientation !== 270) return undefined
  const optional = numbersOf(fields, ['reorderFrames', 'frameRate'])
  if (optional === undefined) return undefined
  return { kind: 'video', codec, parameterSets, nalLengthSize, width, height, orientation, ...optional, ...common }
}

function commonOf(fields: Fields): Common | undefined {
  const { codecString, flvSpelling } = fields
  const description = bytesOf(fields['description'])
  if (description === undefined || typeof codecString !== 'string') return undefined
  if (codecString.length > wireLimits.codecStringChars) return undefined
  if (flvSpelling !== undefined && flvSpelling !== 'legacy' && flvSpelling !== 'enhanced') return undefined
  const optional = numbersOf(fields, ['bitrate'])
  if (optional === undefined) return undefined
  return { description, codecString, ...(flvSpelling === undefined ? {} : { flvSpelling }), ...optional }
}

/** The fields that are present; undefined if one is not a number. */
function numbersOf<Name extends string>(
  fields: Fields,
  names: readonly Name[],
): Partial<Record<Name, number>> | undefined {
  const numbers: Partial<Record<Name, number>> = {}
  for (const name of names) {
    const value = fields[name]
    if (value === undefined) continue
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return undefined
    numbers[name] = value
  }
  return numbers
}

function bytesList(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > wireLimits.parameterSets) return undefined
  const list = value.map(bytesOf)
  return list.every((bytes) => bytes !== undefined) ? list : undefined
}

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > Math.ceil(wireLimits.descriptionBytes / 3) * 4) return undefined
  return fromBase64(value)
}

function isOneOf<Name extends string>(names: Readonly<Record<Name, true>>, value: unknown): value is Name {
  return typeof value === 'string' && Object.hasOwn(names, value)
}

/** Also the largest that a config may say of pixels or Hz. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
}
