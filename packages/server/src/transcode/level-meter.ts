import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock } from '../hub/index.js'
import type { Log } from '../observe/index.js'
import type { Channel } from './channel.js'
import type { CodecProcess } from './codec-process.js'

/** How often sound is looked at: levels are told four times a second. */
const EVERY: Micros = 125_000
/** Frames per measurement: a restarted decoder is correct from the second one on. */
const FRAMES = 2
/** After a failure of its decoder a sound is not measured for so long. */
const RETRY: Micros = 30_000_000

export interface LevelMeterOptions {
  /** The codec process for sound. */
  readonly process: CodecProcess
  readonly clock: Clock
  readonly log: Log
}

/** Measures sound that comes without its level; see `SoundMeter` of the rooms, which this fits by shape. */
export class LevelMeter {
  readonly #options: LevelMeterOptions

  constructor(options: LevelMeterOptions) {
    this.#options = options
  }

  open(hear: (level: number) => void): LevelSource | undefined {
    return this.#options.process.state === 'off' ? undefined : new LevelSource(this.#options, hear)
  }
}

/** The audio of one stream to be measured: two of each six frames; only a number returns. */
export class LevelSource {
  readonly #options: LevelMeterOptions
  readonly #hear: (level: number) => void
  #channel: Channel | undefined
  #nextAt: Micros = -Infinity
  #framesLeft = 0
  #retryAt: Micros = -Infinity
  #closed = false

  constructor(options: LevelMeterOptions, hear: (level: number) => void) {
    this.#options = options
    this.#hear = hear
  }

  measure(frame: MediaFrame): void {
    if (frame.receivedAt >= this.#nextAt) {
      this.#nextAt = frame.receivedAt + EVERY
      this.#framesLeft = FRAMES
    }
    if (this.#framesLeft === 0 || this.#closed) return
    this.#framesLeft--
    this.#channel ??= this.#open()
    this.#channel?.send(frame, this.#framesLeft > 0)
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true
    this.#channel?.close()
    this.#channel = undefined
  }

  #open(): Channel | undefined {
    const { process, clock, log } = this.#options
    if (clock.now() < this.#retryAt) return undefined
    return process.open(
      { kind: 'level' },
      {
        handleReady: () => undefined,
        handleFrame: ({ audioLevel }) => {
          if (audioLevel !== undefined && !this.#closed) this.#hear(audioLevel)
        },
        handleLost: () => undefined,
        handleFailed: (reason) => {
          log.info({ reason }, 'The audio level of a track cannot be measured')
          this.#retryAt = clock.now() + RETRY
          this.#channel?.close()
          this.#channel = undefined
        },
      },
    )
  }
}
