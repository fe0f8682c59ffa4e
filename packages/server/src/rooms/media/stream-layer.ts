import type { Clock, Stream, StreamHub, StreamKey, Withheld } from '../../hub/index.js'
import type { RoomChanges } from './room-changes.js'
import { StreamMonitor, type MonitorHandlers } from './stream-monitor.js'

export interface StreamLayerOptions {
  readonly hub: StreamHub
  readonly clock: Clock
  readonly key: StreamKey
  readonly changes: RoomChanges
  readonly handlers: Omit<MonitorHandlers, 'taken'>
}

/** The hub's stream while it is held. */
interface Held {
  readonly stream: Stream
  readonly monitor: StreamMonitor
  readonly release: () => void
  readonly unwatch: () => void
}

/** One key of a member's stream: held in the hub as long as the member is there, and watched. */
export class StreamLayer {
  readonly key: StreamKey
  readonly #options: StreamLayerOptions
  #held: Held
  #withheld: Withheld = { audio: false, video: false }
  #cancelHold: (() => void) | undefined

  constructor(options: StreamLayerOptions) {
    this.key = options.key
    this.#options = options
    this.#held = this.#hold()
  }

  get stream(): Stream {
    return this.#held.stream
  }

  get monitor(): StreamMonitor {
    return this.#held.monitor
  }

  withhold(kinds: Withheld): void {
    this.#withheld = kinds
    this.stream.withhold(kinds)
  }

  /** It may no longer be published or played. */
  close(): void {
    this.#cancelHold?.()
    const { stream, monitor, release, unwatch } = this.#held
    unwatch()
    monitor.close()
    release()
    stream.end('kicked')
  }

  #hold(): Held {
    const { hub, clock, changes, handlers } = this.#options
    const stream = hub.open(this.key)
    const release = stream.hold()
    const monitor = new StreamMonitor(stream, clock, changes, { ...handlers, taken: () => this.#handleTaken() })
    const unwatch = stream.watch(monitor)
    stream.withhold(this.#withheld)
    return { stream, monitor, release, unwatch }
  }

  /**
   * An operator ended it, for its publisher and players. It may be published again, but withheld media stays withheld.
   */
  #handleTaken(): void {
    // The hub still lists the ending stream.
    const { clock, changes } = this.#options
    this.#cancelHold = clock.after(0, () => {
      this.#held = this.#hold()
      changes.changed('list')
    })
  }
}
