import type { AudioConfig, MediaFrame, Micros } from '@crossroom/media'
import { isAudioFrame } from '@crossroom/media'
import type { AudioOrder } from '../catalog.js'
import {
  OUTPUT_RATE,
  type AudioCodecs,
  type AudioDecoder,
  type AudioEncoder,
  type HandlePacket,
  type HandleSamples,
} from './audio-codecs.js'
import type { Converter, Emit } from './converter.js'
import { Concealment } from './concealment.js'
import { SampleFifo } from './sample-fifo.js'
import { stretchSamples } from './sample-stretch.js'
import { SampleTimeline } from './sample-timeline.js'

/**
 * Seconds of a gap that are made up for. Players of FLV stop at a hole, and browsers that are silent send a packet every 400 ms.
 * Receivers of Opus know gaps, and a burst of old silence would only come too late.
 */
const LONGEST_GAP = { aac: 1, opus: 0.2 } as const

/** Decode, place in time, encode. The channels are those of the first frame, for a viewer's stream cannot change them. */
export class AudioConverter implements Converter {
  readonly #codecs: AudioCodecs
  readonly #order: AudioOrder
  readonly #emit: Emit
  readonly #timeline: SampleTimeline
  #decoder: AudioDecoder | undefined
  #encoder: AudioEncoder | undefined
  #fifo: SampleFifo | undefined
  #concealment: Concealment | undefined
  #config: AudioConfig | undefined
  #receivedAt: Micros = 0
  /** Samples given to the encoder. */
  #encoded = 0

  constructor(codecs: AudioCodecs, order: AudioOrder, emit: Emit) {
    this.#codecs = codecs
    this.#order = order
    this.#emit = emit
    this.#timeline = new SampleTimeline(OUTPUT_RATE, LONGEST_GAP[order.to])
  }

  handleFrame(frame: MediaFrame): void {
    if (!isAudioFrame(frame)) return
    if (frame.config !== this.#config) this.#configure(frame.config)
    this.#receivedAt = frame.receivedAt
    this.#decoder?.decode(frame)
  }

  handleAdvance(pts: Micros): void {
    const silence = this.#timeline.fillTo(pts)
    if (silence === 0) return
    this.#fillGap(silence)
    this.#encode()
  }

  handleKeyframeRequest(): void {
    // Every coded frame of sound can be decoded by itself.
  }

  close(): void {
    this.#decoder?.close()
    this.#encoder?.close()
    this.#decoder = undefined
    this.#encoder = undefined
  }

  #configure(config: AudioConfig): void {
    this.#config = config
    const channels = this.#fifo?.channels ?? this.#order.channels ?? Math.min(2, Math.max(1, config.channels))
    this.#fifo ??= new SampleFifo(channels)
    this.#concealment ??= new Concealment(channels)
    this.#encoder ??= this.#codecs.createEncoder(this.#order, channels, this.#handlePacket)
    this.#decoder?.close()
    this.#decoder = this.#codecs.createDecoder(config, channels, this.#handleSamples)
  }

  readonly #handleSamples: HandleSamples = (pts, planes, count) => {
    const fifo = this.#fifo!
    const before = fifo.length
    const { restart, silence, skip, stretch } = this.#timeline.place(pts, count)
    if (restart && before > 0) this.#finishSegment(fifo)
    if (silence > 0) this.#fillGap(silence)
    const kept = count - skip
    const written = fifo.reserve(kept + stretch)
    for (let channel = 0; channel < fifo.channels; channel++) {
      const plane = planes[channel]!
      if (stretch === 0) fifo.plane(channel).set(plane.subarray(skip, count), written)
      else stretchSamples(plane, count, stretch, fifo.plane(channel), written)
    }
    this.#concealment!.handleSamples(fifo, written, kept + stretch)
    this.#encode()
  }

  #fillGap(samples: number): void {
    const fifo = this.#fifo!
    this.#concealment!.fill(fifo, fifo.reserve(samples), samples)
  }

  /** Fills the frame that was begun with silence, so that the new segment begins with a frame. */
  #finishSegment(fifo: SampleFifo): void {
    const missing = this.#encoder!.frameSize - fifo.length
    fifo.pushSilence(missing)
    this.#timeline.pad(missing)
    this.#encodeOne(fifo, this.#encoder!)
  }

  #encode(): void {
    const fifo = this.#fifo!
    const encoder = this.#encoder!
    while (fifo.length >= encoder.frameSize) this.#encodeOne(fifo, encoder)
  }

  #encodeOne(fifo: SampleFifo, encoder: AudioEncoder): void {
    encoder.encode(this.#encoded, fifo)
    this.#encoded += encoder.frameSize
    fifo.drop(encoder.frameSize)
  }

  readonly #handlePacket: HandlePacket = (position, bytes) => {
    const encoder = this.#encoder!
    const pts = this.#timeline.ptsAt(position, position + encoder.delay)
    this.#emit({
      config: encoder.config,
      pts,
      dts: pts,
      keyframe: true,
      units: [bytes],
      receivedAt: this.#receivedAt,
      droppable: false,
    })
  }
}
