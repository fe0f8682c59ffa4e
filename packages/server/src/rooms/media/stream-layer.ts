import type { Clock, Stream, StreamHub, StreamKey, Withheld } from '../../hub/index.js'
import type { RoomChanges } from './room-changes.js'
import type { StreamLayers } from './stream-layers.js'
import { StreamMonitor, type MonitorHandlers } from './stream-monitor.js'

export interface StreamLayerOptions {
  readonly hub: StreamHub
  readonly layers: StreamLayers
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

/**
 * One key of a member's stream. The hub has no stream for it before its first publisher or player; from then on it is
 * held and monitored for the whole membership.
 */
export class StreamLayer {
  readonly key: StreamKey
  readonly #options: StreamLayerOptions
  readonly #forgetKey: () => void
  #held: Held | undefined
  #withheld: Withheld = { audio: false, video: false }

  constructor(options: StreamLayerOptions) {
    this.key = options.key
    this.#options = options
    this.#forgetKey = options.layers.add(this)
    const present = options.hub.get(options.key)
    if (present !== undefined) this.handleOpened(present)
  }

  /** Undefined before its first publisher or player. */
  get stream(): Stream | undefined {
    return this.#held?.stream
  }

  /** There with the stream. */
  get monitor(): StreamMonitor | undefined {
    return this.#held?.monitor
  }

  /** Lets a player wait for it before it is published. */
  open(): void {
    if (this.#held === undefined) this.#options.hub.open(this.key)
  }

  withhold(kinds: Withheld): void {
    this.#withheld = kinds
    this.stream?.withhold(kinds)
  }

  /** Called before the first publish, so that no withheld media gets through. */
  handleOpened(stream: Stream): void {
    const { clock, changes, handlers } = this.#options
    const release = stream.hold()
    const monitor = new StreamMonitor(stream, clock, changes, { ...handlers, taken: () => this.#handleTaken() })
    const unwatch = stream.watch(monitor)
    stream.withhold(this.#withheld)
    this.#held = { stream, monitor, release, unwatch }
  }

  /** It may no longer be published or played. */
  close(): void {
    const stream = this.#letGo()
    stream?.end('kicked')
  }

  /** It is published on another node from now on, and its players stay. Whoever holds it then does so already. */
  release(): void {
    const stream = this.#letGo()
    if (stream?.publication?.info.isCopy !== true) stream?.kickPublisher()
  }

  #letGo(): Stream | undefined {
    this.#forgetKey()
    if (this.#held === undefined) return undefined
    const { stream, monitor, release, unwatch } = this.#held
    this.#held = undefined
    unwatch()
    monitor.close()
    release()
    return stream
  }

  /** An operator ended it, for its publisher and players. It may be published again, but withheld media stays withheld. */
  #handleTaken(): void {
    this.#held = undefined
    this.#options.changes.changed('list')
  }
}
