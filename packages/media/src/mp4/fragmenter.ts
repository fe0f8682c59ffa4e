import type { Micros } from '../machine/index.js'
import { type CodecConfig, isEntryPoint, type MediaFrame } from '../model/frame.js'
import { opusPacketSamples } from '../opus/toc.js'
import { byteLengthOfSample, type Sample, type TrackRun, writeFragment } from './fragment.js'
import { type Mp4Tracks, timescaleOf, trackIdOf } from './init-segment.js'
import { isSameMp4Track } from './sample-entry.js'

const SECOND: Micros = 1_000_000
/** No sample lasts longer: a jump of the timestamps is a gap between fragments, not one picture of three hours. */
const MAX_SAMPLE_DURATION: Micros = 10 * SECOND
/** Lengths of a last picture of which nothing is known. */
const DEFAULT_FRAME_RATE = 25

/** One or more `moof` and `mdat` pairs. Times count from the fragmenter's origin. */
export interface Fragment {
  readonly bytes: Uint8Array
  /** Of the earliest sample. */
  readonly start: Micros
  /** Of the last sample to end. */
  readonly end: Micros
  /** A player may start here: the first picture is a keyframe or recovery point, or there is no picture track. */
  readonly independent: boolean
}

/**
 * Cuts frames into fragments of MP4 (ISO/IEC 14496-12 section 8.8). The caller decides when: a recording every half second,
 * LL-HLS at each part. Each track keeps its own start, and decode times are absolute, so nothing accumulates.
 */
export class Fragmenter {
  readonly #tracks: readonly Track[]
  #origin: Micros | undefined
  #sequenceNumber = 1
  /** Fragments that a gap has completed before the caller's cut. */
  #sealed: Fragment[] = []

  /** @param origin The time that becomes 0; by default the earliest dts before the first cut. */
  constructor(tracks: Mp4Tracks, origin?: Micros) {
    const configs = [tracks.video, tracks.audio].filter((config) => config !== undefined)
    this.#tracks = configs.map((config) => new Track(config))
    this.#origin = origin
  }

  /** Undefined until the first cut when it was not given. */
  get origin(): Micros | undefined {
    return this.#origin
  }

  /** Bytes of media that wait for the next cut. */
  get pendingBytes(): number {
    return this.#tracks.reduce((sum, track) => sum + track.pendingBytes, 0)
  }

  /** Whether the frame belongs to one of the tracks. If not, a new init segment and a new fragmenter are due. */
  accepts(frame: MediaFrame): boolean {
    return this.#trackOf(frame) !== undefined
  }

  /** Adds a frame that is accepted. It is read at the cut and must not change until then. */
  push(frame: MediaFrame): void {
    const track = this.#trackOf(frame)
    if (track === undefined) return
    if (track.isGapBefore(frame)) this.#seal()
    track.pending.push(frame)
    track.pendingBytes += byteLengthOfSample(frame)
  }

  /**
   * Everything pushed since the last cut; undefined when that is nothing.
   * @param next The frame that will be pushed next: it tells how long the last sample of its track lasts. Without it, the
   * length of the sample before is taken.
   */
  cut(next?: MediaFrame): Fragment | undefined {
    this.#seal(next)
    const parts = this.#sealed
    this.#sealed = []
    if (parts.length <= 1) return parts[0]
    return {
      bytes: joined(parts.map(({ bytes }) => bytes)),
      start: Math.min(...parts.map(({ start }) => start)),
      end: Math.max(...parts.map(({ end }) => end)),
      independent: parts[0]!.independent,
    }
  }

  #seal(next?: MediaFrame): void {
    const tracks = this.#tracks.filter(({ pending }) => pending.length > 0)
    if (tracks.length === 0) return
    this.#origin ??= Math.min(...tracks.map(({ pending }) => pending[0]!.dts))
    const origin = this.#origin
    const independent = isIndependent(this.#tracks)
    const runs = tracks.map((track) => track.take(origin, next !== undefined && track.fits(next) ? next : undefined))
    const starts = runs.map(({ samples }, index) => samples[0]!.decodeTime / tracks[index]!.ticksPerMicro)
    const ends = runs.map(({ samples }, index) => {
      const last = samples.at(-1)!
      return (last.decodeTime + last.duration) / tracks[index]!.ticksPerMicro
    })
    this.#sealed.push({
      bytes: writeFragment(this.#sequenceNumber++, runs),
      start: Math.round(Math.min(...starts)),
      end: Math.round(Math.max(...ends)),
      independent,
    })
  }

  #trackOf(frame: MediaFrame): Track | undefined {
    return this.#tracks.find((track) => track.fits(frame))
  }
}

