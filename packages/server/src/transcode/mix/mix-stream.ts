import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock } from '../../hub/clock.js'
import type { Publication, PublicationEnd, Stream } from '../../hub/stream.js'
import type { StreamHub } from '../../hub/stream-hub.js'
import type { StreamKey } from '../../hub/stream-key.js'
import type { Log } from '../../observe/log.js'
import type { Channel } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'
import type { MixBeat } from './mix-beat.js'

/** A mix that nobody plays is looked at this often, and ends at the second look that finds nobody. */
const LOOK: Micros = 2_500_000
const LOOKS = 2
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
  /** Called once, when it ended by itself: nobody plays it any more, or the hub has ended it. */
  readonly onIdle: () => void
}

/** One mix in the hub, from its first listener until some seconds after its last. */
export class MixStream {
  readonly #options: MixStreamOptions
  readonly #stream: Stream
  #inputs: readonly number[]
  #publication: Publication | undefined
  #channel: Channel | undefined
  #emptyLooks = 0
  #cancelLook: () => void
  #cancelRetry: () => void = () => undefined
  #isClosed = false

  constructor(options: MixStreamOptions) {
    this.#options = options
    this.#inputs = options.inputs
    this.#stream = options.hub.open(options.key)
    this.#publish()
    this.#open()
    this.#cancelLook = this.#lookLater()
  }

  update(inputs: readonly number[]): void {
    this.#inputs = inputs
    this.#channel?.update({ kind: 'mix-output', room: this.#options.room, inputs })
  }

  /** Idempotent; the stream ends for whoever plays it. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelLook()
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
    this.#options.onIdle()
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
          log.warn({ stream: key, reason }, 'A mix cannot be made')
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

  #lookLater(): () => void {
    return this.#options.clock.after(LOOK, () => {
      this.#emptyLooks = this.#stream.subscribers === 0 ? this.#emptyLooks + 1 : 0
      if (this.#emptyLooks < LOOKS) {
        this.#cancelLook = this.#lookLater()
        return
      }
      this.close()
      this.#options.onIdle()
    })
  }
}
