import { isLegacySound, type AudioCodec, type AudioConfig, type AudioFrame, type Micros } from '@crossroom/media'
import type { CodecContext, Frame, Packet, SoftwareResampleContext } from 'node-av/lib'
import type { AudioDecoder, HandleSamples } from '../audio-codecs.js'
import { OUTPUT_RATE } from '../audio-codecs.js'
import { isPause, type Library } from './library.js'

/** Samples of one call of the resampler; 120 ms at most come from a coded frame, so this leaves room. */
const SCRATCH_SAMPLES = 16_384

/**
 * Decodes to planar floats at 48 kHz. Rate and layout are those of the decoded frames, not of the config: HE-AAC tells
 * half the rate and, with parametric stereo, one channel too few.
 */
export class NodeAvAudioDecoder implements AudioDecoder {
  readonly #library: Library
  readonly #handle: HandleSamples
  readonly #channels: number
  readonly #context: CodecContext
  readonly #packet: Packet
  readonly #frame: Frame
  readonly #scratch: Buffer[]
  readonly #planes: Float32Array[]
  #resampler: SoftwareResampleContext | undefined
  #inputRate = 0
  #inputChannels = 0
  #inputFormat = -1

  constructor(library: Library, config: AudioConfig, channels: number, handle: HandleSamples) {
    const { CodecContext, Packet, Frame } = library
    this.#library = library
    this.#handle = handle
    this.#channels = channels
    this.#context = openDecoder(library, new CodecContext(), config)
    this.#packet = new Packet()
    this.#packet.alloc()
    this.#frame = new Frame()
    this.#frame.alloc()
    this.#scratch = Array.from({ length: channels }, () => Buffer.alloc(SCRATCH_SAMPLES * 4))
    this.#planes = this.#scratch.map((bytes) => floats(bytes, SCRATCH_SAMPLES))
  }

  decode(frame: AudioFrame): void {
    const packet = this.#packet
    packet.data = bufferOf(frame.units[0]!)
    packet.pts = BigInt(frame.pts)
    packet.dts = packet.pts
    try {
      this.#context.sendPacketSync(packet)
      while (this.#receive()) this.#handleFrame()
    } catch {
      // Garbage: the decoder goes on with the next frame, the timeline fills the hole.
    } finally {
      packet.unref()
    }
  }

  close(): void {
    this.#resampler?.free()
    this.#resampler = undefined
    this.#frame.free()
    this.#packet.free()
    this.#context.freeContext()
  }

  #receive(): boolean {
    const code = this.#context.receiveFrameSync(this.#frame)
    if (code < 0 && !isPause(this.#library, code)) throw new Error('The decoder refused a frame')
    return code >= 0
  }

  #handleFrame(): void {
    const frame = this.#frame
    const pts = Number(frame.pts)
    const count = frame.nbSamples
    const { sampleRate, channels, format } = frame
    if (sampleRate !== this.#inputRate || channels !== this.#inputChannels || format !== this.#inputFormat) {
      this.#changeInput(sampleRate, channels, format)
    }
    const data = frame.extendedData ?? frame.data
    if (data === null) return
    if (this.#resampler === undefined) {
      const planes = data.slice(0, this.#channels).map((bytes) => floats(bytes, count))
      this.#handle(pts, planes, count)
    } else this.#resample(this.#resampler, pts, data, count)
    frame.unref()
  }

  #resample(resampler: SoftwareResampleContext, pts: Micros, data: Buffer[], count: number): void {
    // Samples that the filter still holds come out first.
    const held = Number(resampler.getDelay(BigInt(OUTPUT_RATE)))
    const made = resampler.convertSync(this.#scratch, SCRATCH_SAMPLES, data, count)
    if (made > 0) this.#handle(pts - Math.round((held * 1e6) / OUTPUT_RATE), this.#planes, made)
  }

  #changeInput(rate: number, channels: number, format: number): void {
    const { constants, SoftwareResampleContext } = this.#library
    this.#resampler?.free()
    this.#resampler = undefined
    this.#inputRate = rate
    this.#inputChannels = channels
    this.#inputFormat = format
    if (rate === OUTPUT_RATE && channels === this.#channels && format === constants.AV_SAMPLE_FMT_FLTP) return
    const resampler = new SoftwareResampleContext()
    const layout = this.#channels === 1 ? constants.AV_CHANNEL_LAYOUT_MONO : constants.AV_CHANNEL_LAYOUT_STEREO
    const { channelLayout, format: inputFormat } = this.#frame
    resampler.allocSetOpts2(
      layout,
      constants.AV_SAMPLE_FMT_FLTP,
      OUTPUT_RATE,
      channelLayout,
      inputFormat as never,
      rate,
    )
    const mix = mixOf(channels, this.#channels)
    if (mix !== undefined) resampler.setMatrix(mix, channels)
    else resampler.setOption('rematrix_maxval', 1)
    if (resampler.init() < 0)
      throw new Error(`Cannot resample ${String(channels)} channels at ${String(rate)} Hz to 48 kHz`)
    this.#resampler = resampler
  }
}

function openDecoder(library: Library, context: CodecContext, config: AudioConfig): CodecContext {
  const { Rational, constants } = library
  const codec = decoderFor(library, config.codec)
  if (codec === null) throw new Error(`The codec library has no decoder for ${config.codec}`)
  context.allocContext3(codec)
  context.threadCount = 1
  context.pktTimebase = new Rational(1, 1_000_000)
  context.sampleRate = config.sampleRate
  // These have no record that says it.
  if (isLegacySound(config.codec))
    context.channelLayout =
      config.channels === 1 ? constants.AV_CHANNEL_LAYOUT_MONO : constants.AV_CHANNEL_LAYOUT_STEREO
  // Opus: with its head the decoder would cut the pre-skip out of the middle of a live stream.
  if (config.codec === 'aac') context.extraData = bufferOf(config.description)
  if (context.open2Sync(codec, null) < 0) throw new Error(`The ${config.codec} decoder rejects this configuration`)
  return context
}

function decoderFor({ Codec, constants }: Library, codec: AudioCodec) {
  switch (codec) {
    case 'aac':
      return Codec.findDecoder(constants.AV_CODEC_ID_AAC)
    case 'opus':
      return Codec.findDecoderByName(constants.FF_DECODER_LIBOPUS)
    case 'mp3':
      return Codec.findDecoder(constants.AV_CODEC_ID_MP3)
    case 'pcma':
      return Codec.findDecoder(constants.AV_CODEC_ID_PCM_ALAW)
    case 'pcmu':
      return Codec.findDecoder(constants.AV_CODEC_ID_PCM_MULAW)
    case 'pcm':
      return Codec.findDecoder(constants.AV_CODEC_ID_PCM_S16LE)
    case 'adpcm':
      return Codec.findDecoder(constants.AV_CODEC_ID_ADPCM_SWF)
    case 'nellymoser':
      return Codec.findDecoder(constants.AV_CODEC_ID_NELLYMOSER)
    case 'speex':
      return Codec.findDecoder(constants.AV_CODEC_ID_SPEEX)
  }
}

/** FFmpeg's own way makes one channel louder and two quieter; it is kept only for more than two. */
function mixOf(from: number, to: number): number[] | undefined {
  if (from === 1 && to === 2) return [1, 1]
  return from === 2 && to === 1 ? [0.5, 0.5] : undefined
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function floats(bytes: Buffer, count: number): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, count)
}
