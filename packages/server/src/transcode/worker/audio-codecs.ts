import type { AudioConfig, AudioFrame, Micros } from '@crossroom/media'
import type { AudioOrder } from '../catalog.js'
import type { SampleFifo } from './sample-fifo.js'

/** Every conversion of audio runs at this rate, the only one Opus knows. Hz. */
export const OUTPUT_RATE = 48_000

/** Takes decoded samples at OUTPUT_RATE; the first is due at `pts`. `planes` are valid until it returns. */
export type HandleSamples = (pts: Micros, planes: readonly Float32Array[], count: number) => void

export interface AudioDecoder {
  /** Bad frames are swallowed: what they would have given is missing, and becomes silence. */
  decode(frame: AudioFrame): void
  close(): void
}

/** Takes a coded frame whose first sample, encoder delay taken out, stands at `position`. */
export type HandlePacket = (position: number, bytes: Uint8Array) => void

export interface AudioEncoder {
  readonly config: AudioConfig
  /** Samples per channel of one coded frame. */
  readonly frameSize: number
  /** Samples by which the decoded sound lags behind what went in. */
  readonly delay: number
  /** Encodes the oldest `frameSize` samples of the fifo, which begin at `position`. */
  encode(position: number, fifo: SampleFifo): void
  close(): void
}

/** The audio functions of an engine. */
export interface AudioCodecs {
  /** What goes in comes out within the call; a program behind a pipe answers later. */
  readonly isImmediate: boolean
  createDecoder(config: AudioConfig, channels: number, handle: HandleSamples): AudioDecoder
  createEncoder(order: AudioOrder, channels: number, handle: HandlePacket): AudioEncoder
}
