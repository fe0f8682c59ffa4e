import { isEntryPoint, type CodecConfig, type MediaFrame, type Micros, type Mp4Tracks } from '@crossroom/media'
import { recordLimits } from '../../config/limits.js'
import type { TracksKnown } from '../ipc.js'
import type { RecordingFormat } from '../model/journal.js'
import { isWritable, openContainer, type Container } from './container.js'

/** How a stream is cut. 0 means that nothing of the kind cuts. */
export interface SegmentRules {
  readonly format: RecordingFormat
  readonly segmentSeconds: number
  readonly segmentBytes: number
}

/** Where segments go. */
export interface SegmentOutput {
  /** A new segment begins with this frame. */
  begin(first: MediaFrame): void
  write(bytes: Uint8Array): void
  end(durationMicros: Micros): void
}

/**
 * One stream, cut into segments at keyframes: a frame is in one segment or the next, and in no case in none. Sound is
 * kept from its first packet; the first picture is the first one from which a decoder can start.
 */
export class Segmenter {
  readonly #rules: SegmentRules
  readonly #output: SegmentOutput
  #container: Container | undefined
  #origin: Micros = 0
  #bytes = 0
  #lastTake: Micros = 0
  #tracks: { video?: Mp4Tracks['video']; audio?: Mp4Tracks['audio'] } = {}
  /** Until the tracks are known. */
  #waiting: MediaFrame[] | undefined = []
  #waitingBytes = 0
  #known: TracksKnown | undefined
  /** Kinds of which no frame was left out since the last keyframe. */
  #hasKeyframe = false
  /** Frames in formats that the file cannot hold, by codec. */
  readonly leftOut = new Set<string>()

  constructor(rules: SegmentRules, output: SegmentOutput) {
    this.#rules = rules
    this.#output = output
  }

  get isWriting(): boolean {
    return this.#container !== undefined
  }

  handleFrame(frame: MediaFrame): void {
    if (!isWritable(this.#rules.format, frame.config)) {
      this.leftOut.add(frame.config.codec)
      return
    }
    if (this.#waiting !== undefined) this.#wait(frame, this.#waiting)
    else this.#take(frame)
  }

  /** Frames of these tracks have come or will come next, and of no other. */
  handleTracksKnown(known: TracksKnown): void {
    this.#known = known
    if (this.#waiting !== undefined && this.#waiting.length > 0 && this.#isComplete(this.#waiting)) this.#start()
  }

  #isComplete(waiting: readonly MediaFrame[]): boolean {
    const kinds = new Set(waiting.map(({ config }) => config.kind))
    const { video, audio } = this.#known ?? { video: true, audio: true }
    return (kinds.has('video') || !video) && (kinds.has('audio') || !audio)
  }

  #start(): void {
    const waiting = this.#waiting
    if (waiting === undefined || waiting.length === 0) return
    this.#waiting = undefined
    for (const frame of waiting) this.#tracks = { ...this.#tracks, [frame.config.kind]: frame.config }
    for (const frame of waiting) this.#take(frame)
  }

  /** The publisher is gone, or frames were left out: what follows is another segment. */
  cut(): void {
    this.#start()
    this.#close()
    this.#known = undefined
    this.#tracks = {}
    this.#waiting = []
    this.#waitingBytes = 0
    this.#hasKeyframe = false
  }

  /** Everything that is held goes out: nothing came for a while. */
  flush(): void {
    this.#write()
  }

  #wait(frame: MediaFrame, waiting: MediaFrame[]): void {
    waiting.push(frame)
    for (const unit of frame.units) this.#waitingBytes += unit.length
    const span = frame.dts - waiting[0]!.dts
    const { tracksMicros, tracksBytes } = recordLimits
    if (this.#isComplete(waiting) || span > tracksMicros || this.#waitingBytes > tracksBytes) this.#start()
  }

  #take(frame: MediaFrame): void {
    const { config } = frame
    if (config.kind === 'video' && !this.#hasKeyframe) {
      if (!isEntryPoint(frame)) return
      this.#hasKeyframe = true
    }
    if (this.#container?.accepts(frame) === false) {
      // A track that came later, or that is coded otherwise from here on.
      this.#close(frame)
      this.#tracks = { ...this.#tracks, [config.kind]: config }
    } else if (this.#isDue(frame)) this.#close(frame)
    if (this.#container === undefined) this.#open(frame)
    else if (this.#isTimeToWrite(frame)) this.#write(frame)
    this.#container!.add(frame)
  }

  #open(frame: MediaFrame): void {
    this.#origin = frame.dts
    this.#lastTake = frame.dts
    this.#bytes = 0
    this.#tracks = { ...this.#tracks, [frame.config.kind]: frame.config }
    this.#container = openContainer(this.#rules.format, this.#tracks)
    this.#output.begin(frame)
  }

  #isDue(frame: MediaFrame): boolean {
    if (this.#container === undefined) return false
    const { segmentSeconds, segmentBytes } = this.#rules
    const age = frame.dts - this.#origin
    const isLong = segmentSeconds > 0 && age >= segmentSeconds * 1_000_000
    const isLarge = segmentBytes > 0 && this.#bytes >= segmentBytes
    if (!isLong && !isLarge) return false
    return this.#tracks.video === undefined || (frame.config.kind === 'video' && frame.keyframe)
  }

  /** At pictures, whose length the next one tells. */
  #isTimeToWrite(frame: MediaFrame): boolean {
    const age = frame.dts - this.#lastTake
    const { flushMicros } = recordLimits
    return age >= 2 * flushMicros || (age >= flushMicros && isMain(frame.config, this.#tracks))
  }

  #write(next?: MediaFrame): void {
    const container = this.#container
    if (container === undefined) return
    if (next !== undefined) this.#lastTake = next.dts
    for (const bytes of container.take(next)) {
      this.#bytes += bytes.length
      this.#output.write(bytes)
    }
  }

  #close(next?: MediaFrame): void {
    const container = this.#container
    if (container === undefined) return
    this.#write(next)
    this.#container = undefined
    this.#output.end(container.durationMicros)
  }
}

function isMain({ kind }: CodecConfig, tracks: Mp4Tracks): boolean {
  return kind === 'video' || tracks.video === undefined
}
