import type { MediaFrame, Micros } from '@crossroom/media'
import type { Order } from '../catalog.js'
import type { ChannelOrder } from '../channel.js'
import type { CompositeOrder } from '../ipc/composite-order.js'
import type { SnapshotOrder } from '../ipc/snapshot-order.js'
import type { AudioCodecs } from './audio-codecs.js'

/** One conversion as the codec process runs it. A frame's config tells the codec; it may change at any keyframe. */
export interface Converter {
  /** Gives what results to `emit`, mostly before it returns. With `warmUp` the frame is decoded and not encoded. */
  handleFrame(frame: MediaFrame, warmUp: boolean): void
  /** The input is silent up to this time. */
  handleAdvance(pts: Micros): void
  /** The next picture is to be a keyframe; nothing for sound. */
  handleKeyframeRequest(): void
  /** The command changed; only mixes and composites can be changed. */
  handleOrder?(order: ChannelOrder): void
  close(): void
}

/** Takes the frames a conversion makes. */
export type Emit = (frame: MediaFrame) => void

/** Ends a conversion that cannot go on, with a sentence; for what does not fail within a call. */
export type Fail = (reason: string) => void

/** Something that has codecs. */
export interface Engine {
  /** Name and version, for logs. */
  readonly name: string
  /** Throws an Error with a sentence when it cannot do this. */
  createConverter(order: Order, emit: Emit, fail: Fail): Converter
  /** A converter that answers a single picture as a file. Throws as `createConverter` does. */
  createSnapshot(order: SnapshotOrder, emit: Emit, fail: Fail): Converter
  /** Decoders and encoders of sound by themselves, for mixing; `fail` ends what uses them. */
  audioCodecs(fail: Fail): AudioCodecs
  /** Paints the pictures of several sources into one. Absent where the engine cannot. */
  createStudio?(): Studio
}

/** The composites of one process. */
export interface Studio {
  /** Throws an Error with a sentence when it cannot do this. */
  createConverter(order: CompositeOrder, emit: Emit): Converter
}
