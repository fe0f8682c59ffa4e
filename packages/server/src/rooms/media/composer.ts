/**
 * The interface that rooms need for one picture of all members. Declared here because rooms do not know the codecs;
 * `transcode/composite` implements it structurally, and the compiler checks that in `app.ts`.
 */
import type { StreamKey } from '../../hub/index.js'

export type CompositeLayout = 'grid' | 'speaker' | 'pip' | 'one'

/** One member's picture in a composite. */
export interface CompositeSource {
  readonly key: StreamKey
  /** Written on it. */
  readonly name: string
  /** Stays the same for the same person: the colour of the plate in place of a picture. */
  readonly person: string
  /** Its sound is off. */
  readonly isMuted: boolean
  /** It may not be shown: the plate is there at once. */
  readonly isHidden: boolean
  /** It is known to send, so its last picture stays, however old. */
  readonly isLive: boolean
}

/** What a composite shows and plays at the moment. */
export interface CompositeScene {
  readonly layout: CompositeLayout
  readonly names: boolean
  /** Behind the tiles, `#rrggbb`. */
  readonly colour: string
  /** The most important first. */
  readonly pictures: readonly CompositeSource[]
  /** Mixed as in an `AudioMix`. */
  readonly sounds: readonly StreamKey[]
}

export interface CompositeFormat {
  readonly width: number
  readonly height: number
  /** Pictures per second. */
  readonly fps: number
}

export interface ComposeOptions {
  /** Composites of one room share their decoders. */
  readonly roomId: string
  /** Hub key under which it can be played: H.264 and AAC. */
  readonly key: StreamKey
  readonly format: CompositeFormat
  readonly scene: CompositeScene
  /** The file of a picture behind the tiles. */
  readonly background: Uint8Array | undefined
}

/** One composite. It runs while it is played. */
export interface Composite {
  readonly status: { readonly isRunning: boolean; readonly lagMs: number; readonly skipped: number }
  /** Changes what it shows without a missing picture. `background`: absent, the one before; null for none. */
  update(scene: CompositeScene, background?: Uint8Array | null): void
  /** Ends it for its players. Idempotent. */
  close(): void
}

export interface Composer {
  /** Names can be written. */
  readonly hasFont: boolean
  /** Announces a composite. Rejects with a sentence when the codecs or the CPU are not there for it. */
  open(options: ComposeOptions): Promise<Composite>
}
