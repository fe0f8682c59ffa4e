import { writeUint32 } from '../bytes/big-endian.js'
import type { MediaFrame } from '../model/frame.js'
import { isEntryPoint } from '../model/frame.js'
import { byteLengthOfLengthPrefixed, writeLengthPrefixed } from '../nal/length-prefixed.js'
import { BOX_HEADER_LENGTH, fourCc, FULL_BOX_HEADER_LENGTH, writeBoxHeader, writeUint64 } from './boxes.js'

/** A frame with its place in its track, in the track's ticks. */
export interface Sample {
  readonly frame: MediaFrame
  readonly decodeTime: number
  /** pts − dts; may be negative. */
  readonly compositionOffset: number
  readonly byteLength: number
  duration: number
}

/** The samples of one track, in order of decoding; at least one. */
export interface TrackRun {
  readonly trackId: number
  readonly isVideo: boolean
  readonly samples: readonly Sample[]
}

const MOOF = fourCc('moof')
const MFHD = fourCc('mfhd')
const TRAF = fourCc('traf')
const TFHD = fourCc('tfhd')
const TFDT = fourCc('tfdt')
const TRUN = fourCc('trun')
const MDAT = fourCc('mdat')
const MFHD_LENGTH = FULL_BOX_HEADER_LENGTH + 4
const TFHD_LENGTH = FULL_BOX_HEADER_LENGTH + 4
const TFDT_LENGTH = FULL_BOX_HEADER_LENGTH + 8
/** sample_count, data_offset. */
const TRUN_HEAD_LENGTH = FULL_BOX_HEADER_LENGTH + 8
/** Offsets count from the start of the moof (section 8.8.7). */
const DEFAULT_BASE_IS_MOOF = 0x020000
/** data-offset, and per sample: duration, size; for video also flags and composition time offset (section 8.8.8). */
const AUDIO_RUN_FLAGS = 0x000301
const VIDEO_RUN_FLAGS = 0x000f01
const AUDIO_SAMPLE_LENGTH = 8
const VIDEO_SAMPLE_LENGTH = 16
/** sample_depends_on, sample_is_depended_on, sample_is_non_sync_sample (section 8.8.3.1). */
const SYNC_SAMPLE = 2 << 24
const DEPENDENT_SAMPLE = (1 << 24) | (1 << 16)
const DISPOSABLE_SAMPLE = DEPENDENT_SAMPLE | (2 << 22)

/** Bytes of a frame as a sample. */
export function byteLengthOfSample({ config, units }: MediaFrame): number {
  const hasLengths = config.codec === 'h264' || config.codec === 'h265'
  return hasLengths ? byteLengthOfLengthPrefixed(units, config.nalLengthSize) : units[0]!.length
}

/** `moof` and `mdat` of the runs (sections 8.8.4 to 8.8.12), in one buffer. */
export function writeFragment(sequenceNumber: number, runs: readonly TrackRun[]): Uint8Array {
  let moofLength = BOX_HEADER_LENGTH + MFHD_LENGTH
  let dataLength = 0
  for (const run of runs) {
    moofLength += byteLengthOfTraf(run)
    for (const sample of run.samples) dataLength += sample.byteLength
  }
  const out = new Uint8Array(moofLength + BOX_HEADER_LENGTH + dataLength)
  let offset = writeBoxHeader(MOOF, moofLength, out, 0)
  offset = writeFullBoxHeader(MFHD, MFHD_LENGTH, 0, 0, out, offset)
  offset = writeUint32(sequenceNumber, out, offset)
  let dataOffset = moofLength + BOX_HEADER_LENGTH
  for (const run of runs) {
    offset = writeTraf(run, dataOffset, out, offset)
    for (const sample of run.samples) dataOffset = writeSample(sample.frame, out, dataOffset)
  }
  writeBoxHeader(MDAT, BOX_HEADER_LENGTH + dataLength, out, offset)
  return out
}

function byteLengthOfTraf(run: TrackRun): number {
  return BOX_HEADER_LENGTH + TFHD_LENGTH + TFDT_LENGTH + byteLengthOfRun(run)
}

function byteLengthOfRun({ isVideo, samples }: TrackRun): number {
  return TRUN_HEAD_LENGTH + samples.length * (isVideo ? VIDEO_SAMPLE_LENGTH : AUDIO_SAMPLE_LENGTH)
}

function writeTraf(run: TrackRun, dataOffset: number, out: Uint8Array, start: number): number {
  let offset = writeBoxHeader(TRAF, byteLengthOfTraf(run), out, start)
  offset = writeFullBoxHeader(TFHD, TFHD_LENGTH, 0, DEFAULT_BASE_IS_MOOF, out, offset)
  offset = writeUint32(run.trackId, out, offset)
  offset = writeFullBoxHeader(TFDT, TFDT_LENGTH, 1, 0, out, offset)
  offset = writeUint64(run.samples[0]!.decodeTime, out, offset)
  // Version 1: composition offsets are signed.
  offset = writeFullBoxHeader(
    TRUN,
    byteLengthOfRun(run),
    1,
    run.isVideo ? VIDEO_RUN_FLAGS : AUDIO_RUN_FLAGS,
    out,
    offset,
  )
  offset = writeUint32(run.samples.length, out, offset)
  offset = writeUint32(dataOffset, out, offset)
  for (const sample of run.samples) {
    offset = writeUint32(sample.duration, out, offset)
    offset = writeUint32(sample.byteLength, out, offset)
    if (!run.isVideo) continue
    offset = writeUint32(sampleFlags(sample.frame), out, offset)
    offset = writeUint32(sample.compositionOffset, out, offset)
  }
  return offset
}

function sampleFlags(frame: MediaFrame): number {
  if (isEntryPoint(frame)) return SYNC_SAMPLE
  return frame.droppable ? DISPOSABLE_SAMPLE : DEPENDENT_SAMPLE
}

function writeSample({ config, units }: MediaFrame, out: Uint8Array, offset: number): number {
  if (config.codec === 'h264' || config.codec === 'h265') {
    return writeLengthPrefixed(units, config.nalLengthSize, out, offset)
  }
  out.set(units[0]!, offset)
  return offset + units[0]!.length
}

function writeFullBoxHeader(
  type: number,
  size: number,
  version: number,
  flags: number,
  out: Uint8Array,
  offset: number,
): number {
  return writeUint32(version * 0x1000000 + flags, out, writeBoxHeader(type, size, out, offset))
}
