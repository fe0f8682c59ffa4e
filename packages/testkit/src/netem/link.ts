import type { Micros } from '@crossroom/media'
import { seededRandom } from './seeded-random.js'

/** Loss in bursts: the two-state model of Gilbert and Elliott. */
export interface BurstLoss {
  /** Probability per packet to go from good to bad. */
  readonly enter: number
  /** Probability per packet to go back; the mean burst has 1 / leave packets. */
  readonly leave: number
  /** Loss while bad. Default 1. */
  readonly lossInBurst?: number
}

/** One direction of a network. Probabilities are 0 to 1 per packet. */
export interface LinkOptions {
  readonly seed: number
  /** One way. Default 0. */
  readonly delay?: Micros
  /** Added to the delay, uniform between 0 and this. Packets keep their order. Default 0. */
  readonly jitter?: Micros
  readonly loss?: number
  readonly burstLoss?: BurstLoss
  /** Probability to be held back by `reorderDelay`, so that later packets overtake. */
  readonly reorder?: number
  /** Default 20 ms. */
  readonly reorderDelay?: Micros
  readonly duplicate?: number
  /** Bits per second of the bottleneck. Default: none. */
  readonly rate?: number
  /** How long the bottleneck's queue may get before it drops from the tail. Default 500 ms. */
  readonly queue?: Micros
}

export interface LinkCounters {
  sent: number
  lost: number
  /** Dropped by the full queue of the bottleneck. */
  overflowed: number
  duplicated: number
  delivered: number
}

interface InFlight<Item> {
  readonly item: Item
  readonly at: Micros
  readonly order: number
}

const DEFAULT_REORDER_DELAY: Micros = 20_000
const DEFAULT_QUEUE: Micros = 500_000

/** A seeded lossy link for tests on a virtual clock: `send` packets, `receive` those that have arrived by now. */
export class Link<Item> {
  readonly counters: LinkCounters = { sent: 0, lost: 0, overflowed: 0, duplicated: 0, delivered: 0 }
  #options: LinkOptions
  readonly #random: () => number
  readonly #inFlight: InFlight<Item>[] = []
  #order = 0
  #isBad = false
  /** When the bottleneck has sent everything that is queued in it. */
  #busyUntil: Micros = 0
  /** Jitter keeps the order: no packet overtakes an earlier one. */
  #lastArrival: Micros = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
  }

  /** Changes the network while packets are in flight; properties absent from `change` stay. */
  change(change: Partial<Omit<LinkOptions, 'seed'>>): void {
    this.#options = { ...this.#options, ...change }
  }

  /** `bytes` counts against the bottleneck's rate, headers included. */
  send(now: Micros, item: Item, bytes: number): void {
    this.counters.sent++
    if (this.#isLost()) {
      this.counters.lost++
      return
    }
    const leaves = this.#passBottleneck(now, bytes)
    if (leaves === undefined) {
      this.counters.overflowed++
      return
    }
    this.#schedule(leaves, item)
    if (this.#happens(this.#options.duplicate)) {
      this.counters.duplicated++
      this.#schedule(leaves, item)
    }
  }

  /** The next item that has arrived by `now`, and when it did. */
  receive(now: Micros): { readonly item: Item; readonly at: Micros } | undefined {
    const first = this.#inFlight[0]
    if (first === undefined || first.at > now) return undefined
    this.#inFlight.shift()
    this.counters.delivered++
    return first
  }

  /** When the next item arrives. */
  pollTimeout(): Micros | undefined {
    return this.#inFlight[0]?.at
  }

  /** How long a packet that is sent now would wait at the bottleneck. */
  queueDelay(now: Micros): Micros {
    return Math.max(0, this.#busyUntil - now)
  }

  #isLost(): boolean {
    const { loss, burstLoss } = this.#options
    if (burstLoss !== undefined) {
      this.#isBad = this.#isBad ? !this.#happens(burstLoss.leave) : this.#happens(burstLoss.enter)
      if (this.#isBad && this.#happens(burstLoss.lossInBurst ?? 1)) return true
    }
    return this.#happens(loss)
  }

  #passBottleneck(now: Micros, bytes: number): Micros | undefined {
    const { rate, queue = DEFAULT_QUEUE } = this.#options
    if (rate === undefined) return now
    const starts = Math.max(now, this.#busyUntil)
    if (starts - now > queue) return undefined
    this.#busyUntil = starts + Math.ceil((bytes * 8 * 1_000_000) / rate)
    return this.#busyUntil
  }

  #schedule(leaves: Micros, item: Item): void {
    const { delay = 0, jitter = 0, reorder, reorderDelay = DEFAULT_REORDER_DELAY } = this.#options
    const regular = Math.max(this.#lastArrival, leaves + delay + Math.floor(this.#random() * jitter))
    const isHeldBack = this.#happens(reorder)
    if (!isHeldBack) this.#lastArrival = regular
    this.#insert({ item, at: isHeldBack ? regular + reorderDelay : regular, order: this.#order++ })
  }

  #insert(entry: InFlight<Item>): void {
    let index = this.#inFlight.length
    while (index > 0 && this.#inFlight[index - 1]!.at > entry.at) index--
    this.#inFlight.splice(index, 0, entry)
  }

  /** Draws a number only when the chance is real: switching one impairment off leaves the others' dice as they were. */
  #happens(probability: number | undefined): boolean {
    return probability !== undefined && probability > 0 && this.#random() < probability
  }
}
