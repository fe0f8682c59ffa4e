import type { Egress, EgressFrame, SourceOptions, TrackChange, TrackId } from '@crossroom/webrtc'

/** A frame that was handed over. */
export interface SentFrame {
  readonly source: number
  readonly rtpTimestamp: number
  readonly keyframe: boolean
  readonly payload: readonly number[]
  readonly targets: readonly TrackId[]
  readonly captureWallClock: number | undefined
}

const ignore = (): void => undefined

/** An egress that sends nothing and records its calls. */
export class FakeEgress implements Egress {
  readonly sources = new Map<number, SourceOptions>()
  readonly frames: SentFrame[] = []
  readonly replays: { readonly track: TrackId; readonly rtpTimestamps: readonly number[] }[] = []
  /** All changes of a track put together. */
  readonly tracks = new Map<TrackId, TrackChange>()
  readonly updateDestination = ignore
  readonly removeDestination = ignore
  readonly removeTrack = ignore
  readonly resend = ignore
  readonly rtcp = ignore
  readonly senderReport = ignore
  readonly onReady = ignore
  readonly streamWritten = ignore
  readonly close = ignore
  #nextSource = 1
  #nextFrame = 0

  addSource(options: SourceOptions): number {
    this.sources.set(this.#nextSource, options)
    return this.#nextSource++
  }

  removeSource(source: number): void {
    this.sources.delete(source)
  }

  frame(source: number, frame: EgressFrame, targets: Uint32Array, targetCount = targets.length): number {
    const { rtpTimestamp, keyframe, payloads, ends, captureWallClock } = frame
    const sent = { source, rtpTimestamp, keyframe, captureWallClock, payload: [...payloads.subarray(0, ends[0])] }
    this.frames.push({ ...sent, targets: [...targets.subarray(0, targetCount)] })
    return this.#nextFrame++
  }

  replay(track: TrackId, _source: number, _first: number, rtpTimestamps: Uint32Array): void {
    this.replays.push({ track, rtpTimestamps: [...rtpTimestamps] })
  }

  updateTrack(track: TrackId, change: TrackChange): void {
    this.tracks.set(track, { ...this.tracks.get(track), ...change })
  }

  addDestination(): number {
    return 1
  }

  addTrack(): number {
    return 1
  }

  pollSent(): number {
    return 0
  }

  pollEvent(): undefined {
    return undefined
  }

  pollStream(): undefined {
    return undefined
  }

  destinationCounters(): undefined {
    return undefined
  }

  counters() {
    const none = { packets: 0, bytes: 0, sendCalls: 0, kernelDropped: 0, framesRefused: 0, sentRowsLost: 0 }
    return { ...none, segmentationOffload: false }
  }
}
