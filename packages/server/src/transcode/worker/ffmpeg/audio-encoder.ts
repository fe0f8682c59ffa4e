import {
  audioConfigFromAac,
  audioConfigFromOpusHead,
  buildAudioSpecificConfig,
  buildOpusHead,
  parseAdtsFrame,
  type AudioConfig,
} from '@crossroom/media'
import type { AudioOrder } from '../../catalog.js'
import { OUTPUT_RATE, type AudioEncoder, type HandlePacket } from '../audio-codecs.js'
import type { Fail } from '../converter.js'
import type { SampleFifo } from '../sample-fifo.js'
import { OggReader } from './ogg.js'
import { FfmpegProgram } from './program.js'

const BYTES_PER_SAMPLE = 4
/** AAC-LC (ISO/IEC 14496-3 table 1.17). */
const LOW_COMPLEXITY = 2
/** Samples by which the encoders' output lags: libopus 6.5 ms, FFmpeg's AAC one frame. */
const DELAY = { opus: 312, aac: 1024 } as const
const FRAME_SIZE = { opus: 960, aac: 1024 } as const

/** Encodes through a pipe; coded frames are counted, each is one frame of samples. */
export class FfmpegAudioEncoder implements AudioEncoder {
  readonly config: AudioConfig
  readonly frameSize: number
  readonly delay: number
  readonly #handle: HandlePacket
  readonly #program: FfmpegProgram
  #packets = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(order: AudioOrder, channels: number, handle: HandlePacket, fail: Fail) {
    this.#handle = handle
    this.frameSize = FRAME_SIZE[order.to]
    this.delay = DELAY[order.to]
    const bitrate = channels === 1 ? order.bitrate.mono : order.bitrate.stereo
    this.config = configOf(order, channels, bitrate, this.frameSize)
    const ogg = new OggReader((packet) => this.#handlePacket(packet))
    const args = [
      ...['-probesize', '32', '-analyzeduration', '1'],
      ...['-f', 'f32le', '-ar', String(OUTPUT_RATE), '-ac', String(channels), '-i', 'pipe:0'],
      ...(order.to === 'opus' ? opusArguments(order) : ['-c:a', 'aac', '-aac_coder', 'fast']),
      ...['-b:a', String(bitrate), '-flush_packets', '1'],
      ...(order.to === 'opus' ? ['-page_duration', '20000', '-f', 'ogg'] : ['-f', 'adts']),
      'pipe:1',
    ]
    const read = order.to === 'opus' ? (chunk: Buffer) => ogg.push(chunk) : (chunk: Buffer) => this.#readAdts(chunk)
    this.#program = new FfmpegProgram(args, read, fail)
  }

  encode(_position: number, fifo: SampleFifo): void {
    const { frameSize } = this
    const piece = Buffer.allocUnsafe(frameSize * fifo.channels * BYTES_PER_SAMPLE)
    for (let channel = 0; channel < fifo.channels; channel++) {
      const plane = fifo.plane(channel)
      for (let index = 0; index < frameSize; index++) {
        piece.writeFloatLE(plane[fifo.offset + index]!, (index * fifo.channels + channel) * BYTES_PER_SAMPLE)
      }
    }
    this.#program.write(piece)
  }

  close(): void {
    this.#program.close()
  }

  #handlePacket(bytes: Uint8Array): void {
    this.#handle(this.#packets++ * this.frameSize - this.delay, bytes)
  }

  #readAdts(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    let offset = 0
    for (let frame = parseAdtsFrame(bytes); frame !== undefined; frame = parseAdtsFrame(bytes, offset)) {
      this.#handlePacket(new Uint8Array(bytes.subarray(frame.start, frame.end)))
      offset = frame.end
    }
    this.#rest = bytes.subarray(offset)
  }
}

function opusArguments(order: AudioOrder): string[] {
  const repair = order.forwardErrorCorrection ? ['-fec', '1', '-packet_loss', '5'] : []
  return ['-c:a', 'libopus', '-application', 'audio', '-frame_duration', '20', '-compression_level', '7', ...repair]
}

function configOf(order: AudioOrder, channels: number, bitrate: number, samplesPerFrame: number): AudioConfig {
  const config =
    order.to === 'opus'
      ? audioConfigFromOpusHead(buildOpusHead({ channels, preSkip: DELAY.opus, inputSampleRate: OUTPUT_RATE }), {
          bitrate,
        })
      : audioConfigFromAac(buildAudioSpecificConfig(LOW_COMPLEXITY, OUTPUT_RATE, channels), { bitrate })
  if (config === undefined) throw new Error(`No ${order.to} of ${String(channels)} channels`)
  return { ...config, samplesPerFrame }
}
