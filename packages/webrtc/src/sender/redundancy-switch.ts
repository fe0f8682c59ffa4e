import type { Micros } from '@crossroom/media'

/** Loss above this is heard. */
const ON_ABOVE = 0.02
/** Loss below this for a while is not worth the bits. */
const OFF_BELOW = 0.005
const OFF_AFTER: Micros = 10_000_000

/** Decides when a viewer's sound is to carry its past with it (RFC 2198): quickly on, slowly off. */
export class RedundancySwitch {
  #isOn = false
  #lossyAt: Micros = -Infinity

  /** Takes the loss of the last second or so, 0 to 1. True when the decision has changed. */
  update(now: Micros, loss: number): boolean {
    if (loss > OFF_BELOW) this.#lossyAt = now
    const wasOn = this.#isOn
    if (loss > ON_ABOVE) this.#isOn = true
    else if (now - this.#lossyAt >= OFF_AFTER) this.#isOn = false
    return this.#isOn !== wasOn
  }

  get isOn(): boolean {
    return this.#isOn
  }
}
