import type { StreamProtocol } from '../config/index.js'
import type { StreamKey } from '../hub/index.js'

export type { StreamProtocol } from '../config/index.js'

/** The action on a stream. */
export type StreamAction = 'publish' | 'play'

/** One request to publish or play, as the endpoint parsed it. Unverified. */
export interface StreamRequest {
  readonly action: StreamAction
  readonly protocol: StreamProtocol
  /** The first and the second part of `APP/STREAM`, decoded, without a query. */
  readonly app: string
  readonly stream: string
  /** Every `name=value` behind a `?`, wherever the encoder put it (tcUrl, app or stream name). */
  readonly query: ReadonlyMap<string, string>
  /** The token of `Authorization: Bearer` (WHIP, WHEP, and FLV players that can send it). */
  readonly bearer?: string | undefined
  /** A txSecret in the query is ignored: addresses of this protocol are not signed with it. */
  readonly ignoresTxSecret?: true | undefined
  /** IP address without a port, of the client and not of a trusted proxy. */
  readonly remoteAddress: string
  /** The server's own id of the connection; the REST API kicks by it. */
  readonly connectionId: string
}

/** Why an admitted publish or play came to its end. */
export type StreamEndReason =
  /** The client ended the session or closed its connection. */
  | 'client'
  /** Silent or stalled longer than its limit. */
  | 'timeout'
  /** Its bytes made no sense or went past a limit. */
  | 'error'
  /** Ended through the REST API or because the grant was revoked. */
  | 'kicked'
  /** The same subject published again. */
  | 'taken-over'
  /** The signature that it was opened with ran out. */
  | 'expired'
  /** The stream it played ended and did not come back. */
  | 'stream-ended'
  /** The server is shutting down. */
  | 'shutdown'
  /** The node that it published to died; another node says so. */
  | 'node-lost'

/**
 * Permission for one publish or play. The endpoint calls `opened` once when media may flow, then `closed` once;
 * when the attempt ends before media flowed it calls `closed` alone. Both are idempotent and never throw.
 */
export interface Grant {
  readonly ok: true
  /** The hub's key of the stream. */
  readonly key: StreamKey
  /** Identifies the client if known: a publisher with the same subject takes the stream over. Never a secret. */
  readonly subject?: string | undefined
  /** What is published is recorded. */
  readonly isRecorded?: true | undefined
  /**
   * `granted`: a play is accepted immediately and waits for media while the grant is valid; absent: for a short time.
   */
  readonly wait?: 'granted' | undefined
  /** A player of FLV or RTMP always gets an AAC track, silent when there is none or it is late. */
  readonly silence?: true | undefined
  /** The kind of track that this player may not have. */
  readonly without?: 'audio' | 'video' | undefined
  opened(): void
  closed(reason: StreamEndReason): void
  /**
   * Registers a function that ends this connection when the grant is revoked. It is called at most once, and
   * immediately if the grant is already revoked.
   */
  onRevoked(end: (reason: StreamEndReason) => void): void
}

/** Stable codes of a refusal. */
export type RefusalCode =
  | 'BAD_NAME'
  | 'RESERVED_NAME'
  | 'DENIED'
  | 'EXPIRED'
  | 'TOO_MANY_FAILURES'
  | 'HOOK_REFUSED'
  | 'HOOK_FAILED'
  /** Not an address, or no longer one: StreamNotFound in RTMP. */
  | 'NOT_FOUND'
  | 'BANNED'
  /** The room, the server or the token has reached its limit. */
  | 'FULL'
  /** The stream already has a publisher, here or on another node. */
  | 'BUSY'
  /** The server is shutting down and admits nothing new. */
  | 'DRAINING'
  /** The nodes of the cluster cannot be asked. The client may try again. */
  | 'CLUSTER_UNAVAILABLE'

/** A refusal, with a sentence for people and a code for programs. */
export interface Refusal {
  readonly ok: false
  readonly code: RefusalCode
  /** One sentence for the log of the encoder; it never repeats a secret. */
  readonly sentence: string
  /** 400, 401, 403, 404, 409, 429 or 503; RTMP endpoints choose their `onStatus` code by `code`. */
  readonly httpStatus: number
  /** How a log may name the stream. Absent if the name may be a secret, as in `/r/TOKEN`, or is invalid. */
  readonly loggedName?: string | undefined
}

/** The answer of a {@link StreamGate}. */
export type Admission = Grant | Refusal

/**
 * Decides who may publish and play. Plain streams implement it in this folder, rooms in theirs; endpoints only call
 * it. `admit` never rejects: a failure becomes a {@link Refusal}.
 */
export interface StreamGate {
  admit(request: StreamRequest): Promise<Admission>
}
