import type { AudioConfig, AudioFrame } from '@crossroom/media'
import type { CodecContext, Frame, Packet } from 'node-av/lib'

import type { Library } from './library.js'

/** Silence of the scale below: this many decibels under full scale is 0. */
const FLOOR_DB = 60
/** Of full scale: what does not go under it is no swing of a tone. */
const NOISE = 0.01

/** The audio since the last call. */
export interface Heard {
  /** 0 silence (or nothing) to 100 full scale. */
  readonly level: number
  /** Hz of a pure tone, by how often it rises through zero; of anything else some number; 0 when nothing came. */
  readonly pitch: number
}

/** Decodes AAC and says how loud and how high it is. */
export class SoundMeter {
  readonly #library: Library
  readonly #packet: Packet
  readonly #frame: Frame
  #config: AudioConfig | undefined
  #context: CodecContext | undefined
  #squares = 0
  #samples = 0
  #isLow = false
  #rises = 0
  /** Where the first and the newest rise through zero were, in samples. */
  #firstRise = 0
  #lastRise = 0

  constructor(library: Library) {
    this.#library = library
    this.#packet = new library.Packet()
    this.#packet.alloc()
    this.#frame = new library.Frame()
    this.#frame.alloc()
  }

  decode(frame: AudioFrame): void {
    if (frame.config !== this.#config) this.#open(frame.config)
    const packet = this.#packet
    const unit = frame.units[0]!
    packet.data = Buffer.from(unit.buffer, unit.byteOffset, unit.length)
    packet.pts = BigInt(frame.pts)
    packet.dts = packet.pts
    try {
      this.#context!.sendPacketSync(packet)
      while (this.#context!.receiveFrameSync(this.#frame) >= 0) this.#measure()
    } catch {
      // A broken frame is a moment of silence.
    } finally {
      packet.unref()
    }
  }

  /** The samples since the last call. */
  take(): Heard {
    const samples = this.#samples
    const mean = samples === 0 ? 0 : this.#squares / samples
    const between = this.#lastRise - this.#firstRise
    const pitch = between === 0 ? 0 : Math.round(((this.#rises - 1) * (this.#config?.sampleRate ?? 0)) / between)
    this.#squares = this.#samples = this.#rises = this.#firstRise = this.#lastRise = 0
    if (mean === 0) return { level: 0, pitch: 0 }
    const decibels = 10 * Math.log10(mean)
    return { level: Math.min(100, Math.max(0, Math.round((1 + decibels / FLOOR_DB) * 100))), pitch }
  }

  close(): void {
    this.#context?.freeContext()
    this.#context = undefined
    this.#frame.free()
    this.#packet.free()
  }

  #measure(): void {
    const frame = this.#frame
    const bytes = frame.data?.[0]
    if (bytes !== undefined) {
      const samples = new Float32Array(bytes.buffer, bytes.byteOffset, frame.nbSamples)
      for (const sample of samples) {
        this.#squares += sample * sample
        if (sample < -NOISE) this.#isLow = true
        else if (sample >= 0 && this.#isLow) this.#rise()
        this.#samples++
      }
    }
    frame.unref()
  }

  #rise(): void {
    this.#isLow = false
    if (this.#rises++ === 0) this.#firstRise = this.#samples
    this.#lastRise = this.#samples
  }

  #open(config: AudioConfig): void {
    const { Codec, CodecContext, Rational, constants } = this.#library
    this.#context?.freeContext()
    this.#config = config
    const codec = Codec.findDecoder(constants.AV_CODEC_ID_AAC)
    if (codec === null) throw new Error('The codec library has no decoder for AAC')
    const context = new CodecContext()
    context.allocContext3(codec)
    context.threadCount = 1
    context.pktTimebase = new Rational(1, 1_000_000)
    context.sampleRate = config.sampleRate
    context.extraData = Buffer.from(config.description)
    if (context.open2Sync(codec, null) < 0) throw new Error('The AAC decoder rejects this configuration')
    this.#context = context
  }
}
