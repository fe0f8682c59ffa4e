import {
  flvTimestampMs,
  isEntryPoint,
  type AudioConfig,
  type CodecConfig,
  type MediaFrame,
  type VideoConfig,
} from '@crossroom/media'
import type { Packer } from './packer.js'
import type { Tracks } from './sink.js'

/** One frame inside a batch. */
export interface PackedFrame {
  readonly frame: MediaFrame
  /** A view of the batch: the frame alone, without its codec configuration. */
  readonly bytes: Uint8Array
}

/** Frames written once and shared by every viewer of a cohort. Immutable. */
export interface Batch {
  /** Everything, configurations included: what a viewer gets who has had everything before. */
  readonly bytes: Uint8Array
  readonly frames: readonly PackedFrame[]
  readonly hasKeyframe: boolean
  /** The configurations in force at the end of the batch. */
  readonly configs: Tracks
}

/** Milliseconds of a stream time for a viewer whose time starts at `baseMs`; negative for earlier frames. */
export function viewerTimestampMs(dts: number, baseMs: number): number {
  return flvTimestampMs(dts) - baseMs
}

/**
 * Encoders deliver audio this much later than video of the same time; older audio does not determine the start of a
 * viewer.
 */
const SOUND_BEHIND_MS = 100

/**
 * The start of time for viewers that get `frames` next: the earliest frame that can be used without earlier ones. Older
 * audio that arrives later is left out, because the video was sent with its time. Older video moves all following frames.
 */
export function baseMsFor(baseMs: number | undefined, frames: readonly MediaFrame[]): number | undefined {
  let base = baseMs
  for (const frame of frames) {
    const timeMs = flvTimestampMs(frame.dts)
    if (base === undefined) base = isEntryPoint(frame) ? timeMs : undefined
    else if (frame.config.kind === 'video' || (baseMs === undefined && timeMs >= base - SOUND_BEHIND_MS))
      base = Math.min(base, timeMs)
  }
  return base
}

/**
 * Writes `frames` in one buffer, each preceded by its configuration where that differs from `before`. Sound from before
 * `baseMs` is left out.
 */
export function packBatch(packer: Packer, sent: readonly MediaFrame[], before: Tracks, baseMs: number): Batch {
  const frames = sent.every((frame) => viewerTimestampMs(frame.dts, baseMs) >= 0)
    ? sent
    : sent.filter((frame) => viewerTimestampMs(frame.dts, baseMs) >= 0)
  let length = 0
  let configs = before
  for (const frame of frames) {
    const timestampMs = viewerTimestampMs(frame.dts, baseMs)
    if (frame.config !== configOf(configs, frame.config)) {
      length += packer.byteLengthOfConfig(frame.config, timestampMs, configs)
      configs = withConfig(configs, frame.config)
    }
    length += packer.byteLengthOfFrame(frame, timestampMs)
  }
  // Not from Node's shared pool: a batch may wait in a slow viewer's queue, and a pooled one would pin 8 KiB.
  const bytes = new Uint8Array(length)
  return fillBatch(packer, frames, before, baseMs, bytes)
}

function fillBatch(
  packer: Packer,
  frames: readonly MediaFrame[],
  before: Tracks,
  baseMs: number,
  bytes: Uint8Array,
): Batch {
  const packed: PackedFrame[] = []
  let configs = before
  let offset = 0
  let hasKeyframe = false
  for (const frame of frames) {
    const timestampMs = viewerTimestampMs(frame.dts, baseMs)
    if (frame.config !== configOf(configs, frame.config)) {
      offset = packer.writeConfig(frame.config, timestampMs, bytes, offset, configs)
      configs = withConfig(configs, frame.config)
    }
    const end = packer.writeFrame(frame, timestampMs, bytes, offset)
    packed.push({ frame, bytes: bytes.subarray(offset, end) })
    offset = end
    if (frame.keyframe && frame.config.kind === 'video') hasKeyframe = true
  }
  return { bytes, frames: packed, hasKeyframe, configs }
}

/** The configuration alone, for a viewer that missed it. Empty when the codec has none. */
export function packConfig(packer: Packer, config: CodecConfig, timestampMs: number, before: Tracks): Uint8Array {
  const bytes = new Uint8Array(packer.byteLengthOfConfig(config, timestampMs, before))
  if (bytes.length > 0) packer.writeConfig(config, timestampMs, bytes, 0, before)
  return bytes
}

export function configOf(tracks: Tracks, like: CodecConfig): VideoConfig | AudioConfig | undefined {
  return like.kind === 'video' ? tracks.video : tracks.audio
}

export function withConfig(tracks: Tracks, config: CodecConfig): Tracks {
  return config.kind === 'video' ? { ...tracks, video: config } : { ...tracks, audio: config }
}
