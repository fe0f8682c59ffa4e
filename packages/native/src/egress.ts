import type {
  Egress,
  EgressCounters,
  EgressEvent,
  EgressFrame,
  EgressOptions,
  FrameNumber,
  SourceId,
  SourceOptions,
  TrackChange,
  TrackId,
  TrackOptions,
  DestinationChange,
  DestinationCounters,
  DestinationId,
  DestinationOptions,
  DestinationRoute,
} from '@crossroom/webrtc'
import type { Addon, EgressHandle } from './addon.js'
import { keysHandle } from './dtls.js'
import { changedFields, trackFields } from './egress-track.js'
import type { NativeUdpPort } from './udp-port.js'

/** enum egress_route of c/egress.h. */
const ROUTE = { none: 0, udp: 1, tcp: 2 } as const

/** enum egress_event_kind of c/egress.h. */
const EVENT = { starved: 0, resumed: 1, replayed: 2, unreachable: 3 } as const

/** Positions in the fields of a frame, as c/js_egress_commands.c reads them. */
const FRAME_FIELD = {
  rtpTimestamp: 0,
  packetCount: 1,
  marker: 2,
  keyframe: 3,
  captureWallClock: 4,
  orientation: 5,
  audioLevel: 6,
  targetCount: 7,
  size: 8,
} as const

const NO_AUDIO_LEVEL = 255
const DEFAULT_QUEUE_BYTES = 16 * 1024 * 1024
const DEFAULT_HISTORY_BYTES = { video: 4 * 1024 * 1024, audio: 256 * 1024 } as const
const DEFAULT_HISTORY_FRAMES = 1024

/** The egress in C (c/egress*.c) with its own thread; this class only turns options into numbers. */
export class NativeEgress implements Egress {
  readonly #addon: Addon
  readonly #closed: () => void
  readonly #handle: EgressHandle
  readonly #tracksOf = new Map<DestinationId, Set<TrackId>>()
  readonly #destinationOf = new Map<TrackId, DestinationId>()
  readonly #frameFields = new Float64Array(FRAME_FIELD.size)
  readonly #row = new Float64Array(7)
  #open = true
  #onReady: (() => void) | undefined
  #lastCounters: EgressCounters | undefined

  constructor(addon: Addon, port: NativeUdpPort, options: EgressOptions, closed: () => void) {
    this.#addon = addon
    this.#closed = closed
    const { cname, queueBytes = DEFAULT_QUEUE_BYTES, segmentationOffload = process.platform === 'linux' } = options
    this.#handle = addon.egressCreate(port.handle, cname, queueBytes, segmentationOffload, () => this.#onReady?.())
  }

  addSource(options: SourceOptions): SourceId {
    const { kind, historyBytes = DEFAULT_HISTORY_BYTES[kind], historyFrames = DEFAULT_HISTORY_FRAMES } = options
    return this.#addon.egressAddSource(this.#handle, kind === 'video', historyBytes, historyFrames)
  }

  removeSource(source: SourceId): void {
    if (this.#open) this.#addon.egressRemoveSource(this.#handle, source)
  }

  addDestination(options: DestinationOptions): DestinationId {
    const { keys, route, pacingRate = 0 } = options
    const destination = this.#addon.egressAddDestination(
      this.#handle,
      keysHandle(keys),
      ROUTE[route.kind],
      addressOf(route),
      pacingRate,
    )
    this.#tracksOf.set(destination, new Set())
    return destination
  }

