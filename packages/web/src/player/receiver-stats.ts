import type { ReceiverCounters } from '../delay.js'
import type { Sample } from './source.js'

/** What `getStats()` says of the receivers of a connection. */
export interface ReceiverReading extends Omit<Sample, 'delay'> {
  /** Of the video receiver, or of the audio receiver when there is no video. */
  readonly counters?: ReceiverCounters
}

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
    ...(main === undefined ? {} : { counters: countersOf(main, pair) }),
  }
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
