import type { Micros } from '@crossroom/media'
import type { SessionLimits } from './session-limits.js'

const MICROS_PER_MILLISECOND = 1000
const MISSED_ALLOWED = 2

/** When to send `room.ping`, and when its silence means that the socket is dead. Anything that arrives is a sign of life. */
export class Heartbeat {
  readonly #limits: SessionLimits
  #interval: Micros = 0
  #missed = 0
  #nextAt: Micros | undefined

  constructor(limits: SessionLimits) {
    this.#limits = limits
  }

  get nextAt(): Micros | undefined {
    return this.#nextAt
  }

  /** Of the last server; 0 before the first. */
  get interval(): Micros {
    return this.#interval
  }

  start(now: Micros, heartbeatMs: number): void {
    const { minHeartbeatMicros, maxHeartbeatMicros } = this.#limits
    this.#interval = Math.min(maxHeartbeatMicros, Math.max(minHeartbeatMicros, heartbeatMs * MICROS_PER_MILLISECOND))
    this.#missed = 0
    this.#nextAt = now + this.#interval
  }

  stop(): void {
    this.#nextAt = undefined
  }

  heard(): void {
    this.#missed = 0
  }

  /** The action due at `now`. */
  takeDue(now: Micros): 'ping' | 'dead' | undefined {
    if (this.#nextAt === undefined || now < this.#nextAt) return undefined
    if (this.#missed >= MISSED_ALLOWED) return 'dead'
    // Timers that stood still: the socket may have died long ago, and two more heartbeats are too long to find out.
    const wasAsleep = now - this.#nextAt > this.#interval
    this.#missed = wasAsleep ? MISSED_ALLOWED : this.#missed + 1
    this.#nextAt = now + (wasAsleep ? Math.min(this.#limits.probeMicros, this.#interval) : this.#interval)
    return 'ping'
  }
}
