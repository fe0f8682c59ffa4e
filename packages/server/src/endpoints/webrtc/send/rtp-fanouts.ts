import type { Micros } from '@crossroom/media'
import type { Egress } from '@crossroom/webrtc'
import type { BridgeOf, FrameSource } from '../../../hub/index.js'
import { LiveClock } from './live-clock.js'
import { RtpFanout } from './rtp-fanout.js'

interface SharedClock {
  readonly clock: LiveClock
  users: number
}

/** The RTP fanouts in use: one per playable stream, gone with its last viewer. */
export class RtpFanouts {
  readonly #egress: Egress
  readonly #now: () => Micros
  readonly #bridgeOf: BridgeOf
  readonly #fanouts = new Map<FrameSource, RtpFanout>()
  /** By the stream's key: all forms of one stream, in any codecs, share one time line. */
  readonly #clocks = new Map<string, SharedClock>()

  constructor(egress: Egress, now: () => Micros, bridgeOf: BridgeOf = () => undefined) {
    this.#egress = egress
    this.#now = now
    this.#bridgeOf = bridgeOf
  }

  /** `inSlices`: each NAL unit of H.264 is sent as one packet (packetization mode 0). */
  of(stream: FrameSource, inSlices = false): RtpFanout {
    const present = this.#fanouts.get(stream)
    if (present !== undefined) return present
    const shared = this.#clockOf(stream.key.text)
    shared.users++
    // A stream that is over already ends the fanout before it is made.
    let isOver = false
    const made = new RtpFanout({
      ...{ stream, egress: this.#egress, clock: shared.clock, now: this.#now, inSlices },
      bridge: () => {
        const bridge = this.#bridgeOf(stream)
        return bridge && this.of(bridge)
      },
      onEmpty: () => {
        if (!isOver) this.#fanouts.delete(stream)
        isOver = true
        if (--shared.users === 0 && this.#clocks.get(stream.key.text) === shared) this.#clocks.delete(stream.key.text)
      },
    })
    if (!isOver) this.#fanouts.set(stream, made)
    return made
  }

  #clockOf(key: string): SharedClock {
    const present = this.#clocks.get(key)
    if (present !== undefined) return present
    const made = { clock: new LiveClock(), users: 0 }
    this.#clocks.set(key, made)
    return made
  }
}
