import type { MediaFrame } from '@crossroom/media'
import type { TrackRefusal } from '../hub/index.js'
import type { PullAddress } from './address.js'

/** One attempt to fetch a stream. */
export interface Fetcher {
  /** Ends it; nothing is called afterwards. Idempotent. */
  close(): void
}

/** Why a fetch ended. `denied`: the source knows us and says no, so asking again soon does not help. */
export interface FetchFailure {
  readonly message: string
  readonly denied?: boolean
}

export interface FetchHandlers {
  /** Time stamps are those of the source. */
  frame(frame: MediaFrame): void
  /** Bytes that came, of whatever kind. */
  received(bytes: number): void
  /** A track that cannot be carried. */
  refused(refusal: TrackRefusal): void
  /** Called at most once. */
  failed(failure: FetchFailure): void
}

export interface FetchOptions {
  readonly address: PullAddress
  readonly transport: 'tcp' | 'udp'
  readonly timeoutMs: number
}

/** Begins to fetch. Never throws, and calls no handler before it returned. */
export type OpenFetcher = (options: FetchOptions, handlers: FetchHandlers) => Fetcher
