import type { StreamKey } from '../../hub/index.js'

/** Where a stream of a room is published. */
export interface StreamPlace {
  /** Tag of the node. */
  readonly node: string
  /** Unix milliseconds. */
  readonly since: number
}

type Listener = (key: StreamKey, place: StreamPlace | undefined) => void

interface Known {
  /** Of the best layer. */
  readonly key: StreamKey
  readonly roomId: string
  readonly place: StreamPlace
}

/** The node of every stream of rooms that another node publishes. */
export class StreamPlaces {
  readonly #nowMs: () => number
  readonly #known = new Map<string, Known>()
  readonly #listeners = new Set<Listener>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  find({ name }: StreamKey): StreamPlace | undefined {
    return this.#known.get(name)?.place
  }

  /** Told when a stream appears on another node, moves or ends. The answer ends it. */
  observe(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** `node`: undefined when no other node publishes it. */
  set(roomId: string, key: StreamKey, node: string | undefined): void {
    const present = this.#known.get(key.name)
    if (present?.place.node === node) return
    const place = node === undefined ? undefined : { node, since: this.#nowMs() }
    if (place === undefined) this.#known.delete(key.name)
    else this.#known.set(key.name, { key, roomId, place })
    for (const listener of [...this.#listeners]) for (const each of [key, key.small]) listener(each, place)
  }
}
