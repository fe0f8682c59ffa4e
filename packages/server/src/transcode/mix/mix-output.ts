import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { Channel } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'
import type { MixBeat } from './mix-beat.js'

/** After a failure of its encoder a mix is tried again after so long. */
const RETRY: Micros = 1_000_000

export interface MixOutputOptions {
  readonly room: number
  /** The inputs of the room that are in it. */
  readonly inputs: readonly number[]
  readonly process: CodecProcess
  readonly beat: MixBeat
  readonly clock: Clock
  readonly log: Log
  /** For logs. */
  readonly label: string
  readonly onFrame: (frame: MediaFrame) => void
}

/** One mix as the codec process makes it, through its failures. */
export class MixOutput {
  readonly #options: MixOutputOptions
  #inputs: readonly number[]
  #channel: Channel | undefined
  #cancelRetry: () => void = () => undefined
  #isClosed = false

  constructor(options: MixOutputOptions) {
    this.#options = options
    this.#inputs = options.inputs
    this.#open()
  }

  update(inputs: readonly number[]): void {
    this.#inputs = inputs
    this.#channel?.update({ kind: 'mix-output', room: this.#options.room, inputs })
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelRetry()
    this.#channel?.close()
  }

  #open(): void {
    const { room, process, clock, log, label } = this.#options
    this.#channel = process.open(
      { kind: 'mix-output', room, inputs: this.#inputs },
      {
        handleReady: () => undefined,
        handleFrame: (frame) => this.#handleFrame(frame),
        handleLost: () => undefined,
        handleFailed: (reason) => {
          log.warn({ stream: label, reason }, 'A mix cannot be made')
          this.#channel?.close()
          this.#cancelRetry = clock.after(RETRY, () => this.#open())
        },
      },
    )
  }

  #handleFrame(frame: MediaFrame): void {
    if (this.#isClosed) return
    this.#options.beat.follow(frame.receivedAt)
    this.#options.onFrame({ ...frame, receivedAt: this.#options.clock.now() })
  }
}