  updateDestination(destination: DestinationId, change: DestinationChange): void {
    if (!this.#open) return
    const { route, pacingRate } = change
    if (route) this.#addon.egressSetRoute(this.#handle, destination, ROUTE[route.kind], addressOf(route))
    if (pacingRate !== undefined) this.#addon.egressSetPacing(this.#handle, destination, pacingRate)
  }

  removeDestination(destination: DestinationId): void {
    const tracks = this.#tracksOf.get(destination)
    if (!tracks || !this.#open) return
    for (const track of [...tracks]) this.removeTrack(track)
    this.#tracksOf.delete(destination)
    this.#addon.egressRemoveDestination(this.#handle, destination)
  }

  addTrack(destination: DestinationId, options: TrackOptions): TrackId {
    const tracks = this.#tracksOf.get(destination)
    if (!tracks) throw new Error(`destination ${destination} is not known`)
    const mid = new TextEncoder().encode(options.mid ?? '')
    const track = this.#addon.egressAddTrack(this.#handle, destination, trackFields(options), mid)
    tracks.add(track)
    this.#destinationOf.set(track, destination)
    return track
  }

  updateTrack(track: TrackId, change: TrackChange): void {
    if (!this.#open) return
    const { changes, fields } = changedFields(change)
    this.#addon.egressUpdateTrack(this.#handle, track, changes, fields)
  }

  removeTrack(track: TrackId): void {
    const destination = this.#destinationOf.get(track)
    if (destination === undefined || !this.#open) return
    this.#destinationOf.delete(track)
    this.#tracksOf.get(destination)?.delete(track)
    this.#addon.egressRemoveTrack(this.#handle, track)
  }

  frame(
    source: SourceId,
    frame: EgressFrame,
    targets: Uint32Array,
    targetCount = targets.length,
  ): FrameNumber | undefined {
    if (!this.#open) return undefined
    const fields = this.#frameFields
    fields[FRAME_FIELD.rtpTimestamp] = frame.rtpTimestamp
    fields[FRAME_FIELD.packetCount] = frame.packetCount
    fields[FRAME_FIELD.marker] = frame.marker ? 1 : 0
    fields[FRAME_FIELD.keyframe] = frame.keyframe ? 1 : 0
    fields[FRAME_FIELD.captureWallClock] = frame.captureWallClock ?? 0
    fields[FRAME_FIELD.orientation] = (frame.orientation ?? 0) / 90
    fields[FRAME_FIELD.audioLevel] = frame.audioLevel ?? NO_AUDIO_LEVEL
    fields[FRAME_FIELD.targetCount] = targetCount
    const number = this.#addon.egressFrame(this.#handle, source, frame.payloads, frame.ends, fields, targets)
    return number < 0 ? undefined : number
  }

  replay(track: TrackId, source: SourceId, first: FrameNumber, rtpTimestamps: Uint32Array): void {
    if (this.#open) this.#addon.egressReplay(this.#handle, track, source, first, rtpTimestamps)
  }

  resend(track: TrackId, sequences: Uint16Array, count = sequences.length): void {
    if (this.#open) this.#addon.egressResend(this.#handle, track, sequences, count)
  }

  rtcp(destination: DestinationId, compound: Uint8Array): void {
    if (this.#open) this.#addon.egressRtcp(this.#handle, destination, compound)
  }

  senderReport(track: TrackId, wallClock: number, rtpTimestamp: number): void {
    if (this.#open) this.#addon.egressSenderReport(this.#handle, track, wallClock, rtpTimestamp)
  }

  pollSent(rows: Float64Array): number {
    return this.#open ? this.#addon.egressPollSent(this.#handle, rows) : 0
  }

  pollEvent(): EgressEvent | undefined {
    const row = this.#row
    if (!this.#open || this.#addon.egressPollEvent(this.#handle, row) === 0) return undefined
    const [kind, destination, track, since] = row as unknown as [number, number, number, number]
    if (kind === EVENT.starved) return { kind: 'starved', destination, track, since }
    if (kind === EVENT.resumed) return { kind: 'resumed', destination, track }
    if (kind === EVENT.replayed) return { kind: 'replayed', destination, track }
    return { kind: 'unreachable', destination }
  }

  onReady(callback: () => void): void {
    this.#onReady = callback
  }

  pollStream(): { readonly destination: DestinationId; readonly bytes: Uint8Array } | undefined {
    if (!this.#open) return undefined
    const bytes = this.#addon.egressPollStream(this.#handle, this.#row)
    return bytes && { destination: this.#row[0]!, bytes }
  }

  streamWritten(destination: DestinationId, bytes: number): void {
    if (this.#open) this.#addon.egressStreamWritten(this.#handle, destination, bytes)
  }

  destinationCounters(destination: DestinationId): DestinationCounters | undefined {
    const row = this.#row
    if (!this.#open || this.#addon.egressDestinationCounters(this.#handle, destination, row) === 0) return undefined
    return {
      packets: row[0]!,
      octets: row[1]!,
      retransmitted: row[2]!,
      notResent: row[3]!,
      kernelDropped: row[4]!,
      framesDropped: row[5]!,
      queuedMicros: row[6]!,
    }
  }

  counters(): EgressCounters {
    if (!this.#open && this.#lastCounters) return this.#lastCounters
    const row = this.#row
    this.#addon.egressCounters(this.#handle, row)
    return {
      packets: row[0]!,
      bytes: row[1]!,
      sendCalls: row[2]!,
      kernelDropped: row[3]!,
      framesRefused: row[4]!,
      sentRowsLost: row[5]!,
      segmentationOffload: row[6] !== 0,
    }
  }

  close(): void {
    if (!this.#open) return
    this.#lastCounters = this.counters()
    this.#open = false
    this.#addon.egressClose(this.#handle)
    this.#tracksOf.clear()
    this.#destinationOf.clear()
    this.#closed()
  }
}

function addressOf(route: DestinationRoute): number {
  return route.kind === 'udp' ? route.address : 0
}
