import type { PlayoutReading, ReceiverCounters } from './delay.js'
import type { Sample } from './source.js'

/** What `getStats()` says of the receivers of a connection. */
export interface ReceiverReading extends Omit<Sample, 'delay'> {
  /** Of the video receiver, or of the audio receiver when there is no video. */
  readonly counters?: ReceiverCounters
  readonly playout?: PlayoutReading
}

/** Seconds from 1900, where NTP begins, to 1970, in milliseconds. */
const NTP_TO_UNIX_MS = 2_208_988_800_000

/** The fields of inbound-rtp, transport, candidate-pair and candidate that are read here (W3C webrtc-stats). */
interface Report {
  readonly type: string
  readonly kind?: string
  readonly bytesReceived?: number
  readonly framesDecoded?: number
  readonly packetsLost?: number
  readonly jitterBufferDelay?: number
  readonly jitterBufferEmittedCount?: number
  readonly totalDecodeTime?: number
  readonly selectedCandidatePairId?: string
  readonly currentRoundTripTime?: number
  readonly localCandidateId?: string
  readonly protocol?: string
  readonly timestamp: number
  readonly estimatedPlayoutTimestamp?: number
  readonly remoteId?: string
  readonly remoteTimestamp?: number
}

/** Reads the statistics of a connection that only receives. */
export async function readReceivers(connection: RTCPeerConnection): Promise<ReceiverReading> {
  const reports = new Map<string, Report>()
  for (const [id, report] of (await connection.getStats()) as unknown as Iterable<[string, Report]>)
    reports.set(id, report)
  const inbound = [...reports.values()].filter((report) => report.type === 'inbound-rtp')
  const video = inbound.find((report) => report.kind === 'video' && (report.framesDecoded ?? 0) > 0)
  const main = video ?? inbound.find((report) => report.kind === 'audio')
  const transport = [...reports.values()].find((report) => report.selectedCandidatePairId !== undefined)
  const pair = reports.get(transport?.selectedCandidatePairId ?? '')
  const way = reports.get(pair?.localCandidateId ?? '')?.protocol
  return {
    bytes: sum(inbound, (report) => report.bytesReceived),
    packetsLost: sum(inbound, (report) => report.packetsLost),
    ...(video?.framesDecoded === undefined ? {} : { pictures: video.framesDecoded }),
    ...(way === 'udp' || way === 'tcp' ? { transport: way } : {}),
    ...(main === undefined ? {} : { counters: countersOf(main, pair), ...playoutOf(main, reports, pair) }),
  }
}

/** Browsers that do not estimate the playout time, or have no sender report yet, give nothing. */
function playoutOf(main: Report, reports: ReadonlyMap<string, Report>, pair: Report | undefined) {
  const { estimatedPlayoutTimestamp, timestamp: atMs } = main
  const { remoteTimestamp, timestamp: reportReceivedMs } = reports.get(main.remoteId ?? '') ?? {}
  if (estimatedPlayoutTimestamp === undefined || remoteTimestamp === undefined || reportReceivedMs === undefined)
    return {}
  const playout: PlayoutReading = {
    atMs,
    playoutMs: estimatedPlayoutTimestamp - NTP_TO_UNIX_MS,
    reportSentMs: remoteTimestamp,
    reportReceivedMs,
    roundTripMs: (pair?.currentRoundTripTime ?? 0) * 1000,
  }
  return { playout }
}

function countersOf(report: Report, pair: Report | undefined): ReceiverCounters {
  return {
    jitterBufferDelay: report.jitterBufferDelay ?? 0,
    jitterBufferEmittedCount: report.jitterBufferEmittedCount ?? 0,
    totalDecodeTime: report.totalDecodeTime ?? 0,
    framesDecoded: report.framesDecoded ?? 0,
    ...(pair?.currentRoundTripTime === undefined ? {} : { roundTripTime: pair.currentRoundTripTime }),
  }
}

function sum(reports: readonly Report[], field: (report: Report) => number | undefined): number {
  return reports.reduce((total, report) => total + (field(report) ?? 0), 0)
}
