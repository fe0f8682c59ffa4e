/**
 * The interface that rooms need for mixing audio. Declared here because rooms do not know the codecs; `transcode/mix`
 * implements it structurally, and the compiler checks that in `app.ts`.
 */

import type { StreamKey } from '../../hub/index.js'

export interface AudioMixOptions {
  /** Mixes of one room share their decoders. */
  readonly roomId: string
  /**
   * Hub key under which the mix can be played: AAC, one channel, 48 kHz. Players of the same voices should share one
   * key: the audience of a room needs one mix, not a thousand.
   */
  readonly key: StreamKey
  /** Keys in the hub of the sounds that are in it: everyone but the receiver. A key without a stream is silence. */
  readonly sources: readonly StreamKey[]
}

/** One mix. It runs while it is played, and is silent without a speaker. */
export interface AudioMix {
  /** Replaces the sources without a break for its players. */
  update(sources: readonly StreamKey[]): void
  /** Ends it for its players. Idempotent. */
  close(): void
}

export interface AudioMixer {
  /** Announces a mix; undefined when no codecs are there, or as many mixes as the server takes. */
  open(options: AudioMixOptions): AudioMix | undefined
}
