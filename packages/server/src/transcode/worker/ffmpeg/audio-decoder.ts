import {
  isLegacySound,
  opusPacketSamples,
  samplesOfLegacySound,
  type AudioConfig,
  type AudioFrame,
  type Micros,
} from '@crossroom/media'
import { OUTPUT_RATE, type AudioDecoder, type HandleSamples } from '../audio-codecs.js'
import type { Fail } from '../converter.js'
import { flvHead, flvTag } from './flv-input.js'
import { OggWriter } from './ogg.js'
import { FfmpegProgram } from './program.js'

const BYTES_PER_SAMPLE = 4
/** A hole in the input of at least this (s) is filled by ffmpeg itself, so that the count of samples stays right. */
const HOLE_SECONDS = '0.015'

interface Stamp {
  /** Samples at the output rate before this frame, and the frame's time. */
  readonly start: number
  readonly pts: Micros
}

/**
 * Decodes through a pipe. Samples carry no time there, so they are counted: ffmpeg is given a time line without holes
 * and fills what a broken frame leaves, and the frames' own stamps are looked up by sample.
 */
export class FfmpegAudioDecoder implements AudioDecoder {
  readonly #program: FfmpegProgram
  readonly #handle: HandleSamples
  readonly #channels: number
  readonly #ogg: OggWriter | undefined
  readonly #stamps: Stamp[] = []
  /** Samples given and taken; the first may be a fraction, for 1024 samples at 44.1 kHz are. */
  #given = 0
  #taken = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(config: AudioConfig, channels: number, handle: HandleSamples, fail: Fail) {
    this.#handle = handle
    this.#channels = channels
    this.#ogg = config.codec === 'opus' ? new OggWriter() : undefined
    const filter = `aresample=${String(OUTPUT_RATE)}:async=1:min_hard_comp=${HOLE_SECONDS}:first_pts=0`
    const args = [
      ...['-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '1'],
      ...['-threads', '1', '-f', this.#ogg === undefined ? 'flv' : 'ogg', '-i', 'pipe:0'],
      ...['-af', filter, '-ac', String(channels), '-f', 'f32le', '-flush_packets', '1', 'pipe:1'],
    ]
    this.#program = new FfmpegProgram(args, (chunk) => this.#handleChunk(chunk), fail)
    this.#program.write(this.#ogg?.head(config) ?? flvHead(config))
  }

  decode(frame: AudioFrame): void {
    const start = this.#given
    const end = start + samplesOf(frame)
    const nominal = Math.round((start * 1e6) / OUTPUT_RATE)
    const piece =
      this.#ogg?.packet(frame.units[0]!, Math.round(end)) ?? flvTag({ ...frame, pts: nominal, dts: nominal })
    if (!this.#program.write(piece)) return
    this.#given = end
    this.#stamps.push({ start: Math.round(start), pts: frame.pts })
  }

  close(): void {
    this.#program.close()
  }

  #handleChunk(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const frameBytes = this.#channels * BYTES_PER_SAMPLE
    let offset = 0
    for (let count = Math.floor(bytes.length / frameBytes); count > 0;) {
      const block = Math.min(count, this.#untilNextStamp())
      const planes = deinterleave(bytes, offset, block, this.#channels)
      const { start, pts } = this.#stamps[0] ?? { start: this.#taken, pts: 0 }
      const at = pts + Math.round(((this.#taken - start) * 1e6) / OUTPUT_RATE)
      this.#taken += block
      this.#handle(at, planes, block)
      offset += block * frameBytes
      count -= block
    }
    this.#rest = bytes.subarray(offset)
  }

  /** Samples that still belong to the first stamp; makes the stamp of the next sample the first. */
  #untilNextStamp(): number {
    while (this.#stamps.length > 1 && this.#stamps[1]!.start <= this.#taken) this.#stamps.shift()
    const next = this.#stamps[1]
    return next === undefined ? Infinity : next.start - this.#taken
  }
}

/** Samples at the output rate. */
function samplesOf({ config, units }: AudioFrame): number {
  if (config.codec === 'opus') return opusPacketSamples(units[0]!) ?? 0
  const samples = isLegacySound(config.codec) ? samplesOfLegacySound(config, units[0]!) : config.samplesPerFrame
  return (samples * OUTPUT_RATE) / config.sampleRate
}

function deinterleave(bytes: Buffer, offset: number, count: number, channels: number): Float32Array[] {
  const planes = Array.from({ length: channels }, () => new Float32Array(count))
  let next = offset
  for (let index = 0; index < count; index++) {
    for (const plane of planes) {
      plane[index] = bytes.readFloatLE(next)
      next += BYTES_PER_SAMPLE
    }
  }
  return planes
}
