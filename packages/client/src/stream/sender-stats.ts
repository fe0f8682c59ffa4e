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

/** The fields of outbound-rtp, remote-inbound-rtp, codec, transport, candidate-pair that are read (W3C webrtc-stats). */
export interface SenderReport {
  readonly type: string
  readonly kind?: string
  readonly bytesSent?: number
  readonly framesEncoded?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly codecId?: string
  readonly mimeType?: string
  readonly qualityLimitationReason?: string
  readonly remoteId?: string
  readonly fractionLost?: number
  readonly roundTripTime?: number
  readonly currentRoundTripTime?: number
  readonly selectedCandidatePairId?: string
  readonly localCandidateId?: string
  readonly protocol?: string
}

/** Reads the reports of a connection that only sends. */
export function sentIn(reports: ReadonlyMap<string, SenderReport>): SentReading {
  const outbound = [...reports.values()].filter((report) => report.type === 'outbound-rtp')
  const video = outbound.find((report) => report.kind === 'video' && (report.framesEncoded ?? 0) > 0)
  const audio = outbound.find((report) => report.kind === 'audio' && (report.bytesSent ?? 0) > 0)
  const transport = [...reports.values()].find((report) => report.selectedCandidatePairId !== undefined)
  const pair = reports.get(transport?.selectedCandidatePairId ?? '')
  const remote = reports.get((video ?? audio)?.remoteId ?? '')
  const way = reports.get(pair?.localCandidateId ?? '')?.protocol
  const roundTrip = remote?.roundTripTime ?? pair?.currentRoundTripTime
  const videoCodec = codecOf(reports, video)
  const audioCodec = codecOf(reports, audio)
  return {
    bytes: outbound.reduce((total, report) => total + (report.bytesSent ?? 0), 0),
    ...pictureOf(video),
    ...(videoCodec === undefined ? {} : { videoCodec }),
    ...(audioCodec === undefined ? {} : { audioCodec }),
    ...(roundTrip === undefined ? {} : { roundTripMs: roundTrip * 1000 }),
    ...(remote?.fractionLost === undefined ? {} : { lost: remote.fractionLost }),
    ...(way === 'udp' || way === 'tcp' ? { transport: way } : {}),
  }
}

function pictureOf(video: SenderReport | undefined): Partial<SentReading> {
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
function codecOf(reports: ReadonlyMap<string, SenderReport>, outbound: SenderReport | undefined): string | undefined {
  return reports.get(outbound?.codecId ?? '')?.mimeType?.split('/')[1]
}
