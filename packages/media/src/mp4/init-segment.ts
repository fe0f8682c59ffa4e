import type { AudioConfig, CodecConfig, Orientation, VideoConfig } from '../model/frame.js'
import { encodeUtf8 } from '../bytes/utf8.js'
import { box, fourCc, fullBox, u16, u32 } from './boxes.js'
import { sampleEntry } from './sample-entry.js'

/** The tracks of a file; at least one is there. */
export interface Mp4Tracks {
  readonly video?: VideoConfig | undefined
  readonly audio?: AudioConfig | undefined
}

export const VIDEO_TRACK_ID = 1
export const AUDIO_TRACK_ID = 2
/** Ticks per second of a video track; an audio track counts samples. */
export const VIDEO_TIMESCALE = 90_000
/** Ticks per second of durations of the whole file. */
export const MOVIE_TIMESCALE = 1000
/** "und", three letters of 5 bits. */
const UNDETERMINED_LANGUAGE = 0x55c4
/** Normal rate and full volume, as 16.16 and 8.8 numbers. */
const NORMAL_RATE = 0x10000
const FULL_VOLUME = 0x100
const ONE = 0x10000
const MINUS_ONE = 0xffff0000
/** The first four of the nine numbers of a transformation (ISO/IEC 14496-12 section 8.3.2), for a clockwise turn. */
const TURNS: Readonly<Record<Orientation, readonly [number, number, number, number]>> = {
  0: [ONE, 0, 0, ONE],
  90: [0, ONE, MINUS_ONE, 0],
  180: [MINUS_ONE, 0, 0, MINUS_ONE],
  270: [0, MINUS_ONE, ONE, 0],
}
/** The track is enabled, and part of the presentation. */
const TRACK_FLAGS = 3
/** sample_depends_on 2 for sound: no sample needs another. */
const INDEPENDENT_SAMPLE = 0x02000000
const NEXT_TRACK_ID = 3

/** Ticks per second of a track. */
export function timescaleOf(config: CodecConfig): number {
  return config.kind === 'video' ? VIDEO_TIMESCALE : config.sampleRate
}

/**
 * `ftyp` and `moov`: what a player needs before the fragments. Write it again, in a new file or behind a discontinuity, when
 * a config changes (`isSameMp4Track`). Every config must be one that MP4 can hold (`isMp4Writable`).
 * @param durationMs of the whole file, when it is known.
 */
export function initSegment(tracks: Mp4Tracks, durationMs = 0): Uint8Array {
  const configs = [tracks.video, tracks.audio].filter((config) => config !== undefined)
  const moov = box('moov', movieHeader(), ...configs.map(track), movieExtends(configs, durationMs))
  const brands = ['iso6', 'iso6', 'mp41', 'dash'].map(fourCc)
  const ftyp = box('ftyp', u32(brands[0]!, 0, ...brands.slice(1)))
  const init = new Uint8Array(ftyp.length + moov.length)
  init.set(ftyp)
  init.set(moov, ftyp.length)
  return init
}

function movieHeader(): Uint8Array {
  const matrix = u32(...matrixOf(0))
  return fullBox(
    ...(['mvhd', 0, 0, u32(0, 0, MOVIE_TIMESCALE, 0, NORMAL_RATE), u16(FULL_VOLUME, 0), u32(0, 0)] as const),
    ...[matrix, new Uint8Array(24), u32(NEXT_TRACK_ID)],
  )
}

/** `mehd` says how long the fragments are, `trex` what their samples have in common (sections 8.8.2 and 8.8.3). */
function movieExtends(configs: readonly CodecConfig[], durationMs: number): Uint8Array {
  const defaults = configs.map((config) =>
    fullBox('trex', 0, 0, u32(trackIdOf(config), 1, 0, 0, config.kind === 'audio' ? INDEPENDENT_SAMPLE : 0)),
  )
  return box('mvex', fullBox('mehd', 0, 0, u32(durationMs)), ...defaults)
}

export function trackIdOf(config: CodecConfig): number {
  return config.kind === 'video' ? VIDEO_TRACK_ID : AUDIO_TRACK_ID
}

function track(config: CodecConfig): Uint8Array {
  const isVideo = config.kind === 'video'
  const size = isVideo ? [config.width * 0x10000, config.height * 0x10000] : [0, 0]
  const trackHeader = fullBox(
    ...(['tkhd', 0, TRACK_FLAGS, u32(0, 0, trackIdOf(config), 0, 0, 0, 0)] as const),
    ...[u16(0, 0, isVideo ? 0 : FULL_VOLUME, 0), u32(...matrixOf(isVideo ? config.orientation : 0)), u32(...size)],
  )
  const mediaHeader = fullBox('mdhd', 0, 0, u32(0, 0, timescaleOf(config), 0), u16(UNDETERMINED_LANGUAGE, 0))
  const handler = fullBox(
    ...(['hdlr', 0, 0, u32(0, fourCc(isVideo ? 'vide' : 'soun'), 0, 0, 0)] as const),
    encodeUtf8(isVideo ? 'video\0' : 'audio\0'),
  )
  const kindHeader = isVideo ? fullBox('vmhd', 0, 1, u16(0, 0, 0, 0)) : fullBox('smhd', 0, 0, u16(0, 0))
  // The data is in this file.
  const dataInformation = box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1)))
  const sampleTable = box(
    ...(['stbl', fullBox('stsd', 0, 0, u32(1), sampleEntry(config)), fullBox('stts', 0, 0, u32(0))] as const),
    ...[fullBox('stsc', 0, 0, u32(0)), fullBox('stsz', 0, 0, u32(0, 0)), fullBox('stco', 0, 0, u32(0))],
  )
  return box(
    'trak',
    trackHeader,
    box('mdia', mediaHeader, handler, box('minf', kindHeader, dataInformation, sampleTable)),
  )
}

function matrixOf(orientation: Orientation): readonly number[] {
  const [a, b, c, d] = TURNS[orientation]
  return [a, b, 0, c, d, 0, 0, 0, 0x40000000]
}
