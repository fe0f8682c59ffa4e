import { videoConfigFromAv1Record } from '../av1/config.js'
import { isAv1Keyframe } from '../av1/obu.js'
import { salvageAvcRecord } from '../h264/decoder-configuration.js'
import { H264NalType, h264NalType, hasIdr, isCarriedH264, isH264Droppable } from '../h264/nal.js'
import { videoConfigFromAvcRecord } from '../h264/config.js'
import { h264ParameterSets } from '../h264/parameter-sets.js'
import { h264Recovery } from '../h264/recovery.js'
import { temporalLayersOf, videoConfigFromHevcRecord } from '../h265/config.js'
import { salvageHevcRecord } from '../h265/decoder-configuration.js'
import { H265NalType, h265NalType, hasIrap, isCarriedH265, isH265Droppable } from '../h265/nal.js'
import { h265ParameterSets } from '../h265/parameter-sets.js'
import { h265Recovery } from '../h265/recovery.js'
import type { VideoCodec, VideoConfig } from '../model/frame.js'
import type { VideoHints } from '../model/video-hints.js'
import type { ParameterSetCodec } from '../nal/parameter-set-tracker.js'
import type { SalvagedRecord } from '../nal/unit-splitter.js'
import { videoConfigFromVp8Keyframe } from '../vp8/config.js'
import { isVp8Keyframe } from '../vp8/frame-header.js'
import { videoConfigFromVp9Keyframe, videoConfigFromVp9Record } from '../vp9/config.js'
import { isVp9Keyframe } from '../vp9/frame-header.js'

/** The codec functions that the reader of video tags uses. */
export interface VideoFormat {
  /** Present for codecs made of NAL units. */
  readonly parameterSets?: ParameterSetCodec
  /**
   * The readable part of a record that `configFromRecord` refuses, and whether a unit is passed on; NAL codecs only.
   */
  salvageRecord?(record: Uint8Array): SalvagedRecord
  isCarried?(unit: Uint8Array): boolean
  /** Whether the unit is part of a picture, as opposed to what describes or separates pictures. */
  isSlice?(unit: Uint8Array): boolean
  /** The config of a sequence header's record; undefined when it is refused. Absent where a sequence header says nothing. */
  configFromRecord?(record: Uint8Array, hints: VideoHints): VideoConfig | undefined
  /**
   * The config of a key frame, where the frame tells more than the record: `current` when nothing changed, undefined
   * when the frame is malformed.
   */
  configFromKeyframe?(frame: Uint8Array, current: VideoConfig | undefined, hints: VideoHints): VideoConfig | undefined
  /** Whether every decoder may start at the frame: the tag's flag is a claim, the bitstream is the truth. */
  isKeyframe(units: readonly Uint8Array[]): boolean
  /** See `MediaFrame.recovery`; asked of frames that are no keyframes. */
  recoveryOf?(units: readonly Uint8Array[], taggedKey: boolean): number | undefined
  isDroppable(units: readonly Uint8Array[], temporalLayers: number): boolean
  /** Temporal layers of a config, where `isDroppable` asks for them. */
  temporalLayers?(config: VideoConfig): number
}

const h264: VideoFormat = {
  parameterSets: h264ParameterSets,
  configFromRecord: videoConfigFromAvcRecord,
  salvageRecord: salvageAvcRecord,
  isCarried: isCarriedH264,
  isSlice: (unit) => h264NalType(unit) <= H264NalType.idrSlice,
  isKeyframe: hasIdr,
  recoveryOf: h264Recovery,
  isDroppable: isH264Droppable,
}

const h265: VideoFormat = {
  parameterSets: h265ParameterSets,
  configFromRecord: videoConfigFromHevcRecord,
  salvageRecord: salvageHevcRecord,
  isCarried: isCarriedH265,
  isSlice: (unit) => h265NalType(unit) <= H265NalType.lastSlice,
  isKeyframe: hasIrap,
  recoveryOf: h265Recovery,
  isDroppable: isH265Droppable,
  temporalLayers: temporalLayersOf,
}

/** VP8 has no record worth keeping: what a sequence header says, the next key frame says as well. */
const vp8: VideoFormat = {
  configFromKeyframe: videoConfigFromVp8Keyframe,
  isKeyframe: (units) => isVp8Keyframe(units[0]!),
  isDroppable: () => false,
}

const vp9: VideoFormat = {
  configFromRecord: videoConfigFromVp9Record,
  configFromKeyframe: videoConfigFromVp9Keyframe,
  isKeyframe: (units) => isVp9Keyframe(units[0]!),
  isDroppable: () => false,
}

const av1: VideoFormat = {
  configFromRecord: videoConfigFromAv1Record,
  isKeyframe: (units) => isAv1Keyframe(units[0]!),
  isDroppable: () => false,
}

/** Every codec that video tags may carry. */
export const videoFormats: Readonly<Record<VideoCodec, VideoFormat>> = { h264, h265, vp8, vp9, av1 }
