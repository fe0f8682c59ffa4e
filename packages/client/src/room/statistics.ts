import type { OfferedTrack, PublishedStreamType, TrackKind } from '@crossroom/protocol'
import { selectedPair, statsOf, type StatsEntries, type StatsEntry } from '../media/stats-report.js'

/** One stream that is sent or received, over the last interval. */
export interface TrackStatistics {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
  readonly codec?: string
  /** Kilobits per second, all layers together. */
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

/** The connections of a stay in a room, and whose their m-lines are. */
export interface StatisticsSource {
  readonly connections: {
    readonly up: RTCPeerConnection | undefined
    readonly down: RTCPeerConnection | undefined
  }
  readonly sentTracks: readonly Omit<OfferedTrack, 'userId'>[]
  readonly receivedTracks: readonly OfferedTrack[]
}

/** Counters of one m-line, and when they were read. */
interface Counters {
  readonly atMs: number
  readonly bytes: number
  readonly packets: number
  readonly lost: number
}

/** Reads the figures, and remembers the counters that rates are made of. */
export class StatisticsReader {
  #last = new Map<string, Counters>()

  async read(ownId: string, source: StatisticsSource | undefined): Promise<Statistics> {
    const up = await statsOf(source?.connections.up)
    const down = await statsOf(source?.connections.down)
    const counters = new Map<string, Counters>()
    const sent = (source?.sentTracks ?? []).flatMap((track) => this.#sent(ownId, track, up, counters))
    const received = (source?.receivedTracks ?? []).flatMap((track) => this.#received(track, down, counters))
    this.#last = counters
    return { ...pathOf(up, down), sent, received }
  }

  #sent(
    ownId: string,
    track: Omit<OfferedTrack, 'userId'>,
    stats: StatsEntries,
    counters: Map<string, Counters>,
  ): TrackStatistics[] {
    const layers = entriesOf(stats, 'outbound-rtp', track.mid)
    const largest = largestOf(layers)
    if (largest === undefined) return []
    const bytes = layers.reduce((sum, { bytesSent = 0 }) => sum + bytesSent, 0)
    const reports = [...stats.values()].filter(({ type, localId }) => {
      return type === 'remote-inbound-rtp' && layers.some(({ id }) => id === localId)
    })
    const lossRate = Math.max(0, ...reports.map(({ fractionLost = 0 }) => fractionLost))
    const now: Counters = { atMs: largest.timestamp, bytes, packets: 0, lost: 0 }
    counters.set(`up ${track.mid}`, now)
    const bitrate = bitrateOf(this.#last.get(`up ${track.mid}`), now)
    const { streamType, kind } = track
    return [{ userId: ownId, streamType, kind, ...pictureOf(largest, stats), bitrate, lossRate }]
  }

  #received(track: OfferedTrack, stats: StatsEntries, counters: Map<string, Counters>): TrackStatistics[] {
    const entry = largestOf(entriesOf(stats, 'inbound-rtp', track.mid))
    if (entry === undefined) return []
    const { timestamp: atMs, bytesReceived: bytes = 0, packetsReceived: packets = 0, packetsLost: lost = 0 } = entry
    const now: Counters = { atMs, bytes, packets, lost }
    // A reused track counts from zero.
    const key = `${track.mid} ${track.userId} ${track.streamType}`
    counters.set(key, now)
    const { userId, streamType, kind } = track
    const bitrate = bitrateOf(this.#last.get(key), now)
    const lossRate = lossOf(this.#last.get(key), now)
    const freezes = entry.totalFreezesDuration === undefined ? {} : { freezeSeconds: entry.totalFreezesDuration }
    return [{ userId, streamType, kind, ...pictureOf(entry, stats), bitrate, lossRate, ...freezes }]
  }
}

function entriesOf(stats: StatsEntries, type: string, mid: string): StatsEntry[] {
  return [...stats.values()].filter((entry) => entry.type === type && entry.mid === mid)
}

function largestOf(entries: readonly StatsEntry[]): StatsEntry | undefined {
  return [...entries].sort((a, b) => (b.frameWidth ?? 0) - (a.frameWidth ?? 0))[0]
}

function bitrateOf(before: Counters | undefined, now: Counters): number {
  if (before === undefined || now.atMs <= before.atMs || now.bytes < before.bytes) return 0
  return Math.round(((now.bytes - before.bytes) * 8) / (now.atMs - before.atMs))
}

function lossOf(before: Counters | undefined, now: Counters): number {
  const lost = Math.max(0, now.lost - (before?.lost ?? 0))
  const packets = Math.max(0, now.packets - (before?.packets ?? 0))
  return lost + packets === 0 ? 0 : lost / (lost + packets)
}

function pictureOf(
  { codecId, frameWidth, frameHeight, framesPerSecond }: StatsEntry,
  stats: StatsEntries,
): Pick<TrackStatistics, 'codec' | 'width' | 'height' | 'frameRate'> {
  const codec = codecId === undefined ? undefined : stats.get(codecId)?.mimeType?.replace(/^\w+\//, '')
  return {
    ...(codec === undefined ? {} : { codec }),
    ...(frameWidth === undefined ? {} : { width: frameWidth }),
    ...(frameHeight === undefined ? {} : { height: frameHeight }),
    ...(framesPerSecond === undefined ? {} : { frameRate: framesPerSecond }),
  }
}

/** The way of the connection that carries something: down for who watches, up for who only sends. */
function pathOf(up: StatsEntries, down: StatsEntries): Pick<Statistics, 'rttMs' | 'path'> {
  const stats = selectedPair(down) === undefined ? up : down
  const pair = selectedPair(stats)
  const local = pair?.localCandidateId === undefined ? undefined : stats.get(pair.localCandidateId)
  const seconds = pair?.currentRoundTripTime
  const rttMs = seconds === undefined ? undefined : Math.round(seconds * 1000)
  if (local === undefined) return { rttMs, path: undefined }
  // A NAT between TURN and the server makes a reflexive candidate of a relayed one.
  const isRelayed = local.candidateType === 'relay' || local.relayProtocol !== undefined
  return { rttMs, path: isRelayed ? 'relay' : local.protocol === 'tcp' ? 'tcp' : 'udp' }
}
