import { isAudioFrame, type AudioConfig, type MediaFrame } from '@crossroom/media'
import type { AudioCodecs, AudioDecoder, HandleSamples } from './audio-codecs.js'
import type { Converter, Emit } from './converter.js'
import { silentAacSamples } from './mix/silent-aac.js'

/** -dBov of no sound at all (RFC 6464 section 3). */
const SILENT = 127

/** Answers frames of sound with their loudness and nothing else, except those that only prepare the next. */
export class LevelConverter implements Converter {
  readonly #codecs: AudioCodecs
  readonly #emit: Emit
  #decoder: AudioDecoder | undefined
  #config: AudioConfig | undefined
  #energy = 0
  #samples = 0

  /** Throws a sentence when each decoder is a separate program: that costs more than levels are worth. */
  constructor(codecs: AudioCodecs, emit: Emit) {
    if (!codecs.isImmediate) throw new Error('Only codecs inside the process measure loudness')
    this.#codecs = codecs
    this.#emit = emit
  }

  handleFrame(frame: MediaFrame, warmUp: boolean): void {
    if (!isAudioFrame(frame)) return
    if (frame.config !== this.#config) {
      this.close()
      this.#decoder = this.#codecs.createDecoder(frame.config, Math.min(2, frame.config.channels), this.#handleSamples)
      this.#config = frame.config
    }
    this.#energy = 0
    this.#samples = 0
    const isSilent = silentAacSamples(frame.config, frame.units[0]!) > 0
    if (!isSilent) this.#decoder?.decode(frame)
    if (warmUp || (!isSilent && this.#samples === 0)) return
    const level = isSilent ? SILENT : levelOf(this.#energy / this.#samples)
    this.#emit({ ...frame, units: [], audioLevel: level })
  }

  handleAdvance(): void {
    // No frame, no level.
  }

  handleKeyframeRequest(): void {
    // Sound has none.
  }

  close(): void {
    this.#decoder?.close()
    this.#decoder = undefined
  }

  /** The louder channel counts. */
  readonly #handleSamples: HandleSamples = (_pts, planes, count) => {
    let loudest = 0
    for (const plane of planes) {
      let energy = 0
      for (let index = 0; index < count; index++) energy += plane[index]! * plane[index]!
      loudest = Math.max(loudest, energy)
    }
    this.#energy += loudest
    this.#samples += count
  }
}

/** -dBov of a mean square of samples between -1 and 1. */
function levelOf(meanSquare: number): number {
  if (meanSquare <= 0) return SILENT
  return Math.max(0, Math.min(SILENT, Math.round(-10 * Math.log10(meanSquare))))
}
