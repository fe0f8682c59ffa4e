import { selectedPair, transportOf, type StatsEntries, type StatsEntry } from '../media/stats-report.js'

/** Why the browser sends less than it could, as `qualityLimitationReason` says. */
export type Limitation = 'none' | 'cpu' | 'bandwidth' | 'other'

/** What a connection that only sends measures; absent is unknown. */
export interface SentReading {
  /** Bytes of media sent, all tracks. */
  readonly bytes: number
  /** Pictures encoded since the connection began. */
  readonly pictures?: number
  readonly width?: number
  readonly height?: number
  /** `H264`, `opus`, as in SDP. */
  readonly videoCodec?: string
  readonly audioCodec?: string
  readonly limitation?: Limitation
  readonly roundTripMs?: number
  /** 0 to 1, as the server last reported for the video, or for the audio where there is no video. */
  readonly lost?: number
  readonly transport?: 'udp' | 'tcp'
}

/** Reads the reports of a connection that only sends. */
export function sentIn(stats: StatsEntries): SentReading {
  const outbound = [...stats.values()].filter((report) => report.type === 'outbound-rtp')
  const video = outbound.find((report) => report.kind === 'video' && (report.framesEncoded ?? 0) > 0)
  const audio = outbound.find((report) => report.kind === 'audio' && (report.bytesSent ?? 0) > 0)
  const pair = selectedPair(stats)
  const remote = stats.get((video ?? audio)?.remoteId ?? '')
  const roundTrip = remote?.roundTripTime ?? pair?.currentRoundTripTime
  const videoCodec = codecOf(stats, video)
  const audioCodec = codecOf(stats, audio)
  return {
    bytes: outbound.reduce((total, report) => total + (report.bytesSent ?? 0), 0),
    ...pictureOf(video),
    ...(videoCodec === undefined ? {} : { videoCodec }),
    ...(audioCodec === undefined ? {} : { audioCodec }),
    ...(roundTrip === undefined ? {} : { roundTripMs: roundTrip * 1000 }),
    ...(remote?.fractionLost === undefined ? {} : { lost: remote.fractionLost }),
    ...transportOf(stats, pair),
  }
}

function pictureOf(video: StatsEntry | undefined): Partial<SentReading> {
  const { framesEncoded: pictures, frameWidth: width, frameHeight: height, qualityLimitationReason } = video ?? {}
  return {
    ...(pictures === undefined ? {} : { pictures }),
    ...(width === undefined || height === undefined ? {} : { width, height }),
    ...(qualityLimitationReason === undefined ? {} : { limitation: limitationOf(qualityLimitationReason) }),
  }
}

function limitationOf(reason: string): Limitation {
  return reason === 'none' || reason === 'cpu' || reason === 'bandwidth' ? reason : 'other'
}

/** `video/H264` is `H264`. */
function codecOf(stats: StatsEntries, outbound: StatsEntry | undefined): string | undefined {
  return stats.get(outbound?.codecId ?? '')?.mimeType?.split('/')[1]
}
