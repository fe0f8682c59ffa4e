import type { Micros } from '@crossroom/media'
import { ArrivalGroups } from '../bwe/arrival-groups.js'
import { RateControl } from '../bwe/rate-control.js'
import { Throughput } from '../bwe/throughput.js'
import { Trendline } from '../bwe/trendline.js'

/** Abs-send-time wraps every 64 s. */
const CYCLE: Micros = 64_000_000
/** The initial rate of a sender. Bits per second. */
const START_BITRATE = 1_500_000

/**
 * The receiver's own estimate for senders without transport-wide feedback (draft-alvestrand-rmcat-congestion-03), made of the
 * same parts as the sender side's, but of the send times in the packets.
 */
export class RembEstimator {
  readonly #groups = new ArrivalGroups()
  readonly #trendline = new Trendline()
  readonly #throughput = new Throughput()
  readonly #rate = new RateControl(START_BITRATE)
  #lastSentAt: Micros | undefined

  /** Bits per second. */
  get bitrate(): number {
    return this.#rate.bitrate
  }

  /** Takes note of a packet of `bytes` that its sender stamped with `absSendTime` (0 … 64 s). */
  onPacket(absSendTime: Micros, arrivedAt: Micros, bytes: number, roundTrip: Micros): void {
    const sentAt = this.#unwrap(absSendTime)
    this.#throughput.add(arrivedAt, bytes)
    const delta = this.#groups.add(sentAt, arrivedAt)
    if (delta === undefined) return
    this.#rate.update(arrivedAt, this.#trendline.add(delta), this.#throughput.bitrate, roundTrip)
  }

  #unwrap(absSendTime: Micros): Micros {
    const last = this.#lastSentAt ?? absSendTime
    const steps = absSendTime - (last % CYCLE)
    const nearest = steps > CYCLE / 2 ? steps - CYCLE : steps < -CYCLE / 2 ? steps + CYCLE : steps
    const sentAt = last + nearest
    this.#lastSentAt = Math.max(sentAt, last)
    return sentAt
  }
}