/** One track: its frames since the last cut, and where it stands. */
class Track {
  readonly #config: CodecConfig
  /** The config object that was compared last; a stream keeps one for a long time. */
  #known: CodecConfig
  readonly ticksPerMicro: number
  readonly isVideo: boolean
  pending: MediaFrame[] = []
  pendingBytes = 0
  /** Ticks of the last sample that was written, and how long the one before it lasted. */
  #lastTime = -1
  #lastDuration: number

  constructor(config: CodecConfig) {
    this.#config = config
    this.#known = config
    this.isVideo = config.kind === 'video'
    this.ticksPerMicro = timescaleOf(config) / SECOND
    this.#lastDuration = usualDuration(config)
  }

  fits(frame: MediaFrame): boolean {
    if (frame.config === this.#known) return true
    if (!isSameMp4Track(frame.config, this.#config)) return false
    this.#known = frame.config
    return true
  }

  isGapBefore(frame: MediaFrame): boolean {
    const last = this.pending.at(-1)
    return last !== undefined && frame.dts - last.dts > MAX_SAMPLE_DURATION
  }

  /** The waiting frames as samples, whose decode times always increase, whatever the timestamps do. */
  take(origin: Micros, next: MediaFrame | undefined): TrackRun {
    const samples: Sample[] = []
    for (const frame of this.pending) {
      const sample = this.#sampleOf(frame, origin)
      const previous = samples.at(-1)
      if (previous !== undefined) previous.duration = this.#remember(sample.decodeTime - previous.decodeTime)
      samples.push(sample)
    }
    const last = samples.at(-1)!
    last.duration = this.#durationOfLast(last, next, origin)
    this.pending = []
    this.pendingBytes = 0
    return { trackId: trackIdOf(this.#config), isVideo: this.isVideo, samples }
  }

  #sampleOf(frame: MediaFrame, origin: Micros): Sample {
    const decodeTime = Math.max(this.#ticks(frame.dts - origin), this.#lastTime + 1)
    this.#lastTime = decodeTime
    const compositionOffset = this.#ticks(frame.pts - origin) - decodeTime
    return { frame, decodeTime, compositionOffset, byteLength: byteLengthOfSample(frame), duration: 0 }
  }

  /** Sound lasts as long as its samples; a picture until the next one, as far as that is known. */
  #durationOfLast({ frame, decodeTime }: Sample, next: MediaFrame | undefined, origin: Micros): number {
    if (frame.config.kind === 'audio') return samplesOf(frame) ?? this.#lastDuration
    if (next === undefined) return this.#lastDuration
    const duration = Math.max(1, this.#ticks(next.dts - origin) - decodeTime)
    return this.#remember(Math.min(duration, this.#ticks(MAX_SAMPLE_DURATION)))
  }

  #remember(duration: number): number {
    this.#lastDuration = duration
    return duration
  }

  #ticks(time: Micros): number {
    return Math.round(time * this.ticksPerMicro)
  }
}

function usualDuration(config: CodecConfig): number {
  if (config.kind === 'video') return Math.round(timescaleOf(config) / (config.frameRate ?? DEFAULT_FRAME_RATE))
  return config.samplesPerFrame > 0 ? config.samplesPerFrame : Math.round(config.sampleRate / 50)
}

function samplesOf({ config, units }: MediaFrame): number | undefined {
  if (config.codec === 'opus') return opusPacketSamples(units[0]!)
  return config.kind === 'audio' && config.samplesPerFrame > 0 ? config.samplesPerFrame : undefined
}

/** Asked before a cut. A cut without pictures is independent only where there is no picture track. */
function isIndependent(tracks: readonly Track[]): boolean {
  const video = tracks.find(({ isVideo }) => isVideo)
  if (video === undefined) return true
  const first = video.pending[0]
  return first !== undefined && isEntryPoint(first)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}
