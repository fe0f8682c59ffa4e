import type { MediaMessageType } from '@crossroom/rtmp'

/** How long the near side of a connection whose network is gone is kept from answering. Milliseconds. */
export const HALF_OPEN_MS = 30_000

/** What happens to a connection of a tag; `closed` comes once and last. */
export interface ConnectionHandlers {
  connected(): void
  /** The server agreed: media may be sent, or follows. */
  agreed(): void
  /** The body of an FLV tag, or of the RTMP message that is the same. */
  media(type: number, timestampMs: number, body: Uint8Array): void
  /** `code` is the server's own when it refused or ended the stream. */
  closed(code: string | undefined): void
}

/** What a player gets its media by. */
export interface PlayConnection {
  /** Takes leave of the server. Idempotent; `closed` follows. */
  close(): void
  /** Disappears without notice, as a phone that changes networks; the server keeps a half-open connection. */
  vanish(): void
}

/** What a pusher sends its media by. */
export interface PushConnection extends PlayConnection {
  /** Bytes that the network has not taken yet. */
  readonly backlog: number
  /** Bytes of a chunk, and the message stream; for callers that write their own chunks with `sendBytes`. */
  readonly chunks: { readonly size: number; readonly streamId: number }
  send(messageType: MediaMessageType, timestampMs: number, payload: Uint8Array): void
  sendBytes(bytes: Uint8Array): void
}
