import { readUint32 } from '../bytes/big-endian.js'
import { BOX_HEADER_LENGTH, FULL_BOX_HEADER_LENGTH } from './boxes.js'

/** Where a box lies in the bytes that hold it. */
export interface BoxPlace {
  /** Four characters. */
  readonly type: string
  readonly start: number
  /** Of its content. */
  readonly contentStart: number
  /** Behind its content; may lie behind the bytes at hand. */
  readonly end: number
}

/** One track's samples in a fragment, in the track's ticks. */
export interface FragmentTrack {
  readonly trackId: number
  readonly baseDecodeTime: number
  readonly duration: number
  readonly samples: number
}

/** size 1: 64 bits of size follow the type. */
const LARGE_SIZE = 1
const LARGE_HEADER_LENGTH = 16
const MAX_TRACKS = 16
const DURATION_PRESENT = 0x100
/** Flags of a trun, and the bytes that each adds to its head or to every sample. */
const RUN_HEAD_FLAGS = [0x001, 0x004] as const
const RUN_SAMPLE_FLAGS = [DURATION_PRESENT, 0x200, 0x400, 0x800] as const

/**
 * The header of the box at `start` (ISO/IEC 14496-12 section 4.2). Undefined when the bytes end before it, or it is none: a
 * size below its header's, or "to the end of the file", which no growing file has.
 */
export function readBox(bytes: Uint8Array, start: number): BoxPlace | undefined {
  if (start + BOX_HEADER_LENGTH > bytes.length) return undefined
  const size = readUint32(bytes, start)
  const type = String.fromCharCode(...bytes.subarray(start + 4, start + BOX_HEADER_LENGTH))
  if (size !== LARGE_SIZE) {
    if (size < BOX_HEADER_LENGTH) return undefined
    return { type, start, contentStart: start + BOX_HEADER_LENGTH, end: start + size }
  }
  if (start + LARGE_HEADER_LENGTH > bytes.length) return undefined
  const large = readUint32(bytes, start + 8) * 0x1_0000_0000 + readUint32(bytes, start + 12)
  if (large < LARGE_HEADER_LENGTH || !Number.isSafeInteger(start + large)) return undefined
  return { type, start, contentStart: start + LARGE_HEADER_LENGTH, end: start + large }
}

/** The boxes in `bytes[start, end)`; undefined when they do not fill it exactly. */
export function readBoxes(bytes: Uint8Array, start = 0, end = bytes.length): BoxPlace[] | undefined {
  const boxes: BoxPlace[] = []
  let offset = start
  while (offset < end) {
    const place = readBox(bytes, offset)
    if (place === undefined || place.end > end) return undefined
    boxes.push(place)
    offset = place.end
  }
  return boxes
}

/**
 * What a whole `moof` says of its tracks, as this package writes it: durations per sample, decode time present. Undefined
 * when it is malformed or written otherwise.
 */
export function readFragmentTracks(moof: Uint8Array): FragmentTrack[] | undefined {
  const outer = readBox(moof, 0)
  if (outer?.type !== 'moof' || outer.end !== moof.length) return undefined
  const parts = readBoxes(moof, outer.contentStart)
  const runs = parts?.filter(({ type }) => type === 'traf')
  if (runs === undefined || runs.length === 0 || runs.length > MAX_TRACKS) return undefined
  const tracks: FragmentTrack[] = []
  for (const run of runs) {
    const track = readTrackRun(moof, run)
    if (track === undefined) return undefined
    tracks.push(track)
  }
  return tracks
}

/** Timescales of the tracks of a whole `moov`, by track id; undefined when it is malformed. */
export function readTimescales(moov: Uint8Array): Map<number, number> | undefined {
  const timescales = new Map<number, number>()
  const tracks = contentOf(moov, readBox(moov, 0))?.filter(({ type }) => type === 'trak')
  for (const track of tracks ?? []) {
    const trackHeader = find(moov, track, 'tkhd')
    const media = find(moov, track, 'mdia')
    const mediaHeader = media === undefined ? undefined : find(moov, media, 'mdhd')
    if (trackHeader === undefined || mediaHeader === undefined) return undefined
    const trackId = fieldAt(moov, trackHeader, [8, 16])
    const timescale = fieldAt(moov, mediaHeader, [8, 16])
    if (trackId === undefined || timescale === undefined || timescale === 0) return undefined
    timescales.set(trackId, timescale)
  }
  return timescales.size === 0 ? undefined : timescales
}

function readTrackRun(moof: Uint8Array, traf: BoxPlace): FragmentTrack | undefined {
  const header = find(moof, traf, 'tfhd')
  const time = find(moof, traf, 'tfdt')
  const run = find(moof, traf, 'trun')
  if (header === undefined || time === undefined || run === undefined) return undefined
  const trackId = fieldAt(moof, header, [0, 0])
  const baseDecodeTime = readDecodeTime(moof, time)
  if (trackId === undefined || baseDecodeTime === undefined || run.end - run.contentStart < 8) return undefined
  const flags = readUint32(moof, run.contentStart) & 0xffffff
  const samples = readUint32(moof, run.contentStart + 4)
  const size = bytesOfFlags(flags, RUN_SAMPLE_FLAGS)
  const first = run.contentStart + 8 + bytesOfFlags(flags, RUN_HEAD_FLAGS)
  if ((flags & DURATION_PRESENT) === 0 || samples === 0 || first + samples * size !== run.end) return undefined
  let duration = 0
  for (let offset = first; offset < run.end; offset += size) duration += readUint32(moof, offset)
  return { trackId, baseDecodeTime, duration, samples }
}

function readDecodeTime(bytes: Uint8Array, place: BoxPlace): number | undefined {
  const field = place.contentStart + FULL_BOX_HEADER_LENGTH - BOX_HEADER_LENGTH
  if (bytes[place.contentStart] === 0) return fieldAt(bytes, place, [0, 0])
  if (field + 8 > place.end) return undefined
  const time = readUint32(bytes, field) * 0x1_0000_0000 + readUint32(bytes, field + 4)
  return Number.isSafeInteger(time) ? time : undefined
}

/** The 32-bit field behind version and flags, whose place depends on whether the version is 0. */
function fieldAt(bytes: Uint8Array, place: BoxPlace, [small, large]: readonly [number, number]): number | undefined {
  const field = place.contentStart + 4 + (bytes[place.contentStart] === 0 ? small : large)
  return place.contentStart < place.end && field + 4 <= place.end ? readUint32(bytes, field) : undefined
}

function bytesOfFlags(flags: number, fields: readonly number[]): number {
  return fields.reduce((sum, field) => sum + ((flags & field) === 0 ? 0 : 4), 0)
}

function find(bytes: Uint8Array, parent: BoxPlace, type: string): BoxPlace | undefined {
  return contentOf(bytes, parent)?.find((place) => place.type === type)
}

function contentOf(bytes: Uint8Array, place: BoxPlace | undefined): BoxPlace[] | undefined {
  if (place === undefined || place.end > bytes.length) return undefined
  return readBoxes(bytes, place.contentStart, place.end)
}
