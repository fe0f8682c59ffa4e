import { bytesEqual } from '../bytes/equality.js'
import type { AudioConfig, CodecConfig, VideoConfig } from '../model/frame.js'
import { parseOpusHead } from '../opus/opus-head.js'
import { box, fullBox, u16, u32, u8 } from './boxes.js'

/** Objects of MPEG-4 Systems (ISO/IEC 14496-1 section 7.2.6): descriptor tags, and what a stream holds. */
const ES_DESCRIPTOR = 3
const DECODER_CONFIG_DESCRIPTOR = 4
const DECODER_SPECIFIC_INFO = 5
const SL_CONFIG_DESCRIPTOR = 6
const OBJECT_TYPE = { aac: 0x40, mp3: 0x6b } as const
/** streamType 5 (audio), upStream 0, reserved 1. */
const AUDIO_STREAM_TYPE = 0x15
/** 72 dpi as a 16.16 number. */
const RESOLUTION = 0x480000
/** A picture's depth with colour and without alpha. */
const DEPTH = 24
const NO_COLOUR_TABLE = 0xffff
/** VP8 in MP4: profile 0, level 1, 8 bits of 4:2:0, colours unspecified. */
const VP8_RECORD = [1, 0, 0, 0, 0, 10, (8 << 4) | (1 << 1), 2, 2, 2, 0, 0] as const

/** Whether MP4 has a sample entry for the codec: all but the sounds of old FLV files. */
export function isMp4Writable(config: CodecConfig): boolean {
  if (config.kind === 'video') return true
  return config.codec === 'aac' || config.codec === 'opus' || config.codec === 'mp3'
}

/** Whether both configs make the same sample entry, so that their frames fit into one track. */
export function isSameMp4Track(one: CodecConfig, other: CodecConfig): boolean {
  if (one === other) return true
  if (one.codec !== other.codec || !bytesEqual(one.description, other.description)) return false
  if (one.kind === 'video' && other.kind === 'video') {
    return one.width === other.width && one.height === other.height && one.orientation === other.orientation
  }
  if (one.kind !== 'audio' || other.kind !== 'audio') return false
  return one.sampleRate === other.sampleRate && one.channels === other.channels
}

/** The sample entry of a config that MP4 can hold (ISO/IEC 14496-12 section 8.5.2). */
export function sampleEntry(config: CodecConfig): Uint8Array {
  return config.kind === 'video' ? visualEntry(config) : audioEntry(config)
}

/** VisualSampleEntry, section 12.1.3, with the codec's record (ISO/IEC 14496-15, and the bindings of AV1 and VP). */
function visualEntry(config: VideoConfig): Uint8Array {
  const head = [
    ...[new Uint8Array(6), u16(1), new Uint8Array(16), u16(config.width, config.height)],
    ...[u32(RESOLUTION, RESOLUTION, 0), u16(1), new Uint8Array(32), u16(DEPTH, NO_COLOUR_TABLE)],
  ]
  switch (config.codec) {
    case 'h264':
      return box('avc1', ...head, box('avcC', config.description))
    case 'h265':
      return box('hvc1', ...head, box('hvcC', config.description))
    case 'av1':
      return box('av01', ...head, box('av1C', config.description))
    case 'vp9':
      return box('vp09', ...head, box('vpcC', config.description))
    case 'vp8':
      return box('vp08', ...head, box('vpcC', Uint8Array.from(VP8_RECORD)))
  }
}

/** AudioSampleEntry, section 12.2.3. The rate is a 16.16 number; what does not fit is 0, and the codec's own record says it. */
function audioEntry(config: AudioConfig): Uint8Array {
  const rate = config.sampleRate <= 0xffff ? config.sampleRate * 0x10000 : 0
  const head = [new Uint8Array(6), u16(1), u32(0, 0), u16(config.channels, 16), u32(0, rate)]
  return config.codec === 'opus'
    ? box('Opus', ...head, opusBox(config))
    : box('mp4a', ...head, elementaryStream(config))
}

/**
 * OpusSpecificBox ("Encapsulation of Opus in ISO Base Media File Format", section 4.3.2). PreSkip is 0: a live stream is
 * taken in its middle, and skipping would move its sound against its picture.
 */
function opusBox(config: AudioConfig): Uint8Array {
  const { description } = config
  const head = parseOpusHead(description)
  if (head === undefined) return box('dOps', u8(0, config.channels), u16(0), u32(config.sampleRate), u16(0), u8(0))
  const gain = description[16]! | (description[17]! << 8)
  // Mapping family, and for families other than 0 the channel mapping table.
  return box('dOps', u8(0, head.channels), u16(0), u32(head.inputSampleRate), u16(gain), description.subarray(18))
}

function elementaryStream(config: AudioConfig): Uint8Array {
  const bitrate = config.bitrate ?? 0
  const specific = config.description.length === 0 ? [] : [descriptor(DECODER_SPECIFIC_INFO, config.description)]
  const decoder = descriptor(
    DECODER_CONFIG_DESCRIPTOR,
    ...[u8(config.codec === 'mp3' ? OBJECT_TYPE.mp3 : OBJECT_TYPE.aac, AUDIO_STREAM_TYPE, 0, 0, 0)],
    ...[u32(bitrate, bitrate), ...specific],
  )
  return fullBox(
    'esds',
    0,
    0,
    descriptor(ES_DESCRIPTOR, u16(0), u8(0), decoder, descriptor(SL_CONFIG_DESCRIPTOR, u8(2))),
  )
}

/** A descriptor with its length in groups of 7 bits (ISO/IEC 14496-1 section 8.3.3). */
function descriptor(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const size = [length & 0x7f]
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) size.unshift(0x80 | (rest & 0x7f))
  return Uint8Array.from([tag, ...size, ...parts.flatMap((part) => [...part])])
}
