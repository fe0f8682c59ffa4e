import type { AudioConfig } from '@crossroom/media'
import type { AudioCodecs, AudioEncoder } from '../audio-codecs.js'
import { SampleFifo } from '../sample-fifo.js'
import { MIX_FRAME, MIX_HISTORY } from './mix-format.js'
import type { MixInput } from './mix-input.js'
import { addFrame, bendPeaks, subtractFrame } from './mix-limiter.js'

/** Takes a coded frame; `position` counts the room's samples. */
export type HandleMixed = (position: number, bytes: Uint8Array) => void

/** Bits per second: what LiteAV's own "high" microphone sends, and twice what a voice needs. */
const BITRATE = 64_000

/** One sum of voices on its way to AAC, for everybody who hears just these. */
export class MixEncoder {
  readonly #encoder: AudioEncoder
  readonly #fifo = new SampleFifo(1)
  /** The room's position of this encoder's first sample. */
  readonly #start: number
  #encoded = 0

  /** `next`: the room's position of the frame that is to be encoded first, unless the encoder is primed. */
  constructor(codecs: AudioCodecs, next: number, primed: readonly MixInput[] | undefined, handle: HandleMixed) {
    const history = primed === undefined ? 0 : MIX_HISTORY
    this.#start = next - history * MIX_FRAME
    const bitrate = { mono: BITRATE, stereo: BITRATE }
    const order = { kind: 'audio', to: 'aac', bitrate, forwardErrorCorrection: false } as const
    this.#encoder = codecs.createEncoder(order, 1, (position, bytes) => handle(this.#start + position, bytes))
    if (primed === undefined) return
    for (let ago = MIX_HISTORY; ago > 0; ago--) this.#encode(primed, ago)
  }

  get config(): AudioConfig {
    return this.#encoder.config
  }

  /** Encodes the newest frames of `voices`: `sum` without `others`, which has these and no more, where that is less work. */
  encode(voices: readonly MixInput[], others: readonly MixInput[], sum: Float32Array): void {
    if (voices.length <= others.length + 1) {
      this.#encode(voices, 0)
      return
    }
    const fifo = this.#fifo
    const offset = fifo.reserve(MIX_FRAME)
    const plane = fifo.plane(0)
    plane.set(sum, offset)
    for (const other of others) subtractFrame(other.samples, other.offsetOf(0), plane, offset)
    this.#finish(plane, offset, voices.length)
  }

  close(): void {
    this.#encoder.close()
  }

  /** Encodes the sum of the frames of `ago` frames before the newest. */
  #encode(voices: readonly MixInput[], ago: number): void {
    const fifo = this.#fifo
    const offset = fifo.reserve(MIX_FRAME)
    const plane = fifo.plane(0)
    plane.fill(0, offset, offset + MIX_FRAME)
    for (const voice of voices) addFrame(voice.samples, voice.offsetOf(ago), plane, offset)
    this.#finish(plane, offset, voices.length)
  }

  #finish(plane: Float32Array, offset: number, voices: number): void {
    if (voices > 1) bendPeaks(plane, offset)
    this.#encoder.encode(this.#encoded, this.#fifo)
    this.#encoded += MIX_FRAME
    this.#fifo.drop(MIX_FRAME)
  }
}
