import type { MediaFrame } from '@crossroom/media'

/**
 * The interface that rooms need for measuring audio that arrives without its level (RTMP; WHIP encoders without the
 * header extension). Declared here because rooms do not know the codecs; `transcode` implements it structurally.
 */
export interface SoundMeter {
  /** Begins with one stream; undefined when no codecs are there. `hear`: loudness in -dBov, 0 to 127. */
  open(hear: (level: number) => void): MeasuredSound | undefined
}

/** The sound of one stream while it is measured. */
export interface MeasuredSound {
  /** Takes each frame in order, and looks at some. */
  measure(frame: MediaFrame): void
  /** Idempotent. */
  close(): void
}
