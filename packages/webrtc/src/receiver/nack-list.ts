import type { Micros } from '@crossroom/media'

/** How long a hole may be mere reordering: nothing is asked for before. */
export const REORDER_DELAY: Micros = 10_000

/**
 * Requests per packet. With 30 % loss in both directions one round succeeds 49 times in 100, so twelve rounds leave
 * 0.51^12 = 0.03 % of the losses; in practice more, because senders ignore requests within their own estimate of a
 * round trip. Usually the jitter buffer gives up first.
 */
export const MAX_NACK_TRIES = 20

/** Missing packets followed at once: four seconds of 1 Mbit/s. A longer hole is an outage: a keyframe mends it, not NACKs. */
export const MAX_MISSING_PACKETS = 512

/** Senders keep what they sent for about three seconds: nothing before a longer silence comes back. */
const MAX_OUTAGE: Micros = 3_000_000

/** A round trip is not known better than this; it also bounds how often a packet is asked for. */
const MIN_RETRY_INTERVAL: Micros = 25_000
/** Added to the round trip before a packet is asked for again: the sender's pacer. */
export const RETRY_MARGIN: Micros = 10_000

/** Requests for one packet after which a sender that has never answered any is believed to answer none. */
const VAIN_TRIES = 2

interface MissingPacket {
  tries: number
  /** When it may be asked for (again). */
  dueAt: Micros
  requestedAt: Micros
}

/** Which packets of one stream are missing and when to ask for them (RFC 4585 section 6.2.1). Sequence numbers are unwrapped. */
export class NackList {
  readonly #missing = new Map<number, MissingPacket>()
  #highest: number | undefined
  #lastAt: Micros = 0
  #isHopeless = false
  #isAnswered = false
  #isVain = false
  /** No packet is due before; exact after `takeDue`, else perhaps too early. */
  #dueAt: Micros = Infinity

  /** Whether requested packets arrive: `never` after several requests without success. */
  get answers(): 'known' | 'unknown' | 'never' {
    if (this.#isAnswered) return 'known'
    return this.#isVain ? 'never' : 'unknown'
  }

  /** Packets asked for and not given up. */
  get size(): number {
    return this.#missing.size
  }

  /**
   * Takes note of a packet. Returns how long ago it was asked for when it answers its first request, which is a sample of the round
   * trip time; else undefined.
   */
  received(sequence: number, now: Micros): Micros | undefined {
    const highest = this.#highest
    if (highest === undefined || sequence > highest) {
      this.#highest = sequence
      if (highest !== undefined) this.#addHole(highest + 1, sequence, now)
      this.#lastAt = now
      return undefined
    }
    const packet = this.#missing.get(sequence)
    if (packet === undefined) return undefined
    this.#missing.delete(sequence)
    if (packet.tries > 0) this.#isAnswered = true
    return packet.tries === 1 ? now - packet.requestedAt : undefined
  }

  #addHole(from: number, to: number, now: Micros): void {
    if (this.#missing.size + to - from > MAX_MISSING_PACKETS || (to > from && now > this.#lastAt + MAX_OUTAGE)) {
      this.#missing.clear()
      this.#isHopeless = true
      return
    }
    const dueAt = now + REORDER_DELAY
    for (let sequence = from; sequence < to; sequence++)
      this.#missing.set(sequence, { tries: 0, dueAt, requestedAt: 0 })
    if (to > from) this.#dueAt = Math.min(this.#dueAt, dueAt)
  }

  /** True, once, after a hole that no request can fill: it is not to be waited for. */
  takeHopeless(): boolean {
    const isHopeless = this.#isHopeless
    this.#isHopeless = false
    return isHopeless
  }

  /** Stops asking for packets before `sequence`: they came too late or were given up. */
  forgetBefore(sequence: number): void {
    for (const missing of this.#missing.keys()) {
      // Holes are added in ascending order, so the first that is kept ends the search.
      if (missing >= sequence) return
      if (this.#missing.get(missing)!.tries >= VAIN_TRIES) this.#isVain = true
      this.#missing.delete(missing)
    }
  }

  /** Restarts: the stream restarted with other numbers. */
  clear(): void {
    this.#missing.clear()
    this.#highest = undefined
  }

  /** Appends the 16-bit sequence numbers to ask for now, at most `limit`, and counts the try. */
  takeDue(now: Micros, roundTrip: Micros, limit: number, out: number[]): void {
    if (now < this.#dueAt) return
    const retryAt = now + Math.max(roundTrip + RETRY_MARGIN, MIN_RETRY_INTERVAL)
    this.#dueAt = Infinity
    for (const [sequence, packet] of this.#missing) {
      if (packet.dueAt <= now && packet.tries === MAX_NACK_TRIES) {
        this.#missing.delete(sequence)
        continue
      }
      if (packet.dueAt <= now && out.length < limit) {
        out.push(sequence & 0xffff)
        packet.tries++
        packet.requestedAt = now
        packet.dueAt = retryAt
      }
      this.#dueAt = Math.min(this.#dueAt, packet.dueAt)
    }
  }

  /** When `takeDue` may have something next; undefined when nothing is missing. */
  nextDue(): Micros | undefined {
    return this.#missing.size === 0 ? undefined : this.#dueAt
  }
}
