import type { MediaFrame } from '@crossroom/media'
import { pullLimits } from '../config/index.js'
import type { Clock, Publication, TrackRefusal } from '../hub/index.js'
import { retryDelayMs } from '../jobs/index.js'
import type { Log } from '../observe/index.js'
import { shownAddress, withoutSecrets, type PullAddress } from './address.js'
import type { FetchFailure, Fetcher, FetchOptions, OpenFetcher } from './fetcher.js'

const RETRY = { firstMs: pullLimits.retryFirstMs, maxMs: pullLimits.retryMaxMs }
const DENIED_RETRY = { firstMs: pullLimits.deniedFirstMs, maxMs: pullLimits.deniedMaxMs }

/** Where a pull publishes, for one attempt: a plain stream, or a member of a room. */
export interface PullTarget {
  /** Asks for permission before anything is fetched; answers a sentence when there is none. */
  ask(): Promise<string | undefined>
  /** Takes the stream at the first frame; answers a sentence when it has another publisher. */
  take(): string | undefined
  readonly publication: Publication | undefined
  /** Idempotent. */
  close(): void
}

export interface PullServices {
  readonly clock: Clock
  readonly log: Log
  readonly openFetcher: OpenFetcher
  /** 0 to 1, 1 excluded. */
  readonly random: () => number
}

export type PullState = 'connecting' | 'live' | 'waiting'

export interface PullOptions extends FetchOptions {
  readonly id: string
  /** A target of one attempt. `ended`: the server took the stream away. */
  readonly newTarget: (bytes: () => number, ended: (failure: FetchFailure) => void) => PullTarget
}

/** What the next attempts wait for, and why. */
interface Attempt {
  readonly target: PullTarget
  fetcher: Fetcher | undefined
  cancelWatch: (() => void) | undefined
  lastFrameAt: number
  liveSince: number | undefined
  bytes: number
}

/**
 * Fetches one stream while it is started: connects, publishes from the first frame on, notices a source that is silent, and
 * tries again after a pause that grows.
 */
export class Pull {
  readonly address: PullAddress
  readonly #options: PullOptions
  readonly #services: PullServices
  #attempt: Attempt | undefined
  #isStarted = false
  /** In a row. */
  #failures = 0
  #failed = 0
  #cancelRetry: (() => void) | undefined
  #error: string | undefined
  #bytes = 0

  constructor(options: PullOptions, services: PullServices) {
    this.#options = options
    this.#services = services
    this.address = options.address
  }

  get state(): PullState {
    if (this.#attempt === undefined) return 'waiting'
    return this.#attempt.target.publication === undefined ? 'connecting' : 'live'
  }

  /** Why it is not live, as a sentence without secrets. */
  get error(): string | undefined {
    return this.#error
  }

  get bytesIn(): number {
    return this.#bytes + (this.#attempt?.bytes ?? 0)
  }

  /** Attempts that failed or ended since the pull was made. */
  get failed(): number {
    return this.#failed
  }

  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#failures = 0
    void this.#begin()
  }

  /** Idempotent. */
  stop(): void {
    this.#isStarted = false
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#end()
  }

  async #begin(): Promise<void> {
    const { address, transport, timeoutMs, newTarget } = this.#options
    const target = newTarget(
      () => attempt.bytes,
      (failure) => this.#handleFailure(attempt, failure),
    )
    const attempt: Attempt = {
      target,
      ...{ fetcher: undefined, cancelWatch: undefined, lastFrameAt: 0, liveSince: undefined, bytes: 0 },
    }
    this.#attempt = attempt
    const refusal = await target.ask()
    if (this.#attempt !== attempt) return target.close()
    if (refusal !== undefined) return this.#handleFailure(attempt, { message: refusal, denied: true })
    attempt.lastFrameAt = this.#services.clock.listened()
    this.#watch(attempt)
    attempt.fetcher = this.#services.openFetcher(
      { address, transport, timeoutMs },
      {
        frame: (frame) => this.#handleFrame(attempt, frame),
        received: (bytes) => (attempt.bytes += bytes),
        refused: (track) => this.#handleRefused(attempt, track),
        failed: (failure) => this.#handleFailure(attempt, failure),
      },
    )
  }

  #handleFrame(attempt: Attempt, frame: MediaFrame): void {
    if (this.#attempt !== attempt) return
    attempt.lastFrameAt = this.#services.clock.listened()
    const { target } = attempt
    if (target.publication === undefined) {
      const refusal = target.take()
      if (refusal !== undefined) return this.#handleFailure(attempt, { message: refusal, denied: true })
      attempt.liveSince = attempt.lastFrameAt
      this.#error = undefined
    }
    target.publication?.push(frame)
  }

  #handleRefused({ target }: Attempt, { kind, code, reason }: TrackRefusal): void {
    const refusals = target.publication?.refusals
    if (refusals === undefined || refusals.get(kind)?.code === code) return
    refusals.set(kind, { kind, code, reason })
    this.#services.log.warn({ pull: this.#options.id, kind, code, reason }, 'A pulled track is not carried')
  }

  /** A source that is silent says nothing about it: the only sign is that frames stay away. */
  #watch(attempt: Attempt): void {
    const { clock } = this.#services
    const { timeoutMs } = this.#options
    const rest = attempt.lastFrameAt + timeoutMs * 1000 - clock.listened()
    if (rest <= 0) return this.#handleFailure(attempt, { message: `No frame came for ${String(timeoutMs)} ms.` })
    attempt.cancelWatch = clock.after(rest, () => this.#watch(attempt))
  }

  #handleFailure(attempt: Attempt, { message, denied = false }: FetchFailure): void {
    if (this.#attempt !== attempt) return
    this.#end()
    const { liveSince, lastFrameAt } = attempt
    const wasSteady = liveSince !== undefined && lastFrameAt - liveSince >= pullLimits.steadyMicros
    this.#failures = wasSteady ? 1 : this.#failures + 1
    this.#failed += 1
    const error = withoutSecrets(message, this.address)
    if (error !== this.#error)
      this.#services.log.warn({ pull: this.#options.id, url: shownAddress(this.address), error }, 'A pull failed')
    this.#error = error
    if (this.#isStarted) this.#retry(denied)
  }

  #retry(denied: boolean): void {
    const { clock, random } = this.#services
    const pauseMs = retryDelayMs(this.#failures, denied ? DENIED_RETRY : RETRY, random)
    this.#cancelRetry = clock.after(pauseMs * 1000, () => {
      this.#cancelRetry = undefined
      void this.#begin()
    })
  }

  #end(): void {
    const attempt = this.#attempt
    this.#attempt = undefined
    if (attempt === undefined) return
    attempt.cancelWatch?.()
    attempt.fetcher?.close()
    this.#bytes += attempt.bytes
    attempt.target.close()
  }
}
