import {
  configToJson,
  controlMessage,
  frameMessage,
  parseControl,
  type CodecConfig,
  type MediaFrame,
  type WireMessage,
} from '@crossroom/media'
import { pushLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import { WatchedChild, type SpawnChild } from '../../jobs/index.js'
import {
  PUSH_MESSAGE,
  type EngineReady,
  type RelayOpened,
  type RelayOrder,
  type SendEnd,
  type SendOrder,
  type SendTotals,
} from '../worker/orders.js'

export interface PushChildOptions {
  readonly clock: Clock
  readonly spawn: SpawnChild
  /** It has ended, and all of its outputs with it. */
  ended(reason: string): void
}

/** What an output in a child tells. */
export interface ChildOutputHandlers {
  opened(): void
  totals(totals: SendTotals): void
  failed(end: SendEnd): void
}

/** One output of a child. */
export interface ChildOutput {
  /** The child takes no more now. */
  readonly isFull: boolean
  send(frame: MediaFrame): void
  /** The port of this machine that leads to that address; rejects when there is none. */
  relay(target: RelayOrder): Promise<number>
  /** Idempotent. */
  close(): void
}

interface Running {
  readonly handlers: ChildOutputHandlers
  readonly configs: Map<CodecConfig['kind'], CodecConfig>
  relayed: ((opened: RelayOpened) => void) | undefined
}

/** One push child, and the outputs in it. */
export class PushChild {
  readonly #options: PushChildOptions
  readonly #child: WatchedChild
  readonly #running = new Map<number, Running>()
  #nextChannel = 0
  #why: string | undefined

  constructor(options: PushChildOptions) {
    this.#options = options
    this.#child = new WatchedChild({
      ...{ clock: options.clock, spawn: options.spawn, limits: pushLimits },
      ping: controlMessage(PUSH_MESSAGE.ping, 0),
      message: (message) => this.#handleMessage(message),
      ended: (reason) => this.#handleExit(reason),
    })
  }

  /** How many more outputs it takes. */
  get free(): number {
    return pushLimits.perChild - this.#running.size
  }

  open(order: SendOrder, handlers: ChildOutputHandlers): ChildOutput {
    const channel = this.#nextChannel
    this.#nextChannel += 2
    const running: Running = { handlers, configs: new Map(), relayed: undefined }
    const child = this.#child
    child.stay()
    this.#running.set(channel, running)
    child.write(controlMessage(PUSH_MESSAGE.open, channel, order))
    return {
      get isFull() {
        return child.waitingBytes > pushLimits.childQueueBytes
      },
      send: (frame) => this.#send(channel, running, frame),
      relay: (target) =>
        new Promise((resolve, reject) => {
          running.relayed = ({ port }) =>
            port === undefined ? reject(new Error('The target cannot be reached by UDP.')) : resolve(port)
          child.write(controlMessage(PUSH_MESSAGE.relay, channel, target))
        }),
      close: () => {
        if (!this.#running.delete(channel)) return
        child.write(controlMessage(PUSH_MESSAGE.close, channel))
        this.#lingerIfIdle()
      },
    }
  }

  /** Idempotent. */
  close(): void {
    this.#child.close()
  }

  #send(channel: number, running: Running, frame: MediaFrame): void {
    if (this.#running.get(channel) !== running) return
    const { config } = frame
    const at = config.kind === 'video' ? channel : channel + 1
    if (running.configs.get(config.kind) !== config) {
      running.configs.set(config.kind, config)
      this.#child.write(controlMessage(PUSH_MESSAGE.config, at, configToJson(config)))
    }
    const message = frameMessage(at, frame)
    if (message !== undefined) this.#child.write(message)
  }

  #handleMessage(message: WireMessage): void {
    const { type, channel } = message
    if (type === PUSH_MESSAGE.ready) this.#why = (parseControl(message) as EngineReady | undefined)?.why
    const running = this.#running.get(channel)
    if (running === undefined) return
    const { handlers } = running
    if (type === PUSH_MESSAGE.relayed) running.relayed?.(parseControl(message) as RelayOpened)
    else if (type === PUSH_MESSAGE.opened) handlers.opened()
    else if (type === PUSH_MESSAGE.totals) handlers.totals(parseControl(message) as SendTotals)
    else if (type === PUSH_MESSAGE.failed) {
      this.#running.delete(channel)
      this.#lingerIfIdle()
      handlers.failed(parseControl(message) as SendEnd)
    }
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
        ? `The push process ended (${reason}).`
        : `Such targets need the optional package node-av, which cannot be loaded: ${this.#why}`
    for (const { handlers } of running) handlers.failed({ message, denied: this.#why !== undefined })
  }
}
