import { selectedPair, statsOf, transportOf, type StatsEntries, type StatsEntry } from '../media/stats-report.js'
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

/** Reads the statistics of a connection that only receives. */
export async function readReceivers(connection: RTCPeerConnection): Promise<ReceiverReading> {
  const stats = await statsOf(connection)
  const inbound = [...stats.values()].filter(({ type }) => type === 'inbound-rtp')
  const video = inbound.find(({ kind, framesDecoded = 0 }) => kind === 'video' && framesDecoded > 0)
  const main = video ?? inbound.find(({ kind }) => kind === 'audio')
  const pair = selectedPair(stats)
  return {
    bytes: sum(inbound, (report) => report.bytesReceived),
    packetsLost: sum(inbound, (report) => report.packetsLost),
    ...(video?.framesDecoded === undefined ? {} : { pictures: video.framesDecoded }),
    ...transportOf(stats, pair),
    ...(main === undefined ? {} : { counters: countersOf(main, pair), ...playoutOf(main, stats, pair) }),
  }
}

/** Browsers that do not estimate the playout time, or have no sender report yet, give nothing. */
function playoutOf(main: StatsEntry, stats: StatsEntries, pair: StatsEntry | undefined) {
  const { estimatedPlayoutTimestamp, timestamp: atMs } = main
  const { remoteTimestamp, timestamp: reportReceivedMs } = stats.get(main.remoteId ?? '') ?? {}
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

function countersOf(report: StatsEntry, pair: StatsEntry | undefined): ReceiverCounters {
  return {
    jitterBufferDelay: report.jitterBufferDelay ?? 0,
    jitterBufferEmittedCount: report.jitterBufferEmittedCount ?? 0,
    totalDecodeTime: report.totalDecodeTime ?? 0,
    framesDecoded: report.framesDecoded ?? 0,
    ...(pair?.currentRoundTripTime === undefined ? {} : { roundTripTime: pair.currentRoundTripTime }),
  }
}

function sum(reports: readonly StatsEntry[], field: (report: StatsEntry) => number | undefined): number {
  return reports.reduce((total, report) => total + (field(report) ?? 0), 0)
}
