import type { Stream, StreamHub, StreamKey } from '../../hub/index.js'

/** An entry found by its key; see `StreamLayer`. */
export interface KeyedLayer {
  readonly key: StreamKey
  open(): void
  handleOpened(stream: Stream): void
}

/** The layers of all members by their keys: each is notified when the hub opens its stream. */
export class StreamLayers {
  readonly #layers = new Map<string, KeyedLayer>()

  constructor(hub: StreamHub) {
    hub.observe({ opened: (stream) => this.#layers.get(stream.key.text)?.handleOpened(stream) })
  }

  /** The answer takes it out again. */
  add(layer: KeyedLayer): () => void {
    this.#layers.set(layer.key.text, layer)
    return () => {
      if (this.#layers.get(layer.key.text) === layer) this.#layers.delete(layer.key.text)
    }
  }

  get(key: StreamKey): KeyedLayer | undefined {
    return this.#layers.get(key.text)
  }
}
