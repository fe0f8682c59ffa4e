import type { Micros } from '@crossroom/media'

/** Minimum interval of requests for one stream, from all viewers together (threat W8). */
export const MIN_REQUEST_INTERVAL: Micros = 500_000
/** Viewers that join or lost a frame are served by one keyframe a second: each costs the publisher picture quality. */
export const MIN_VIEWER_REQUEST_INTERVAL: Micros = 1_000_000
/** A stream begins with a keyframe: only when it has not come after this time is one asked for. */
const PATIENCE_AT_START: Micros = 300_000

/** When to ask a sender for a keyframe: at once, but seldom, and again until it comes. */
export class KeyframeRequest {
  #lossSince: Micros | undefined
  #viewerSince: Micros | undefined
  #requestedAt: Micros = -Infinity
  #hadKeyframe = false

  /**
   * The stream cannot go on without a keyframe, from `now` on, which may lie ahead; says so as often as it likes. `isComing`: nothing speaks
   * against the first one being on its way.
   */
  needForLoss(now: Micros, isComing: boolean): void {
    const since = isComing && !this.#hadKeyframe ? now + PATIENCE_AT_START : now
    if (this.#lossSince === undefined || since < this.#lossSince) this.#lossSince = since
  }

  /** The missing packets arrived after all. */
  noLoss(): void {
    this.#lossSince = undefined
  }

  /** A viewer needs a keyframe. */
  needForViewer(now: Micros): void {
    this.#viewerSince ??= now
  }

  /** A keyframe arrived, at `arrivedAt`. A viewer that needs a later one will repeat its request. */
  onKeyframe(): void {
    this.#hadKeyframe = true
    this.#lossSince = undefined
    this.#viewerSince = undefined
  }

  /** The path to the sender changed: a request may have been lost on the old one and is repeated immediately. */
  pathChanged(): void {
    this.#requestedAt = -Infinity
  }

  /** When `take` will return true; undefined without a pending request. */
  dueAt(): Micros | undefined {
    const forLoss =
      this.#lossSince === undefined ? Infinity : Math.max(this.#lossSince, this.#requestedAt + MIN_REQUEST_INTERVAL)
    const forViewer =
      this.#viewerSince === undefined
        ? Infinity
        : Math.max(this.#viewerSince, this.#requestedAt + MIN_VIEWER_REQUEST_INTERVAL)
    const due = Math.min(forLoss, forViewer)
    return due === Infinity ? undefined : due
  }

  /** True when a request is to be sent now, which is taken for sent. */
  take(now: Micros): boolean {
    const due = this.dueAt()
    if (due === undefined || now < due) return false
    this.#requestedAt = now
    return true
  }
}
