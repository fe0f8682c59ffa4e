import type { Micros } from '@crossroom/media'

/** Packets sent within this long of each other are one burst of the pacer and are looked at as one. */
const BURST: Micros = 5_000

/** What `add` found when a group was complete: how much later it arrived than it was sent, against the group before. */
export interface GroupDelta {
  /** Between the last packets of the two groups, at the sender. */
  sent: Micros
  /** The same at the receiver. */
  arrived: Micros
  /** Of the newer group. */
  arrivedAt: Micros
}

interface Group {
  firstSentAt: Micros
  lastSentAt: Micros
  firstArrivedAt: Micros
  lastArrivedAt: Micros
}

/**
 * Groups packets by the burst they were sent in and compares neighbouring groups: what a queue on the way adds shows in
 * the groups' spacing (draft-ietf-rmcat-gcc-02 section 5.2 and 5.3).
 */
export class ArrivalGroups {
  #current: Group | undefined
  #previous: Group | undefined
  readonly #delta: GroupDelta = { sent: 0, arrived: 0, arrivedAt: 0 }

  /** Takes the next packet in order of its sending. Returns the same object every time, or undefined within a group. */
  add(sentAt: Micros, arrivedAt: Micros): GroupDelta | undefined {
    const current = this.#current
    if (current === undefined) {
      this.#current = begin(sentAt, arrivedAt)
      return undefined
    }
    if (sentAt < current.firstSentAt) return undefined
    if (this.#belongs(current, sentAt, arrivedAt)) {
      current.lastSentAt = Math.max(current.lastSentAt, sentAt)
      current.lastArrivedAt = Math.max(current.lastArrivedAt, arrivedAt)
      return undefined
    }
    const delta = this.#compare(current)
    this.#previous = current
    this.#current = begin(sentAt, arrivedAt)
    return delta
  }

  #belongs(group: Group, sentAt: Micros, arrivedAt: Micros): boolean {
    if (sentAt - group.firstSentAt <= BURST) return true
    // Packets that were queued behind each other and come in one go are a burst whatever the sender did.
    const arrivedLater = arrivedAt - group.lastArrivedAt
    const isCatchingUp = arrivedLater - (sentAt - group.lastSentAt) < 0
    return isCatchingUp && arrivedLater <= BURST && arrivedAt - group.firstArrivedAt < 100_000
  }

  #compare(current: Group): GroupDelta | undefined {
    const previous = this.#previous
    if (previous === undefined) return undefined
    const arrived = current.lastArrivedAt - previous.lastArrivedAt
    // Overtaken by its predecessor: reordering says nothing about queues.
    if (arrived < 0) return undefined
    this.#delta.sent = current.lastSentAt - previous.lastSentAt
    this.#delta.arrived = arrived
    this.#delta.arrivedAt = current.lastArrivedAt
    return this.#delta
  }
}

function begin(sentAt: Micros, arrivedAt: Micros): Group {
  return { firstSentAt: sentAt, lastSentAt: sentAt, firstArrivedAt: arrivedAt, lastArrivedAt: arrivedAt }
}
