/**
 * What rooms need of whoever mixes sound. Declared here because rooms do not know the codecs; `transcode/mix` fits it by
 * shape and `app.ts` is where the compiler checks that.
 */

import type { StreamKey } from '../../hub/index.js'

export interface AudioMixOptions {
  /** Mixes of one room share what they decode. */
  readonly roomId: string
  /**
   * Key in the hub under which the mix can be played: AAC, one channel, 48 kHz. Who plays the same voices may share one
   * key, and should: the audience of a room needs one mix, not a thousand.
   */
  readonly key: StreamKey
  /** Keys in the hub of the sounds that are in it: everyone but the receiver. A key without a stream is silence. */
  readonly sources: readonly StreamKey[]
}

/** One mix. It is made while somebody plays it, and silent while nobody speaks. */
export interface AudioMix {
  /** Replaces the sources; who plays it hears no break. */
  update(sources: readonly StreamKey[]): void
  /** Ends it for whoever plays it. Idempotent. */
  close(): void
}

export interface AudioMixer {
  /** Announces a mix; undefined when no codecs are there, or as many mixes as the server takes. */
  open(options: AudioMixOptions): AudioMix | undefined
}
