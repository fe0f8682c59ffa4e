import type { Clock, Stream, StreamHub, Withheld } from '../hub/index.js'
import { StreamMonitor, type MonitorHandlers } from './stream-monitor.js'

/** One key of a member's stream: held in the hub as long as the member is there, and watched. */
export class StreamLayer {
  readonly key: string
  readonly stream: Stream
  readonly monitor: StreamMonitor
  readonly #release: () => void
  readonly #unwatch: () => void

  constructor(hub: StreamHub, clock: Clock, key: string, handlers: MonitorHandlers) {
    this.key = key
    this.stream = hub.open(key)
    this.#release = this.stream.hold()
    this.monitor = new StreamMonitor(this.stream, clock, handlers)
    this.#unwatch = this.stream.watch(this.monitor)
  }

  withhold(kinds: Withheld): void {
    this.stream.withhold(kinds)
  }

  /** Nobody may publish it or play it any more. */
  close(): void {
    this.#unwatch()
    this.monitor.handleEnd()
    this.#release()
    this.stream.end('kicked')
  }
}
