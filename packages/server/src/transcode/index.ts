export {
  planTrack,
  RECIPES,
  type Lane,
  type Plan,
  type Recipe,
  type RecipeName,
  type TranscodeOptions,
} from './catalog.js'
export type { CodecProcessState } from './channel.js'
export type { SpawnChild } from './codec-process.js'
export type { ConversionState } from './conversion.js'
export { Composer, fontFile } from './composite/index.js'
export { DerivedStream } from './derived-stream.js'
export type { TrackMode } from './derived-track.js'
export { imageKindOf } from './image-kind.js'
export { LevelMeter, type LevelMeterOptions } from './level-meter.js'
export { Mixer, type Mix, type MixerOptions, type MixerStatus, type MixOptions } from './mix/index.js'
export { SnapshotError, Snapshots, type SnapshotRequest } from './snapshot/index.js'
export { childSpawner, type SpawnOptions } from './spawn-child.js'
export {
  derivedInfo,
  Transcoder,
  type ConversionStatus,
  type DerivedStatus,
  type LaneStatus,
  type TranscoderOptions,
} from './transcoder.js'
export { addCompositeMetrics, addMixMetrics, addTranscodeMetrics } from './transcode-metrics.js'
export { transcodeOptions } from './transcode-options.js'
