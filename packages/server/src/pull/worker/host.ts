import {
  configToJson,
  controlMessage,
  frameMessage,
  parseControl,
  type CodecConfig,
  type MediaFrame,
  type WireMessage,
} from '@crossroom/media'
import { Fetch } from './fetch.js'
import type { Library } from '../../jobs/worker/library.js'
import type { WorkerPipe } from '../../jobs/worker/run-worker.js'
import { PULL_MESSAGE, type FetchOrder } from './orders.js'

interface Running {
  readonly fetch: Fetch
  readonly configs: Map<CodecConfig['kind'], CodecConfig>
  /** Frames were left out: video goes on with a keyframe. */
  isBehind: boolean
}

/** The fetches of one pull child: messages in, messages out. */
export class PullHost {
  readonly #library: Library
  readonly #pipe: WorkerPipe
  readonly #running = new Map<number, Running>()

  constructor(library: Library, pipe: WorkerPipe) {
    this.#library = library
    this.#pipe = pipe
  }

  readonly handleMessage = (message: WireMessage): void => {
    const { type, channel } = message
    if (type === PULL_MESSAGE.ping) this.#pipe.write(controlMessage(PULL_MESSAGE.pong, 0))
    else if (type === PULL_MESSAGE.open) this.#open(channel, parseControl(message) as FetchOrder)
    else if (type === PULL_MESSAGE.close) this.#close(channel)
  }

  #open(channel: number, order: FetchOrder): void {
    this.#close(channel)
    const tell = (type: number, content: unknown): void => this.#pipe.write(controlMessage(type, channel, content))
    const fetch = new Fetch(this.#library, order, {
      frame: (frame) => this.#emit(channel, frame),
      refused: (track) => tell(PULL_MESSAGE.refused, track),
      failed: (end) => {
        this.#running.delete(channel)
        tell(PULL_MESSAGE.failed, end)
      },
    })
    this.#running.set(channel, { fetch, configs: new Map(), isBehind: false })
  }

  #close(channel: number): void {
    this.#running.get(channel)?.fetch.close()
    this.#running.delete(channel)
  }

  #emit(channel: number, frame: MediaFrame): void {
    const running = this.#running.get(channel)
    if (running === undefined) return
    const { config, keyframe } = frame
    const { kind } = config
    // A server that does not read must not fill the memory here; what it missed would be late anyway.
    if (this.#pipe.isFull) running.isBehind = true
    if (running.isBehind && (kind === 'audio' || !keyframe || this.#pipe.isFull)) return
    running.isBehind = false
    const at = kind === 'video' ? channel : channel + 1
    if (running.configs.get(kind) !== config) {
      running.configs.set(kind, config)
      this.#pipe.write(controlMessage(PULL_MESSAGE.config, at, configToJson(config)))
    }
    const message = frameMessage(at, frame)
    if (message !== undefined) this.#pipe.write(message)
  }
}
