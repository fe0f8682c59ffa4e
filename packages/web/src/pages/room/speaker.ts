/** From 0 to 100. Below it is the noise of a room. */
export const AUDIBLE = 8
/** The large tile changes only after its speaker was silent for this long: a cough changes nothing. */
const HOLD_MS = 1_500

/** Follows who speaks, calmly. */
export class SpeakerFollower {
  #speaker: string | undefined
  #heardAtMs = -Infinity

  /** The member in the large tile. `levels` are those of users; former members must be absent. */
  update(nowMs: number, levels: ReadonlyMap<string, number>): string | undefined {
    if (this.#speaker !== undefined && !levels.has(this.#speaker)) this.#speaker = undefined
    let loudest: string | undefined
    let most = AUDIBLE
    for (const [userId, level] of levels) {
      if (level < most) continue
      loudest = userId
      most = level
    }
    if (this.#speaker !== undefined && (levels.get(this.#speaker) ?? 0) >= AUDIBLE) this.#heardAtMs = nowMs
    const free = this.#speaker === undefined || nowMs - this.#heardAtMs >= HOLD_MS
    if (loudest !== undefined && free) {
      this.#speaker = loudest
      this.#heardAtMs = nowMs
    }
    return this.#speaker
  }
}
