import { FRAME_MESSAGE } from '@crossroom/media'

/** Messages between the server and a pull child. A pull has two channels: video at 2n, audio at 2n + 1. */
export const PULL_MESSAGE = {
  /** To the child: fetch. Body: {@link FetchOrder}. On the channel of video, as the two that follow. */
  open: 1,
  close: 2,
  /** To the server: the fetch ended. Body: {@link FetchEnd}. */
  failed: 3,
  /** `receivedAt` is 0: the server sets it. `captureTime` is the age of the picture, as a negative number. */
  frame: FRAME_MESSAGE,
  /** To the server: the frames that follow belong to this codec config. Body: JSON. */
  config: 5,
  /** To the server: a track that cannot be carried. Body: {@link RefusedTrack}. */
  refused: 6,
  /** To the server: it can fetch, or why not. Body: {@link EngineReady}. */
  ready: 7,
  ping: 8,
  pong: 9,
} as const

/** What a child fetches. Hosts are judged by the server: a child connects to `address` and to nothing else. */
export type FetchOrder = RtspOrder | HlsOrder | SrtOrder | FileOrder

interface Order {
  readonly timeoutMs: number
}

export interface RtspOrder extends Order {
  readonly kind: 'rtsp'
  readonly transport: 'tcp' | 'udp'
  readonly address: string
  readonly port: number
  readonly tls: boolean
  /** For the TLS server name. */
  readonly host: string
  /** As they stand in the address. */
  readonly credentials: string
  /** With the query. */
  readonly path: string
}

export interface HlsOrder extends Order {
  readonly kind: 'hls'
  readonly url: string
  /** Through which every request goes. */
  readonly proxy: string
}

export interface SrtOrder extends Order {
  readonly kind: 'srt'
  /** With an IP address as the host. */
  readonly url: string
}

export interface FileOrder extends Order {
  readonly kind: 'file'
  readonly path: string
}

export interface FetchEnd {
  readonly message: string
  readonly denied?: boolean
  /** The source is elsewhere: to be judged, and then fetched from there. */
  readonly redirect?: string
}

export interface RefusedTrack {
  readonly kind: 'audio' | 'video'
  readonly code: string
  readonly reason: string
}

export interface EngineReady {
  /** Why nothing can be fetched. */
  readonly why?: string
}
