import type { Orientation } from '@crossroom/media'
import type { PublishedStreamType, StreamType } from '@crossroom/protocol'
import type { StreamKey } from '../../hub/index.js'
import type { Kinds } from '../model/policy.js'

/** A member's main or aux stream, wherever it is published, as lists and receivers need it. */
export interface ListedStream {
  readonly streamType: PublishedStreamType
  /** The same object for the whole membership, on whatever node the member is. */
  readonly key: StreamKey
  /** Of the lower simulcast layer; of main only. */
  readonly smallKey: StreamKey | undefined
  /** The available audio and video. */
  readonly kinds: Kinds
  /** The tracks that may be heard or seen at any moment, muted or not. */
  readonly tracks: Kinds
  /** The kinds that are withheld from everybody: muted, or not allowed. */
  readonly withheld: Kinds
  /** As others list it: none while it is not shown, two while the lower layer lives. */
  readonly layers: readonly ListedLayer[]
  /** The loudest since the last call: 0 (silence) to 100; undefined when the sender does not say. */
  takeLevel(): number | undefined
  /** Its member is gone or may no longer send: ends its players, and revokes every address. Idempotent. */
  close(): void
  /** Another holds the key from now on: players and addresses stay. */
  release(): void
}

/** One layer of a stream and its available tracks, as others list it. */
export interface ListedLayer {
  readonly streamType: StreamType
  readonly stream: ListedStream
  readonly key: StreamKey
  readonly kinds: Kinds
  readonly rotation: Orientation
  /** Pixels, where they are known. */
  readonly width: number | undefined
}
