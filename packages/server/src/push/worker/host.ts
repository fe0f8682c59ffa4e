import {
  configFromJson,
  controlMessage,
  parseControl,
  parseFrameMessage,
  type CodecConfig,
  type WireMessage,
} from '@crossroom/media'
import type { Library } from '../../jobs/worker/library.js'
import type { WorkerPipe } from '../../jobs/worker/run-worker.js'
import { PUSH_MESSAGE, type RelayOpened, type RelayOrder, type SendOrder } from './orders.js'
import { Output } from './output.js'

const TOTALS_MS = 1000

interface Running {
  readonly output: Output
  readonly configs: [video: CodecConfig | undefined, audio: CodecConfig | undefined]
}

/** The outputs of one push child: messages in, messages out. */
export class PushHost {
  readonly #library: Library
  readonly #pipe: WorkerPipe
  readonly #running = new Map<number, Running>()

  constructor(library: Library, pipe: WorkerPipe) {
    this.#library = library
    this.#pipe = pipe
    setInterval(() => this.#tellTotals(), TOTALS_MS)
  }

  readonly handleMessage = (message: WireMessage): void => {
    const { type, channel } = message
    if (type === PUSH_MESSAGE.ping) this.#pipe.write(controlMessage(PUSH_MESSAGE.pong, 0))
    else if (type === PUSH_MESSAGE.open) this.#open(channel, parseControl(message) as SendOrder)
    else if (type === PUSH_MESSAGE.close) this.#close(channel)
    else if (type === PUSH_MESSAGE.relay) void this.#relay(channel, parseControl(message) as RelayOrder)
    else if (type === PUSH_MESSAGE.config) {
      const running = this.#running.get(channel & ~1)
      if (running !== undefined) running.configs[channel & 1] = configFromJson(parseControl(message))
    } else if (type === PUSH_MESSAGE.frame) this.#handleFrame(message)
  }

  #open(channel: number, order: SendOrder): void {
    this.#close(channel)
    const tell = (type: number, content?: unknown): void => this.#pipe.write(controlMessage(type, channel, content))
    const output = new Output(this.#library, order, {
      opened: () => tell(PUSH_MESSAGE.opened, {}),
      failed: (end) => {
        tell(PUSH_MESSAGE.totals, this.#running.get(channel)?.output.totals)
        this.#running.delete(channel)
        tell(PUSH_MESSAGE.failed, end)
      },
    })
    this.#running.set(channel, { output, configs: [undefined, undefined] })
  }

  async #relay(channel: number, order: RelayOrder): Promise<void> {
    const port = await this.#running.get(channel)?.output.relay(order)
    const opened: RelayOpened = port === undefined ? {} : { port }
    this.#pipe.write(controlMessage(PUSH_MESSAGE.relayed, channel, opened))
  }

  #close(channel: number): void {
    this.#running.get(channel)?.output.close()
    this.#running.delete(channel)
  }

  #handleFrame(message: WireMessage): void {
    const running = this.#running.get(message.channel & ~1)
    const config = running?.configs[message.channel & 1]
    const frame = config && parseFrameMessage(message, config)
    if (frame !== undefined) running?.output.push(frame)
  }

  #tellTotals(): void {
    for (const [channel, { output }] of this.#running)
      this.#pipe.write(controlMessage(PUSH_MESSAGE.totals, channel, output.totals))
  }
}
