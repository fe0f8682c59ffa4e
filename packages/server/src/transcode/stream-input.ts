import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock, EndReason, FrameSink, StreamHub, StreamKey } from '../hub/index.js'
import type { Log } from '../observe/index.js'
import type { Channel, ChannelOrder } from './channel.js'
import type { CodecProcess } from './codec-process.js'

/** A stream that is not there is waited for so long at a time. */
const WAIT: Micros = 600_000_000
/** After a failure of its decoder, and of the hub to wait, a source is tried again after so long. */
const RETRY: Micros = 1_000_000

export interface StreamInputOptions {
  readonly key: StreamKey
  readonly order: ChannelOrder
  /** See `FrameSink`; also what is decoded of it, and from where on. */
  readonly kind: 'mix' | 'composite'
  readonly process: CodecProcess
  readonly hub: StreamHub
  readonly clock: Clock
  readonly log: Log
  /** Passes a frame of that kind on to the codec process, at once or later. */
  readonly send: (channel: Channel, frame: MediaFrame) => void
}

/** A stream of the hub on its way to a codec process, whether it is there, comes later or comes back. */
export class StreamInput implements FrameSink {
  readonly #options: StreamInputOptions
  #channel: Channel | undefined
  #isReady = false
  #cancelFind: () => void = () => undefined
  #unsubscribe: (() => void) | undefined
  #cancelRetry: (() => void) | undefined
  #isClosed = false

  constructor(options: StreamInputOptions) {
    this.#options = options
    this.#open()
    this.#find()
  }

  get kind(): string {
    return this.#options.kind
  }

  handleFrame(frame: MediaFrame): void {
    const [channel, wanted] = [this.#channel, this.#options.kind === 'mix' ? 'audio' : 'video']
    if (frame.config.kind === wanted && this.#isReady && channel !== undefined) this.#options.send(channel, frame)
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
    const { order, process, clock, log, key } = this.#options
    this.#channel = process.open(order, {
      handleReady: () => this.#handleReady(),
      handleFrame: () => undefined,
      handleLost: () => (this.#isReady = false),
      handleFailed: (reason) => {
        log.warn({ stream: key.label, reason }, 'A source cannot be decoded')
        this.#isReady = false
        this.#channel?.close()
        this.#cancelRetry = clock.after(RETRY, () => this.#open())
      },
    })
  }

  #handleReady(): void {
    this.#isReady = true
    // Pictures are decoded from a keyframe on, and this decoder has seen none.
    if (this.#options.kind === 'mix' || this.#unsubscribe === undefined) return
    this.#unsubscribe()
    this.#unsubscribe = undefined
    this.#find()
  }

  #find(): void {
    if (this.#isClosed) return
    const { hub, key, kind, clock } = this.#options
    this.#cancelFind()
    this.#cancelFind = hub.find(key, WAIT, (stream) => {
      if (stream === undefined) {
        this.#cancelFind = clock.after(RETRY, () => this.#find())
        return
      }
      const isPicture = kind === 'composite'
      const hasStart = stream.cachedFrames.some(({ config, keyframe }) => config.kind === 'video' && keyframe)
      this.#unsubscribe = stream.subscribe(this, isPicture ? 'gop' : 'live')
      if (isPicture && !hasStart) stream.requestKeyframe()
    })
  }
}
