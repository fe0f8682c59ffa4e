import { FRAME_MESSAGE } from '@crossroom/media'

/** Messages between the server and a push child. A push has two channels: video at 2n, audio at 2n + 1. */
export const PUSH_MESSAGE = {
  /** To the child: send. Body: {@link SendOrder}. On the channel of video, as all but frames and configs. */
  open: 1,
  close: 2,
  /** To the server: the attempt ended. Body: {@link SendEnd}. */
  failed: 3,
  frame: FRAME_MESSAGE,
  /** To the child: the frames that follow belong to this codec config. Body: JSON. */
  config: 5,
  /** To the server: the target accepted the stream. */
  opened: 6,
  /** To the server: it can send, or why not. Body: {@link EngineReady}. */
  ready: 7,
  ping: 8,
  pong: 9,
  /** To the server, once a second: what the target took. Body: {@link SendTotals}. */
  totals: 10,
  /** To the child: media of WHIP goes there. Body: {@link RelayOrder}. */
  relay: 11,
  /** To the server: the way to it is open. Body: {@link RelayOpened}. */
  relayed: 12,
} as const

/** Where a child sends to. Hosts are judged by the server: it connects to the address in `url` and to nothing else. */
export interface SendOrder {
  readonly kind: 'srt' | 'rtsp' | 'whip'
  /** With an IP address as the host, and credentials. */
  readonly url: string
  /** A target that takes nothing for this long is left. */
  readonly stallMs: number
  /** Codec configs as JSON; frames of a track without one are left out. */
  readonly video?: unknown
  readonly audio?: unknown
}

export interface RelayOrder {
  readonly address: string
  readonly port: number
}

export interface RelayOpened {
  /** Of 127.0.0.1; absent: it could not be opened. */
  readonly port?: number
}

export interface SendEnd {
  readonly message: string
  readonly denied?: boolean
}

export interface SendTotals {
  readonly bytes: number
  readonly droppedFrames: number
}

export interface EngineReady {
  /** Why nothing can be sent. */
  readonly why?: string
}
