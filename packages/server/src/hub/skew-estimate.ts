import type { Micros } from '@crossroom/media'
import type { TrackTimeLine } from './track-time-line.js'

/** How long the least delays of both tracks are watched before they are compared. */
const WINDOW: Micros = 500_000
/** So many windows teach how far apart an encoder sends sound and picture of one moment. */
const LEARNING_WINDOWS = 4
/** A difference within this is jitter. */
const DEAD_ZONE: Micros = 20_000
/** How fast pictures follow a clock that runs faster or slower: 4 in a thousand … */
const DRIFT_SLEW = 0.004
/** … and one in ten, which is invisible, shortly after irregular timestamps. */
const FAST_SLEW = 0.1
const FAST_FOR: Micros = 2_500_000
/** A track that paused alone and then stays late by more than this, in two windows in a row, had a clock that stood still. */
const STOOD_STILL: Micros = 150_000
const PAUSE_WATCHED: Micros = 2_500_000

/** A track whose clock stood still, and for how long. */
export interface LateTrack {
  readonly kind: 'video' | 'audio'
  readonly by: Micros
}

/**
 * How far apart sound and picture of one moment are in delay, from the least delays of each window: what the network
 * does to one it does to the other, so a change shows that one clock differs from the other.
 */
export class SkewEstimate {
  /** Delay of pictures minus delay of sound, as it is to be; undefined while it is learnt. */
  #wanted: Micros | undefined
  #learnt: Micros[] = []
  #windowEnd: Micros = -Infinity
  /** What pictures are still to be moved by. */
  #slew: Micros = 0
  #fastUntil: Micros = -Infinity
  #paused: 'video' | 'audio' | undefined
  #pauseUntil: Micros = -Infinity
  /** How late the track that paused was in the window before. */
  #lateBefore: Micros = 0

  /** Both tracks are there. `wanted`: undefined where their stamps have one origin. */
  begin(at: Micros, wanted: Micros | undefined): void {
    this.#wanted = wanted
    this.#windowEnd = at + WINDOW
    if (wanted !== undefined) this.#fastUntil = at + FAST_FOR
  }

  /** The stamps were irregular: the tracks may be further apart than clocks drift. */
  noteIrregularity(at: Micros): void {
    this.#fastUntil = at + FAST_FOR
  }

  /** A track comes again while the other one went on. */
  notePause(kind: 'video' | 'audio', at: Micros): void {
    this.#paused = kind
    this.#pauseUntil = at + PAUSE_WATCHED
    this.#lateBefore = 0
    // Measurements before the pause do not apply after it.
    this.#windowEnd = -Infinity
  }

  /** Looks at the delays at the end of a window. Answers a track that has to be moved at once. */
  update(at: Micros, video: TrackTimeLine, audio: TrackTimeLine): LateTrack | undefined {
    if (at < this.#windowEnd) return undefined
    const isWhole = this.#windowEnd > -Infinity
    this.#windowEnd = at + WINDOW
    const skew = video.takeRecent() - audio.takeRecent()
    if (!isWhole || !Number.isFinite(skew)) return undefined
    if (this.#wanted === undefined) {
      this.#learn(skew)
      return undefined
    }
    const error = skew - this.#wanted
    if (at <= this.#pauseUntil) {
      const late = this.#stoodStill(error)
      if (late !== undefined) return late
      // Held up, or its clock stood still: the next window tells.
      if (this.#lateBefore >= STOOD_STILL) return undefined
    }
    // Moving pictures to a later time makes their delay smaller.
    this.#slew = Math.abs(error) <= DEAD_ZONE ? 0 : error - (Math.sign(error) * DEAD_ZONE) / 2
    return undefined
  }

  /** By how much pictures are moved while `passed` of their time goes by. */
  takeSlew(passed: Micros): Micros {
    if (this.#slew === 0 || passed <= 0) return 0
    const most = passed * (this.#isFast ? FAST_SLEW : DRIFT_SLEW)
    const by = Math.max(-most, Math.min(most, this.#slew))
    this.#slew -= by
    return Math.round(by)
  }

  get #isFast(): boolean {
    return this.#windowEnd <= this.#fastUntil
  }

  #learn(skew: Micros): void {
    this.#learnt.push(skew)
    if (this.#learnt.length < LEARNING_WINDOWS) return
    // The first window has the encoder's start in it.
    const rest = this.#learnt.slice(1)
    this.#wanted = rest.reduce((sum, one) => sum + one, 0) / rest.length
  }

  #stoodStill(error: Micros): LateTrack | undefined {
    const late = this.#paused === 'video' ? error : -error
    const before = this.#lateBefore
    this.#lateBefore = late
    const by = Math.min(late, before)
    if (by < STOOD_STILL || this.#paused === undefined) return undefined
    this.#pauseUntil = -Infinity
    this.#lateBefore = 0
    return { kind: this.#paused, by: Math.round(by) }
  }
}
