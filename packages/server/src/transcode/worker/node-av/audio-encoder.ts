import { audioConfigFromAac, audioConfigFromOpusHead, type AudioConfig } from '@crossroom/media'
import type { CodecContext, Frame, Packet } from 'node-av/lib'
import type { AudioOrder } from '../../catalog.js'
import type { AudioEncoder, HandlePacket } from '../audio-codecs.js'
import { OUTPUT_RATE } from '../audio-codecs.js'
import type { SampleFifo } from '../sample-fifo.js'
import { isPause, type Library } from './library.js'

/** libopus effort 0 … 10. From 7 on it tells speech from music, which in-band FEC needs; 10 costs a fifth more. */
const OPUS_COMPLEXITY = 7
/** Loss (%) the encoder reckons with. Speech gets repair data from here on, music keeps its bits. */
const OPUS_EXPECTED_LOSS = 5
/** Of the pre-skip in an OpusHead (RFC 7845 section 5.1). */
const OPUS_PRE_SKIP_OFFSET = 10
/** FFmpeg's AAC encoder looks one frame ahead. Samples. */
const AAC_DELAY = 1024

/** Encodes planar floats at 48 kHz. */
export class NodeAvAudioEncoder implements AudioEncoder {
  readonly config: AudioConfig
  readonly frameSize: number
  readonly delay: number
  readonly #library: Library
  readonly #handle: HandlePacket
  readonly #context: CodecContext
  readonly #frame: Frame
  readonly #packet: Packet
  readonly #interleaved: boolean

  constructor(library: Library, order: AudioOrder, channels: number, handle: HandlePacket) {
    const { constants, Frame, Packet } = library
    this.#library = library
    this.#handle = handle
    this.#interleaved = order.to === 'opus'
    this.#context = openEncoder(library, order, channels)
    this.frameSize = this.#context.frameSize
    const head = this.#context.extraData
    const bitrate = Number(this.#context.bitRate)
    const config = head === null ? undefined : configOf(order, head, bitrate)
    if (head === null || config === undefined) throw new Error(`The ${order.to} encoder produced no header`)
    this.delay = order.to === 'opus' ? head.readUInt16LE(OPUS_PRE_SKIP_OFFSET) : AAC_DELAY
    this.config = { ...config, samplesPerFrame: this.frameSize }
    this.#packet = new Packet()
    this.#packet.alloc()
    const frame = new Frame()
    frame.alloc()
    frame.nbSamples = this.frameSize
    frame.format = this.#interleaved ? constants.AV_SAMPLE_FMT_FLT : constants.AV_SAMPLE_FMT_FLTP
    frame.sampleRate = OUTPUT_RATE
    frame.channelLayout = layoutOf(library, channels)
    if (frame.getBuffer(0) < 0) throw new Error('Out of memory for an audio frame')
    this.#frame = frame
  }

  encode(position: number, fifo: SampleFifo): void {
    const frame = this.#frame
    frame.makeWritable()
    frame.pts = BigInt(position)
    const data = frame.data!
    const { frameSize } = this
    const start = fifo.offset
    for (let channel = 0; channel < fifo.channels; channel++) {
      const plane = fifo.plane(channel).subarray(start, start + frameSize)
      const bytes = data[this.#interleaved ? 0 : channel]!
      const step = this.#interleaved ? fifo.channels : 1
      const target = new Float32Array(bytes.buffer, bytes.byteOffset, frameSize * step)
      if (step === 1) target.set(plane)
      else for (let index = 0, to = channel; index < frameSize; index++, to += step) target[to] = plane[index]!
    }
    this.#context.sendFrameSync(frame)
    this.#takePackets()
  }

  close(): void {
    this.#frame.free()
    this.#packet.free()
    this.#context.freeContext()
  }

  #takePackets(): void {
    const packet = this.#packet
    for (;;) {
      const code = this.#context.receivePacketSync(packet)
      if (code < 0) {
        if (isPause(this.#library, code)) return
        throw new Error('The encoder failed')
      }
      const bytes = packet.data
      if (bytes !== null) this.#handle(Number(packet.pts), new Uint8Array(bytes))
      packet.unref()
    }
  }
}

function openEncoder(library: Library, order: AudioOrder, channels: number): CodecContext {
  const { constants, Codec, CodecContext, Rational } = library
  const codec =
    order.to === 'opus'
      ? Codec.findEncoderByName(constants.FF_ENCODER_LIBOPUS)
      : Codec.findEncoder(constants.AV_CODEC_ID_AAC)
  if (codec === null) throw new Error(`The codec library has no encoder for ${order.to}`)
  const context = new CodecContext()
  context.allocContext3(codec)
  context.sampleRate = OUTPUT_RATE
  context.sampleFormat = order.to === 'opus' ? constants.AV_SAMPLE_FMT_FLT : constants.AV_SAMPLE_FMT_FLTP
  context.channelLayout = layoutOf(library, channels)
  context.bitRate = BigInt(channels === 1 ? order.bitrate.mono : order.bitrate.stereo)
  context.timeBase = new Rational(1, OUTPUT_RATE)
  context.threadCount = 1
  if (order.to === 'opus') configureOpus(context, order)
  // The thorough search of the default costs twice the time and is not heard at these bitrates.
  else context.setOption('aac_coder', 'fast')
  if (context.open2Sync(codec, null) < 0) throw new Error(`The ${order.to} encoder rejects these settings`)
  return context
}

function configureOpus(context: CodecContext, order: AudioOrder): void {
  context.setOption('application', 'audio')
  context.setOption('frame_duration', '20')
  context.setOption('compression_level', String(OPUS_COMPLEXITY))
  if (!order.forwardErrorCorrection) return
  context.setOption('fec', '1')
  context.setOption('packet_loss', String(OPUS_EXPECTED_LOSS))
}

function configOf(order: AudioOrder, head: Uint8Array, bitrate: number): AudioConfig | undefined {
  return order.to === 'opus' ? audioConfigFromOpusHead(head, { bitrate }) : audioConfigFromAac(head, { bitrate })
}

function layoutOf({ constants }: Library, channels: number) {
  return channels === 1 ? constants.AV_CHANNEL_LAYOUT_MONO : constants.AV_CHANNEL_LAYOUT_STEREO
}
