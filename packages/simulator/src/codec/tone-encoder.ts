import { audioConfigFromAac, type AudioConfig, type AudioFrame } from '@crossroom/media'
import type { CodecContext, Frame, Packet } from 'node-av/lib'

import { isPause, type Library } from './library.js'

const SAMPLES_PER_FRAME = 1024
const MICROS = 1_000_000
const BITRATE = 48_000
/** A quarter of full scale: heard well, far from clipping. */
const AMPLITUDE = 0.25

export interface ToneEncoderOptions {
  /** 48 000 at audio-quality high, 16 000 at low. */
  readonly sampleRate: number
  /** Hz; each phone of a room may have its own. */
  readonly pitch: number
  readonly handle: (frame: AudioFrame) => void
}

/** A sine as AAC-LC, one channel, as LiteAV sends its microphone. */
export class ToneEncoder {
  readonly config: AudioConfig
  readonly #library: Library
  readonly #options: ToneEncoderOptions
  readonly #context: CodecContext
  readonly #frame: Frame
  readonly #packet: Packet
  #position = 0

  constructor(library: Library, options: ToneEncoderOptions) {
    this.#library = library
    this.#options = options
    this.#context = openEncoder(library, options.sampleRate)
    const config = audioConfigFromAac(this.#context.extraData ?? new Uint8Array(), { bitrate: BITRATE })
    if (config === undefined) throw new Error('The encoder of the tone gave no header')
    this.config = config
    this.#packet = new library.Packet()
    this.#packet.alloc()
    this.#frame = new library.Frame()
    this.#frame.alloc()
    this.#frame.nbSamples = SAMPLES_PER_FRAME
    this.#frame.format = library.constants.AV_SAMPLE_FMT_FLTP
    this.#frame.sampleRate = options.sampleRate
    this.#frame.channelLayout = library.constants.AV_CHANNEL_LAYOUT_MONO
    if (this.#frame.getBuffer(0) < 0) throw new Error('Out of memory for an audio frame')
  }

  /** Everything up to `micros` since the first sample; a disabled microphone yields silence. */
  encodeUntil(micros: number, isOn: boolean): void {
    const until = (micros * this.#options.sampleRate) / MICROS
    while (this.#position + SAMPLES_PER_FRAME <= until) this.#encodeOne(isOn)
  }

  close(): void {
    this.#frame.free()
    this.#packet.free()
    this.#context.freeContext()
  }

  #encodeOne(isOn: boolean): void {
    const frame = this.#frame
    frame.makeWritable()
    const bytes = frame.data![0]!
    const samples = new Float32Array(bytes.buffer, bytes.byteOffset, SAMPLES_PER_FRAME)
    const { pitch, sampleRate } = this.#options
    const step = (2 * Math.PI * pitch) / sampleRate
    for (let index = 0; index < SAMPLES_PER_FRAME; index++) {
      samples[index] = isOn ? AMPLITUDE * Math.sin((this.#position + index) * step) : 0
    }
    frame.pts = BigInt(this.#position)
    this.#position += SAMPLES_PER_FRAME
    this.#context.sendFrameSync(frame)
    this.#takePackets()
  }

  #takePackets(): void {
    const packet = this.#packet
    for (;;) {
      const code = this.#context.receivePacketSync(packet)
      if (code < 0) {
        if (isPause(this.#library, code)) return
        throw new Error('The encoder of the tone failed')
      }
      if (packet.data !== null) this.#handle(Number(packet.pts), new Uint8Array(packet.data))
      packet.unref()
    }
  }

  #handle(position: number, bytes: Uint8Array): void {
    const pts = Math.max(0, Math.round((position * MICROS) / this.#options.sampleRate))
    const { config } = this
    this.#options.handle({ config, pts, dts: pts, keyframe: true, units: [bytes], receivedAt: pts, droppable: false })
  }
}

function openEncoder({ constants, Codec, CodecContext, Rational }: Library, sampleRate: number): CodecContext {
  const codec = Codec.findEncoder(constants.AV_CODEC_ID_AAC)
  if (codec === null) throw new Error('The codec library has no encoder for AAC')
  const context = new CodecContext()
  context.allocContext3(codec)
  context.sampleRate = sampleRate
  context.sampleFormat = constants.AV_SAMPLE_FMT_FLTP
  context.channelLayout = constants.AV_CHANNEL_LAYOUT_MONO
  context.bitRate = BigInt(BITRATE)
  context.timeBase = new Rational(1, sampleRate)
  context.threadCount = 1
  context.setFlags(constants.AV_CODEC_FLAG_GLOBAL_HEADER)
  context.setOption('aac_coder', 'fast')
  if (context.open2Sync(codec, null) < 0) throw new Error(`No AAC encoder at ${String(sampleRate)} Hz`)
  return context
}
