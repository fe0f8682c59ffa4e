import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock, Publication, PublicationEnd, Stream, StreamHub, StreamKey } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { Channel } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'
import type { MixBeat } from './mix-beat.js'

/** After a failure of its encoder a mix is tried again after so long. */
const RETRY: Micros = 1_000_000

export interface MixStreamOptions {
  readonly key: StreamKey
  readonly room: number
  /** The inputs of the room that are in it. */
  readonly inputs: readonly number[]
  readonly hub: StreamHub
  readonly process: CodecProcess
  readonly beat: MixBeat
  readonly clock: Clock
  readonly log: Log
  /** Called once, when the hub has ended it. */
  readonly onEnded: () => void
}

/** One mix in the hub, while it has listeners. */
export class MixStream {
  readonly #options: MixStreamOptions
  readonly #stream: Stream
  #inputs: readonly number[]
  #publication: Publication | undefined
  #channel: Channel | undefined
  #cancelRetry: () => void = () => undefined
  #isClosed = false

  constructor(options: MixStreamOptions) {
    this.#options = options
    this.#inputs = options.inputs
    this.#stream = options.hub.open(options.key)
    this.#publish()
    this.#open()
  }

  update(inputs: readonly number[]): void {
    this.#inputs = inputs
    this.#channel?.update({ kind: 'mix-output', room: this.#options.room, inputs })
  }

  /** Idempotent; ends the stream for its players. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelRetry()
    this.#channel?.close()
    this.#publication?.end()
    this.#stream.end('ended')
  }

  #publish(): void {
    const { key } = this.#options
    this.#publication = this.#stream.publish({
      id: key.label,
      protocol: 'transcode',
      remoteAddress: '',
      hasServerTime: true,
      onClose: (reason) => this.#handleClosed(reason),
    })
  }

  #handleClosed(reason: PublicationEnd): void {
    this.#publication = undefined
    // Silent: the codecs were away for longer than the hub waits; the next frame publishes again.
    if (reason === 'silent' || this.#isClosed) return
    this.close()
    this.#options.onEnded()
  }

  #open(): void {
    const { room, process, clock, log, key } = this.#options
    this.#channel = process.open(
      { kind: 'mix-output', room, inputs: this.#inputs },
      {
        handleReady: () => undefined,
        handleFrame: (frame) => this.#handleFrame(frame),
        handleLost: () => undefined,
        handleFailed: (reason) => {
          log.warn({ stream: key.label, reason }, 'A mix cannot be made')
          this.#channel?.close()
          this.#cancelRetry = clock.after(RETRY, () => this.#open())
        },
      },
    )
  }

  #handleFrame(frame: MediaFrame): void {
    if (this.#isClosed) return
    this.#options.beat.follow(frame.receivedAt)
    if (this.#publication === undefined) this.#publish()
    this.#publication?.push({ ...frame, receivedAt: this.#options.clock.now() })
  }
}
