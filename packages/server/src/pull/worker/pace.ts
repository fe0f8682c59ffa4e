import type { Micros } from '@crossroom/media'

/** A source that is behind its times by more than this goes on from now; times that are ahead by more have jumped. */
const MAX_LATE: Micros = 1_000_000
const MAX_AHEAD: Micros = 3_000_000

/** Lets frames that come in bursts, as of HLS and of files, go on at the times that they have. */
export class Pace {
  /** Clock at the media time 0. */
  #origin: Micros | undefined

  /** How long a frame of this time is to wait. */
  wait(now: Micros, time: Micros): Micros {
    this.#origin ??= now - time
    const rest = this.#origin + time - now
    if (rest >= -MAX_LATE && rest <= MAX_AHEAD) return Math.max(0, rest)
    this.#origin = now - time
    return 0
  }
}
