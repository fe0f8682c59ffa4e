import type { PublishedStreamType } from '@crossroom/protocol'
import type { StreamAction } from '../../auth/index.js'
import type { StreamKey } from '../../hub/index.js'

/** The target of one address. */
export interface TokenScope {
  readonly action: StreamAction
  readonly roomId: string
  /** The session or the purpose it was made for; it dies with it. */
  readonly holder: string
  /** Of whose stream, and which. */
  readonly userId: string
  readonly streamType: PublishedStreamType | 'small' | 'mix'
  /** In the hub. */
  readonly key: StreamKey
  /** The publisher: a later one with the same subject takes over. Absent for playing. */
  readonly subject?: string | undefined
  /** The kind of track that its holder may not have. */
  readonly without?: 'audio' | 'video' | undefined
  /** Unix milliseconds after which nothing new is opened with it; absent: it lives as long as its holder. */
  readonly expiresAtMs?: number | undefined
  /** Any number may play with it at the same time. */
  readonly isShared?: boolean | undefined
}

/** What an address says by itself, on every node of the cluster. */
export type SealedScope = Pick<
  TokenScope,
  'action' | 'roomId' | 'holder' | 'streamType' | 'key' | 'without' | 'expiresAtMs' | 'isShared'
>
