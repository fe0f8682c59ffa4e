import type { NetworkProbe, ProbeOutcome } from './network-probe.js'

/** The recovery of stalled media. */
export interface WayFinderOptions {
  readonly probe: Pick<NetworkProbe, 'run'>
  /** The server answers: new ways are looked for between here and there. */
  readonly restart: () => void
  /** It is not alive: the machine has another network, and the socket must reconnect. */
  readonly networkChanged: () => void
}

/** A way takes a moment to carry something: what stands still meanwhile tells nothing, and a second attempt would end the first. */
const SETTLE_MS = 1_500
/** A doubt that came to nothing is not followed by another one at once: each asks the server. */
const DOUBT_AGAIN_MS = 5_000
/** An answer tells of the standstill that it was asked for, and not of the next one. */
const ANSWER_HOLDS_MS = 1_000

/** Finds out why media stands still, and what to do: asks the server as soon as there is a doubt, acts when there is none. */
export class WayFinder {
  readonly #options: WayFinderOptions
  #asked: Promise<ProbeOutcome> | undefined
  #askedAtMs = -Infinity
  #doubtNotBefore = -Infinity
  #actNotBefore = -Infinity
  #isDeciding = false
  #closed = false

  constructor(options: WayFinderOptions) {
    this.#options = options
  }

  /** Something is late: asks, so that the answer is there when it turns out to be lost. */
  doubted(nowMs: number): void {
    if (nowMs < this.#doubtNotBefore || nowMs < this.#actNotBefore) return
    this.#doubtNotBefore = nowMs + DOUBT_AGAIN_MS
    this.#asked = this.#options.probe.run()
    this.#askedAtMs = nowMs
  }

  /** No data arrived for too long. */
  async stalled(nowMs: number): Promise<void> {
    if (this.#isDeciding || nowMs < this.#actNotBefore) return
    this.#isDeciding = true
    const asked = nowMs - this.#askedAtMs < ANSWER_HOLDS_MS ? this.#asked : undefined
    const outcome = await (asked ?? this.#options.probe.run())
    this.#isDeciding = false
    this.#asked = undefined
    if (this.#closed || outcome === 'failed') return
    this.settle(performance.now())
    if (outcome === 'answered') this.#options.restart()
    else this.#options.networkChanged()
  }

  /** New ways are looked for, for whatever reason. */
  settle(nowMs: number): void {
    this.#asked = undefined
    this.#actNotBefore = nowMs + SETTLE_MS
    this.#doubtNotBefore = nowMs + SETTLE_MS
  }

  /** The pending question is obsolete. Idempotent. */
  close(): void {
    this.#closed = true
  }
}
