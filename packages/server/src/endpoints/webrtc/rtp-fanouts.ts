import type { Micros } from '@crossroom/media'
import type { Egress } from '@crossroom/webrtc'
import type { FrameSource } from '../../hub/index.js'
import { RtpFanout } from './rtp-fanout.js'

/** The RTP fanouts in use: one per playable stream, gone with its last viewer. */
export class RtpFanouts {
  readonly #egress: Egress
  readonly #now: () => Micros
  readonly #fanouts = new Map<FrameSource, RtpFanout>()

  constructor(egress: Egress, now: () => Micros) {
    this.#egress = egress
    this.#now = now
  }

  of(stream: FrameSource): RtpFanout {
    const present = this.#fanouts.get(stream)
    if (present !== undefined) return present
    const made: RtpFanout = new RtpFanout(stream, this.#egress, this.#now, () => {
      if (this.#fanouts.get(stream) === made) this.#fanouts.delete(stream)
    })
    this.#fanouts.set(stream, made)
    return made
  }
}
