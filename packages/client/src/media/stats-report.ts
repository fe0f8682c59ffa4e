/**
 * The fields that are used of the entries of an RTCStatsReport (W3C webrtc-stats); TypeScript's own types know few of them,
 * and browsers leave out what they do not measure.
 */
export interface StatsEntry {
  readonly id: string
  readonly type: string
  /** Milliseconds. */
  readonly timestamp: number
  readonly kind?: string
  readonly mid?: string
  readonly codecId?: string
  readonly mimeType?: string
  readonly bytesSent?: number
  readonly bytesReceived?: number
  readonly packetsReceived?: number
  readonly packetsLost?: number
  readonly fractionLost?: number
  readonly localId?: string
  readonly remoteId?: string
  /** Seconds. */
  readonly roundTripTime?: number
  readonly currentRoundTripTime?: number
  readonly frameWidth?: number
  readonly frameHeight?: number
  readonly framesPerSecond?: number
  readonly framesEncoded?: number
  readonly framesDecoded?: number
  readonly qualityLimitationReason?: string
  readonly totalFreezesDuration?: number
  readonly jitterBufferDelay?: number
  readonly jitterBufferEmittedCount?: number
  readonly totalDecodeTime?: number
  /** Milliseconds. */
  readonly estimatedPlayoutTimestamp?: number
  readonly remoteTimestamp?: number
  readonly selectedCandidatePairId?: string
  readonly localCandidateId?: string
  readonly candidateType?: string
  readonly protocol?: string
  readonly relayProtocol?: string
  readonly nominated?: boolean
  readonly state?: string
}

/** Entries by their id. */
export type StatsEntries = ReadonlyMap<string, StatsEntry>

/** Asks a connection; nothing while there is none. */
export async function statsOf(connection: RTCPeerConnection | undefined): Promise<StatsEntries> {
  if (connection === undefined || connection.connectionState === 'closed') return new Map()
  return new Map(await connection.getStats())
}

/** The pair of candidates in use; Firefox names it not in the transport but by its state. */
export function selectedPair(stats: StatsEntries): StatsEntry | undefined {
  const entries = [...stats.values()]
  const transport = entries.find(({ type }) => type === 'transport')
  if (transport?.selectedCandidatePairId !== undefined) return stats.get(transport.selectedCandidatePairId)
  return entries.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded')
}

/** How packets of a pair travel from this machine. */
export function transportOf(stats: StatsEntries, pair: StatsEntry | undefined): { readonly transport?: 'udp' | 'tcp' } {
  const protocol = stats.get(pair?.localCandidateId ?? '')?.protocol
  return protocol === 'udp' || protocol === 'tcp' ? { transport: protocol } : {}
}
