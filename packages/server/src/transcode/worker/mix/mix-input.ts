import { isAudioFrame, type AudioConfig, type MediaFrame, type Micros } from '@crossroom/media'
import type { AudioCodecs, AudioDecoder, HandleSamples } from '../audio-codecs.js'
import { Concealment } from '../concealment.js'
import { SampleFifo } from '../sample-fifo.js'
import { MIX_FRAME, MIX_HISTORY } from './mix-format.js'
import { PlayoutBuffer } from './playout-buffer.js'
import { silentAacSamples } from './silent-aac.js'
import { VoiceGate } from './voice-gate.js'

/** What a voice fades in over when it is heard again: 2.5 ms. */
const FADE_IN = 120

/** One source of a room's mixes: decoded once for all listeners. */
export class MixInput {
  readonly #codecs: AudioCodecs
  readonly #buffer = new PlayoutBuffer()
  readonly #gate = new VoiceGate()
  readonly #concealment = new Concealment(1)
  /** The last frames as they went into the mixes, the newest at the end. */
  readonly #frames = new SampleFifo(1)
  #decoder: AudioDecoder | undefined
  #config: AudioConfig | undefined
  #receivedAt: Micros = 0
  /** The newest frame was silence, so that nothing of it is left in the decoder: another one need not go through it. */
  #isSilent = false
  /** `closing`: its newest frame fades out. */
  #state: 'shut' | 'open' | 'closing' = 'shut'

  constructor(codecs: AudioCodecs) {
    this.#codecs = codecs
    this.#frames.pushSilence((MIX_HISTORY + 1) * MIX_FRAME)
  }

  /** Whether the newest frame is anything but silence. */
  get isHeard(): boolean {
    return this.#state !== 'shut'
  }

  /** Whether the member speaks. */
  get isSpeaking(): boolean {
    return this.#gate.isOpen
  }

  get level(): number {
    return this.#gate.level
  }

  get samples(): Float32Array {
    return this.#frames.plane(0)
  }

  /** Where the frame of `ago` frames before the newest begins in `samples`; valid until the next `advance`. */
  offsetOf(ago: number): number {
    return this.#frames.offset + (MIX_HISTORY - ago) * MIX_FRAME
  }

  /** Throws when there is no decoder for it. */
  handleFrame(frame: MediaFrame): void {
    if (!isAudioFrame(frame)) return
    if (frame.config !== this.#config) {
      this.#decoder?.close()
      this.#decoder = undefined
      this.#decoder = this.#codecs.createDecoder(frame.config, 1, this.#handleSamples)
      this.#config = frame.config
      this.#isSilent = false
    }
    this.#receivedAt = frame.receivedAt
    // A program behind a pipe may still have earlier frames.
    const silence = this.#codecs.isImmediate ? silentAacSamples(frame.config, frame.units[0]!) : 0
    if (silence > 0 && this.#isSilent) this.#buffer.pushSilence(silence, frame.receivedAt)
    else this.#decoder?.decode(frame)
    this.#isSilent = silence > 0
  }

  /**
   * When the newest sound came, and its jitter is over; 0 when its frames have another length than the mixes, and come at
   * another place of the beat each time.
   */
  get inStepAt(): Micros {
    return this.#buffer.isInStep ? this.#receivedAt + this.#buffer.jitter : 0
  }

  /** Takes the next frame out of the buffer, or what might have been. */
  advance(now: Micros): void {
    this.#frames.drop(MIX_FRAME)
    const offset = this.#frames.reserve(MIX_FRAME)
    const missing = this.#buffer.pull(this.samples, offset, now)
    const there = MIX_FRAME - missing
    if (there > 0) this.#concealment.handleSamples(this.#frames, offset, there)
    if (missing > 0) this.#concealment.fill(this.#frames, offset + there, missing)
    this.#gate.measure(this.samples, offset)
  }

  /** Decides on the newest frame: silence, or the voice, with an edge where it begins or ends. */
  decide(mayBeHeard: boolean): void {
    const { samples } = this
    const offset = this.offsetOf(0)
    const before = this.#state
    if (!mayBeHeard) this.#gate.shut()
    this.#state = this.#gate.isOpen ? 'open' : before === 'open' ? 'closing' : 'shut'
    if (this.#state === 'shut') {
      samples.fill(0, offset, offset + MIX_FRAME)
      this.#buffer.settle()
    } else if (this.#state === 'closing') {
      for (let index = 0; index < MIX_FRAME; index++) samples[offset + index]! *= 1 - (index + 1) / MIX_FRAME
    } else if (before !== 'open') {
      for (let index = 0; index < FADE_IN; index++) samples[offset + index]! *= index / FADE_IN
    }
  }

  close(): void {
    this.#decoder?.close()
    this.#decoder = undefined
  }

  readonly #handleSamples: HandleSamples = (_pts, planes, count) =>
    this.#buffer.push(planes[0]!, count, this.#receivedAt)
}
