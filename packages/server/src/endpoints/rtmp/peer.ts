import type { Socket } from 'node:net'
import type { RtmpServerSession } from '@crossroom/rtmp'
import type { StreamEndReason } from '../../auth/index.js'
import type { Log } from '../../observe/index.js'

/** What a publish or a play needs of the connection it lives on. */
export interface RtmpPeer {
  /** What a message stream is listed as: a connection may carry several. */
  idOf(streamId: number): string
  readonly remoteAddress: string
  readonly session: RtmpServerSession
  readonly socket: Socket
  readonly log: Log
  /** To be called after a command was given to the session. */
  flush(): void
  /** Something was admitted: the limits for strangers no longer hold. */
  admitted(): void
  /** Sends pending output and ends the connection. */
  close(reason: StreamEndReason): void
}
