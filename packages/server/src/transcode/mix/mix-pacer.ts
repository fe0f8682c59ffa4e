import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock } from '../../hub/clock.js'
import type { Channel } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'

/** From one mix to the next: a frame of AAC. */
const BEAT: Micros = (1024 * 1_000_000) / 48_000
/** What comes later than this before the next mix is for the one after: the way to the other process, and its timer. */
const AHEAD: Micros = 4_000
/** Frames of one beat come one after the other. */
const SAME_BEAT: Micros = BEAT / 2
/** Without a mix for so long there is no beat to wait for. */
const LOST: Micros = 2 * BEAT

/**
 * Holds the sound of all sources back until shortly before the codec process mixes again, and hands it over in one piece:
 * each frame by itself would wake that process up, eight times as often and for nothing. It knows the beat from the mixes.
 */
export class MixPacer {
  readonly #process: CodecProcess
  readonly #clock: Clock
  #waiting: { readonly channel: Channel; readonly frame: MediaFrame }[] = []
  #beatAt: Micros = -Infinity
  #cancel: () => void = () => undefined

  constructor(process: CodecProcess, clock: Clock) {
    this.#process = process
    this.#clock = clock
  }

  send(channel: Channel, frame: MediaFrame): void {
    if (this.#clock.now() - this.#beatAt > LOST) {
      this.#flush()
      channel.send(frame)
    } else this.#waiting.push({ channel, frame })
  }

  /** A mix has come. */
  beat(): void {
    const now = this.#clock.now()
    if (now - this.#beatAt < SAME_BEAT) return
    this.#beatAt = now
    this.#cancel()
    this.#cancel = this.#clock.after(BEAT - AHEAD, () => this.#flush())
  }

  #flush(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#process.together(() => {
      for (const { channel, frame } of waiting) channel.send(frame)
    })
  }
}
