import { parseAmf0Values } from '../amf0/reader.js'
import { EcmaArray, type Amf0Limits, type Amf0Object, type Amf0Value } from '../amf0/value.js'
import { encodeAmf0Values } from '../amf0/writer.js'
import { readUint16 } from '../bytes/big-endian.js'
import { decodeUtf8 } from '../bytes/utf8.js'
import type { AudioConfig, FlvSpelling, Orientation, VideoConfig } from '../model/frame.js'
import { MAX_FRAME_RATE, MAX_PICTURE_SIDE } from '../model/picture-limits.js'
import { AUDIO_FOUR_CC, LegacyVideoCodecId, SoundFormat, VIDEO_FOUR_CC } from './codec-ids.js'
import { isLegacySound, soundByteOf } from './legacy-sound.js'
import { spellingOf } from './spelling.js'

/** Longer encoder names are cut: they only go into logs and metadata. */
const MAX_ENCODER_LENGTH = 128
/** Bits per second that are believed: 1 Gbit/s. */
const MAX_BITRATE = 1_000_000_000

/** Recordings that are sent again carry an index of their keyframes: thousands of numbers. */
const METADATA_LIMITS: Amf0Limits = { maxDepth: 16, maxNodes: 65_536, maxBytes: 1024 * 1024 }

const STRING_MARKER = 2
const MAX_SCRIPT_NAME = 128

const ORIENTATIONS: readonly Orientation[] = [0, 90, 180, 270]

/** The onMetaData of a publisher, without fields that are zero or absurd. */
export interface FlvMetadata {
  /** Pixels. */
  readonly width?: number
  readonly height?: number
  /** Frames per second. */
  readonly frameRate?: number
  /** Bits per second; FLV counts in kbit/s of 1000. */
  readonly videoBitrate?: number
  readonly audioBitrate?: number
  readonly encoder?: string
  /** `rotation`: degrees clockwise by which a player turns the picture. */
  readonly orientation?: Orientation
}

/**
 * Reads a script data body. A name other than onMetaData gives an empty result; undefined if the body is not AMF0.
 * RTMP's `@setDataFrame` may precede it.
 */
export function parseMetadataBody(body: Uint8Array): FlvMetadata | undefined {
  const values = parseAmf0Values(body, METADATA_LIMITS)
  if (values === undefined) return undefined
  const start = values[0] === '@setDataFrame' ? 1 : 0
  const properties = propertiesOf(values[start + 1])
  if (values[start] !== 'onMetaData' || properties === undefined) return {}
  const frameRate = positive(properties['framerate'] ?? properties['fps'], MAX_FRAME_RATE)
  const videoBitrate = positive(properties['videodatarate'], MAX_BITRATE / 1000)
  const audioBitrate = positive(properties['audiodatarate'], MAX_BITRATE / 1000)
  const width = positive(properties['width'], MAX_PICTURE_SIDE)
  const height = positive(properties['height'], MAX_PICTURE_SIDE)
  const encoder = properties['encoder']
  const orientation = ORIENTATIONS.find((angle) => angle === properties['rotation'])
  return {
    ...(orientation === undefined ? {} : { orientation }),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(videoBitrate === undefined ? {} : { videoBitrate: Math.round(videoBitrate * 1000) }),
    ...(audioBitrate === undefined ? {} : { audioBitrate: Math.round(audioBitrate * 1000) }),
    ...(typeof encoder === 'string' && encoder !== '' ? { encoder: encoder.slice(0, MAX_ENCODER_LENGTH) } : {}),
  }
}

/** Script data that a server sends to its players, and does not accept from a publisher. */
const SERVER_NOTICES = ['onMetaData', 'onStatus', '|RtmpSampleAccess']

/** Whether script data is a message to the players of a stream (`onTextData`, …), as opposed to facts about the stream. */
export function isPlayersScript(body: Uint8Array): boolean {
  const length = body[0] === STRING_MARKER && body.length >= 3 ? readUint16(body, 1) : 0
  if (length === 0 || length > MAX_SCRIPT_NAME || 3 + length > body.length) return false
  return !SERVER_NOTICES.includes(decodeUtf8(body, 3, 3 + length))
}

/** The input of `buildMetadataBody`. */
export interface MetadataContent {
  readonly video?: VideoConfig | undefined
  readonly audio?: AudioConfig | undefined
  /** Default: absent. */
  readonly encoder?: string | undefined
  /** The spelling the tags are written with, where it differs from the configs' own. */
  readonly spelling?: FlvSpelling | undefined
  /** Whether a rotation of 0 is written too: needed after another rotation. Default false. */
  readonly saysUpright?: boolean | undefined
}

/**
 * The script data body of a stream's start: onMetaData with an ECMA array. `audiodatarate` is never 0 when there is
 * audio, because the player of WeChat then hangs after connecting.
 */
export function buildMetadataBody({ video, audio, encoder, spelling, saysUpright }: MetadataContent): Uint8Array {
  const properties: Amf0Object = { duration: 0 }
  if (video !== undefined) {
    if (video.width > 0) properties['width'] = video.width
    if (video.height > 0) properties['height'] = video.height
    properties['videocodecid'] = videoCodecIdOf(video, spelling)
    properties['videodatarate'] = (video.bitrate ?? 0) / 1000
    // 0 would be a lie that some players divide by.
    if (video.frameRate !== undefined) properties['framerate'] = video.frameRate
    if (video.orientation !== 0 || saysUpright === true) properties['rotation'] = video.orientation
  }
  if (audio !== undefined) {
    properties['audiocodecid'] = audioCodecIdOf(audio)
    properties['audiodatarate'] = (audio.bitrate ?? usualBitrate(audio)) / 1000
    properties['audiosamplerate'] = audio.sampleRate
    properties['audiosamplesize'] = 16
    properties['stereo'] = audio.channels > 1
  }
  if (encoder !== undefined) properties['encoder'] = encoder
  return encodeAmf0Values(['onMetaData', new EcmaArray(properties)])
}

/** The legacy id, or the FourCC as a number (Enhanced RTMP v2, "Enhancing onMetaData"). */
function videoCodecIdOf(config: VideoConfig, spelling: FlvSpelling | undefined): number {
  if (spellingOf(config, spelling) === 'enhanced') return VIDEO_FOUR_CC[config.codec]
  return config.codec === 'h265' ? LegacyVideoCodecId.hevc : LegacyVideoCodecId.avc
}

function audioCodecIdOf(config: AudioConfig): number {
  if (isLegacySound(config.codec)) return soundByteOf(config) >> 4
  if (spellingOf(config) === 'enhanced') return AUDIO_FOUR_CC[config.codec]
  return config.codec === 'mp3' ? SoundFormat.mp3 : SoundFormat.aac
}

/** Bits per second that encoders commonly choose. */
function usualBitrate(config: AudioConfig): number {
  const perChannel = config.codec === 'opus' ? 48_000 : 64_000
  return perChannel * Math.min(config.channels, 2)
}

function propertiesOf(value: Amf0Value): Amf0Object | undefined {
  if (value instanceof EcmaArray) return value.properties
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null
    ? (value as Amf0Object)
    : undefined
}

function positive(value: Amf0Value, limit: number): number | undefined {
  return typeof value === 'number' && value > 0 && value <= limit ? value : undefined
}
