import type { PublishedStreamType, TrackKind } from '@crossroom/protocol'

/** One stream that is sent or received, over the last interval. */
export interface TrackStatistics {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
  readonly codec?: string
  /** Kilobits per second. */
  readonly bitrate: number
  /** Of video: the largest layer. */
  readonly width?: number
  readonly height?: number
  /** Pictures per second. */
  readonly frameRate?: number
  /** 0 … 1. */
  readonly lossRate: number
  /** Received only: seconds of freezes since the beginning. */
  readonly freezeSeconds?: number
}

/** Figures of a moment. */
export interface Statistics {
  /** Milliseconds to the server and back; undefined before anything is exchanged. */
  readonly rttMs: number | undefined
  /** How packets travel to the server: `udp`, `tcp` or `relay` (TURN); undefined without a connection. */
  readonly path: 'udp' | 'tcp' | 'relay' | undefined
  readonly sent: readonly TrackStatistics[]
  readonly received: readonly TrackStatistics[]
}
