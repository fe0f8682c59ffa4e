import { fetchLimits } from '../config/index.js'
import type { Clock } from './clock.js'
import type { StreamResolver } from './resolver.js'
import type { StreamKey } from './stream-key.js'

interface Fetch {
  readonly resolver: StreamResolver
  /** `asked`: the resolver has not answered yet. */
  state: 'asked' | 'refused' | 'pending' | 'published'
  cancelDeadline: (() => void) | undefined
  cancelLinger: (() => void) | undefined
}

/**
 * The streams that resolvers fetch as long as there is demand: one resolver at a time for each. Every fetch ends once,
 * by the resolver's `giveUp` or our `release`.
 */
export class Fetches {
  readonly #clock: Clock
  readonly #onGivenUp: (key: StreamKey) => void
  readonly #resolvers: StreamResolver[] = []
  readonly #fetches = new Map<string, { readonly key: StreamKey; readonly fetch: Fetch }>()

  /** `onGivenUp`: no resolver could fetch it, and waiting players wait in vain. */
  constructor(clock: Clock, onGivenUp: (key: StreamKey) => void) {
    this.#clock = clock
    this.#onGivenUp = onGivenUp
  }

  add(resolver: StreamResolver): void {
    this.#resolvers.push(resolver)
  }

  has(key: StreamKey): boolean {
    return this.#fetches.has(key.text)
  }

  /** It is fetched, and has not come yet. */
  isPending(key: StreamKey): boolean {
    return this.#fetches.get(key.text)?.fetch.state === 'pending'
  }

  /** There is demand for the stream, which has no publisher or is already being fetched. */
  want(key: StreamKey): void {
    const present = this.#fetches.get(key.text)?.fetch
    if (present === undefined) this.#askFrom(0, key)
    else {
      present.cancelLinger?.()
      present.cancelLinger = undefined
    }
  }

  /** The demand has ended. */
  unwant(key: StreamKey): void {
    const fetch = this.#fetches.get(key.text)?.fetch
    if (fetch === undefined) return
    fetch.cancelLinger ??= this.#clock.after(fetchLimits.lingerMicros, () => this.#release(key, fetch))
  }

  /** The stream has a publisher now. */
  published(key: StreamKey): void {
    const fetch = this.#fetches.get(key.text)?.fetch
    if (fetch === undefined) return
    fetch.state = 'published'
    fetch.cancelDeadline?.()
    fetch.cancelDeadline = undefined
  }

  close(): void {
    for (const { key, fetch } of [...this.#fetches.values()]) this.#release(key, fetch)
  }

  #askFrom(place: number, key: StreamKey): void {
    for (const [index, resolver] of this.#resolvers.entries()) {
      if (index < place) continue
      const fetch: Fetch = { resolver, state: 'asked', cancelDeadline: undefined, cancelLinger: undefined }
      this.#fetches.set(key.text, { key, fetch })
      const isFetched = resolver.resolve(key, () => this.#giveUp(key, fetch, index))
      // It may have published, or have given up, within the call.
      if (isFetched && fetch.state !== 'refused') {
        if (fetch.state === 'asked') this.#expect(key, fetch, index)
        return
      }
      this.#forget(key, fetch)
    }
  }

  #expect(key: StreamKey, fetch: Fetch, index: number): void {
    fetch.state = 'pending'
    fetch.cancelDeadline = this.#clock.after(fetchLimits.deadlineMicros, () => {
      this.#release(key, fetch)
      this.#askNext(key, index)
    })
  }

  #giveUp(key: StreamKey, fetch: Fetch, index: number): void {
    if (this.#fetches.get(key.text)?.fetch !== fetch) return
    if (fetch.state === 'asked') {
      fetch.state = 'refused'
      return
    }
    const isWanted = fetch.cancelLinger === undefined
    this.#forget(key, fetch)
    if (isWanted) this.#askNext(key, index)
  }

  #askNext(key: StreamKey, index: number): void {
    this.#askFrom(index + 1, key)
    if (!this.has(key)) this.#onGivenUp(key)
  }

  #release(key: StreamKey, fetch: Fetch): void {
    this.#forget(key, fetch)
    fetch.resolver.release(key)
  }

  #forget(key: StreamKey, fetch: Fetch): void {
    fetch.cancelDeadline?.()
    fetch.cancelLinger?.()
    if (this.#fetches.get(key.text)?.fetch === fetch) this.#fetches.delete(key.text)
  }
}
