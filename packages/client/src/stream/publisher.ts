import type { StreamAddress } from './source.js'
import { retryAfterMs, type PublishFailure } from './publish-failure.js'
import type { SentReading } from './sender-stats.js'
import type { PublishSession, SessionEvents, Tracks } from './whip-session.js'

/** What the publisher does. */
export type PublishState =
  | { readonly kind: 'idle' }
  /** `again`: why it is not the first attempt. */
  | { readonly kind: 'connecting'; readonly again?: PublishFailure }
  | { readonly kind: 'live' }
  | { readonly kind: 'waiting'; readonly failure: PublishFailure; readonly retryInMs: number }
  | { readonly kind: 'stopped'; readonly failure: PublishFailure }

/** Begins a session. `tracks` is asked when the offer is made. */
export type OpenSession = (address: StreamAddress, tracks: () => Tracks, events: SessionEvents) => PublishSession

const CONNECT_MS = 10_000

/** Publishes one stream, and comes back under the same name when the connection breaks. */
export class Publisher {
  readonly #open: OpenSession
  readonly #tracks: () => Tracks
  readonly #changed: (state: PublishState) => void
  #state: PublishState = { kind: 'idle' }
  #address: StreamAddress | undefined
  #session: PublishSession | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #wasLive = false
  #round = 0
  #lastFailure: PublishFailure | undefined
  /** Counts attempts, so that a session that was given up cannot speak any more. */
  #attempt = 0

  constructor(open: OpenSession, tracks: () => Tracks, changed: (state: PublishState) => void) {
    this.#open = open
    this.#tracks = tracks
    this.#changed = changed
  }

  get state(): PublishState {
    return this.#state
  }

  /** True from `start` until `stop` or a failure that is final. */
  get isActive(): boolean {
    return this.#state.kind !== 'idle' && this.#state.kind !== 'stopped'
  }

  start(address: StreamAddress): void {
    this.#letGo()
    this.#address = address
    this.#wasLive = false
    this.#round = 0
    this.#lastFailure = undefined
    this.#try()
  }

  /** Tries now instead of later, if it waits. */
  hurry(): void {
    if (this.#state.kind === 'waiting') this.#try()
  }

  /** Sends another track from now on. */
  replace(kind: 'video' | 'audio', track: MediaStreamTrack | undefined): void {
    this.#session?.replace(kind, track)
  }

  /** Leaves. With a failure it says why. Idempotent. */
  stop(failure?: PublishFailure): void {
    this.#letGo()
    this.#set(failure === undefined ? { kind: 'idle' } : { kind: 'stopped', failure })
  }

  async sample(): Promise<SentReading | undefined> {
    return this.#session?.sample()
  }

  #try(): void {
    this.#letGo()
    const attempt = this.#attempt
    const again = this.#lastFailure
    const failed = (failure: PublishFailure): void => {
      if (attempt === this.#attempt) this.#fail(failure)
    }
    this.#set({ kind: 'connecting', ...(again === undefined ? {} : { again }) })
    this.#timer = setTimeout(() => failed({ reason: 'timeout' }), CONNECT_MS)
    this.#session = this.#open(this.#address!, this.#tracks, {
      connected: () => {
        if (attempt === this.#attempt) this.#handleConnected()
      },
      failed,
    })
  }

  #handleConnected(): void {
    clearTimeout(this.#timer)
    this.#wasLive = true
    this.#round = 0
    this.#lastFailure = undefined
    if (this.#state.kind !== 'live') this.#set({ kind: 'live' })
  }

  #fail(failure: PublishFailure): void {
    const retryInMs = retryAfterMs(failure, this.#wasLive, this.#round)
    this.#letGo()
    if (retryInMs === undefined) return this.#set({ kind: 'stopped', failure })
    this.#round++
    this.#lastFailure = failure
    this.#set({ kind: 'waiting', failure, retryInMs })
    this.#timer = setTimeout(() => this.#try(), retryInMs)
  }

  #letGo(): void {
    this.#attempt++
    clearTimeout(this.#timer)
    this.#session?.close()
    this.#session = undefined
  }

  #set(state: PublishState): void {
    this.#state = state
    this.#changed(state)
  }
}
