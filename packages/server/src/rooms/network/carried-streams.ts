import type { StreamHub, StreamKey } from '../../hub/index.js'

/**
 * Streams of members here that another node publishes for them: a phone whose signaling is here pushes there. They are pulled
 * as long as they are published, because what lists say of them is seen on them.
 */
export class CarriedStreams {
  readonly #hub: StreamHub
  readonly #pulls = new Map<string, () => void>()

  constructor(hub: StreamHub) {
    this.#hub = hub
  }

  /** Those, and no other. */
  set(keys: ReadonlyMap<string, StreamKey>): void {
    for (const [name, stop] of [...this.#pulls]) if (!keys.has(name)) stop()
    for (const [name, key] of keys) if (!this.#pulls.has(name)) this.#pull(name, key)
  }

  #pull(name: string, key: StreamKey): void {
    const forget = (): void => void this.#pulls.delete(name)
    const sink = { kind: 'member', handleFrame: () => undefined, handleEnd: forget }
    const leave = this.#hub.open(key).subscribe(sink, 'live')
    this.#pulls.set(name, () => {
      forget()
      leave()
    })
    this.#hub.recheck(key)
  }
}
