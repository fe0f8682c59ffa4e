import {
  configFromJson,
  controlMessage,
  parseControl,
  parseFrameMessage,
  type CodecConfig,
  type WireMessage,
} from '@crossroom/media'
import { pullLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import { WatchedChild, type SpawnChild } from '../../jobs/index.js'
import type { FetchHandlers, Fetcher } from '../fetcher.js'
import { PULL_MESSAGE, type EngineReady, type FetchEnd, type FetchOrder, type RefusedTrack } from '../worker/orders.js'

export interface PullChildOptions {
  readonly clock: Clock
  readonly spawn: SpawnChild
  /** It has ended, and all of its fetches with it. */
  ended(reason: string): void
}

/** What a fetch in a child tells. */
export interface ChildFetchHandlers extends Omit<FetchHandlers, 'failed'> {
  failed(end: FetchEnd): void
}

interface Running {
  readonly handlers: ChildFetchHandlers
  readonly configs: [video: CodecConfig | undefined, audio: CodecConfig | undefined]
}

/** One pull child, watched by heartbeats: it ends when it hangs, and some seconds after its last fetch. */
export class PullChild {
  readonly #options: PullChildOptions
  readonly #child: WatchedChild
  readonly #running = new Map<number, Running>()
  #nextChannel = 0
  #why: string | undefined

  constructor(options: PullChildOptions) {
    this.#options = options
    this.#child = new WatchedChild({
      ...{ clock: options.clock, spawn: options.spawn, limits: pullLimits },
      ping: controlMessage(PULL_MESSAGE.ping, 0),
      message: (message) => this.#handleMessage(message),
      ended: (reason) => this.#handleExit(reason),
    })
  }

  /** How many more fetches it takes. */
  get free(): number {
    return pullLimits.perChild - this.#running.size
  }

  open(order: FetchOrder, handlers: ChildFetchHandlers): Fetcher {
    const channel = this.#nextChannel
    this.#nextChannel += 2
    this.#child.stay()
    this.#running.set(channel, { handlers, configs: [undefined, undefined] })
    this.#child.write(controlMessage(PULL_MESSAGE.open, channel, order))
    return {
      close: () => {
        if (!this.#running.delete(channel)) return
        this.#child.write(controlMessage(PULL_MESSAGE.close, channel))
        this.#lingerIfIdle()
      },
    }
  }

  /** Idempotent. */
  close(): void {
    this.#child.close()
  }

  #handleMessage(message: WireMessage): void {
    const { type, channel } = message
    if (type === PULL_MESSAGE.ready) this.#why = (parseControl(message) as EngineReady | undefined)?.why
    const running = this.#running.get(channel & ~1)
    if (running === undefined) return
    if (type === PULL_MESSAGE.frame) this.#handleFrame(running, message)
    else if (type === PULL_MESSAGE.config) running.configs[channel & 1] = configFromJson(parseControl(message))
    else if (type === PULL_MESSAGE.refused) running.handlers.refused(parseControl(message) as RefusedTrack)
    else if (type === PULL_MESSAGE.failed) {
      this.#running.delete(channel)
      this.#lingerIfIdle()
      running.handlers.failed(parseControl(message) as FetchEnd)
    }
  }

  #handleFrame({ handlers, configs }: Running, message: WireMessage): void {
    const config = configs[message.channel & 1]
    const frame = config && parseFrameMessage(message, config)
    if (frame === undefined) return
    const receivedAt = this.#options.clock.now()
    const { captureTime: age } = frame
    handlers.received(message.body.length)
    handlers.frame({ ...frame, receivedAt, ...(age === undefined ? {} : { captureTime: receivedAt + age }) })
  }

  #lingerIfIdle(): void {
    if (this.#running.size === 0) this.#child.linger()
  }

  #handleExit(reason: string): void {
    const running = [...this.#running.values()]
    this.#running.clear()
    this.#options.ended(reason)
    const message =
      this.#why === undefined
        ? `The pull process ended (${reason}).`
        : `Such sources need the optional package node-av, which cannot be loaded: ${this.#why}`
    for (const { handlers } of running) handlers.failed({ message, denied: this.#why !== undefined })
  }
}
