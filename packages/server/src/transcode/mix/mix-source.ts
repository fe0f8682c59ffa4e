import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock, EndReason, FrameSink, StreamHub, StreamKey } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { Channel } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'
import type { MixBeat } from './mix-beat.js'

/** A stream that is not there is waited for so long at a time. */
const WAIT: Micros = 600_000_000
/** After a failure of its decoder, and of the hub to wait, a source is tried again after so long. */
const RETRY: Micros = 1_000_000

export interface MixSourceOptions {
  readonly key: StreamKey
  readonly room: number
  /** Unique within the room. */
  readonly input: number
  readonly hub: StreamHub
  readonly process: CodecProcess
  readonly beat: MixBeat
  readonly clock: Clock
  readonly log: Log
}

/** The sound of one stream of the hub on its way to the mixes of a room, whether it is there, comes later or comes back. */
export class MixSource implements FrameSink {
  readonly kind = 'mix'
  readonly #options: MixSourceOptions
  #channel: Channel | undefined
  #isReady = false
  #cancelFind: () => void = () => undefined
  #unsubscribe: (() => void) | undefined
  #cancelRetry: (() => void) | undefined
  #isClosed = false

  constructor(options: MixSourceOptions) {
    this.#options = options
    this.#open()
    this.#find()
  }

  get input(): number {
    return this.#options.input
  }

  handleFrame(frame: MediaFrame): void {
    const channel = this.#channel
    if (frame.config.kind === 'audio' && this.#isReady && channel !== undefined) this.#options.beat.hold(channel, frame)
  }

  handleEnd(_reason: EndReason): void {
    this.#unsubscribe = undefined
    // From within a call of the stream, which is still in the hub: looked for a moment later.
    this.#cancelFind = this.#options.clock.after(0, () => this.#find())
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#cancelFind()
    this.#cancelRetry?.()
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#channel?.close()
  }

  #open(): void {
    const { room, input, process, clock, log, key } = this.#options
    this.#channel = process.open(
      { kind: 'mix-input', room, input },
      {
        handleReady: () => (this.#isReady = true),
        handleFrame: () => undefined,
        handleLost: () => (this.#isReady = false),
        handleFailed: (reason) => {
          log.warn({ stream: key.label, reason }, 'A source of a mix cannot be decoded')
          this.#isReady = false
          this.#channel?.close()
          this.#cancelRetry = clock.after(RETRY, () => this.#open())
        },
      },
    )
  }

  #find(): void {
    if (this.#isClosed) return
    const { hub, key } = this.#options
    this.#cancelFind = hub.find(key, WAIT, (stream) => {
      if (stream === undefined) this.#cancelFind = this.#options.clock.after(RETRY, () => this.#find())
      else this.#unsubscribe = stream.subscribe(this, 'live')
    })
  }
}
