import type { Micros } from '@crossroom/media'
import { microsFromRtpTicks } from '../rtp/timestamp.js'
import { TimestampUnwrapper } from '../rtp/sequence.js'
import { Lateness } from './lateness.js'

/**
 * The earliest arrival of each window shows the drift of the sender's clock against the server's. Within the dead zone
 * it counts as jitter.
 */
const DRIFT_WINDOW: Micros = 10_000_000
const DRIFT_DEAD_ZONE: Micros = 5_000

/** How long after the first frame an earlier arrival may still pull the clock: it shows that the first was held up. */
const SETTLING_TIME: Micros = 2_000_000

/**
 * How much of the elapsed media time a correction may take: video at 1.1 times its speed is not noticed, and half a second of
 * difference is gone in five. Sound moves by the 0.1 % that resampling hides, which is enough for any crystal's drift.
 */
const VIDEO_SLEW = 0.1
const AUDIO_SLEW = 0.001

/** Share of a new sender report in the smoothed mapping. */
const REPORT_WEIGHT = 0.25
/** Reports further apart than this are a step of the sender's clock, not jitter: the new one is taken at once. */
const REPORT_STEP: Micros = 200_000

/** A report that would move a track by more than this is not believed: some senders write nonsense. */
const MAX_BELIEVED_OFFSET: Micros = 5_000_000

/** A timestamp that falls, or skips this much more than the elapsed time, has jumped: the clock is set again. */
const JUMP: Micros = 500_000
/** A continuing timestamp that arrives this much earlier shows that a delayed frame had set the clock. */
const HELD_UP: Micros = 3_000_000

/** Distance of two frames when the stream's own timestamps do not rise. */
const MIN_STEP: Micros = 1_000

/**
 * The clock of one received stream: RTP timestamps become times on the server's clock. The first frame is given its
 * arrival time: nothing is held back or thrown away to wait for a sender report. From then on the clock follows the drift of
 * the arrivals, or, once reports allow it, another track's clock (`follow`): video goes with the sound. The result
 * rises strictly.
 */
export class TrackClock {
  readonly #clockRate: number
  readonly #slew: number
  #unwrapper = new TimestampUnwrapper()
  /** Added to media time to get the server's. */
  #offset: Micros | undefined
  #target: Micros = 0
  #anchoredAt: Micros = 0
  #lastMediaTime: Micros = 0
  #lastTime: Micros | undefined
  /** Sender's NTP time minus media time, once a report has told. */
  #ntpOffset: Micros | undefined
  /** By how much the last report moved it at once. The sound or pictures that it speaks of may come only then. */
  #toldStep: Micros = 0
  #isFollowing = false
  #windowEnd: Micros = 0
  #windowMin: Micros = Infinity
  readonly #lateness = new Lateness()
  #jumps = 0

  constructor(kind: 'video' | 'audio', clockRate: number) {
    this.#clockRate = clockRate
    this.#slew = kind === 'video' ? VIDEO_SLEW : AUDIO_SLEW
  }

  /** How often the timestamps jumped or stopped, so that the clock was set again. */
  get jumps(): number {
    return this.#jumps
  }

  /** Offset from the sender's NTP time to this track's; undefined before the first report or frame. */
  get offsetFromNtp(): Micros | undefined {
    return this.#offset === undefined || this.#ntpOffset === undefined ? undefined : this.#offset - this.#ntpOffset
  }

  /** The time of a frame whose first packet came at `arrivedAt`. Frames are given in decoding order. */
  timeOf(rtpTimestamp: number, arrivedAt: Micros): Micros {
    const mediaTime = microsFromRtpTicks(this.#unwrapper.unwrap(rtpTimestamp), this.#clockRate)
    const arrivalOffset = arrivedAt - mediaTime
    if (this.#offset === undefined || this.#isJump(mediaTime, arrivedAt)) {
      if (this.#offset !== undefined) this.#jumps++
      this.#anchor(mediaTime, arrivedAt)
    }
    const stoodFor = this.#lateness.observe(mediaTime, arrivedAt)
    if (this.#lateness.agrees(this.#toldStep)) this.#standStill(this.#toldStep)
    else if (stoodFor > 0) this.#standStill(stoodFor)
    else if (!this.#isFollowing && !this.#lateness.isInDoubt) this.#observeArrival(arrivalOffset, arrivedAt)
    this.#slewTo(mediaTime)
    let time = Math.round(mediaTime + this.#offset!)
    if (this.#lastTime !== undefined && time <= this.#lastTime) time = this.#lastTime + MIN_STEP
    this.#lastTime = time
    return time
  }

  #isJump(mediaTime: Micros, arrivedAt: Micros): boolean {
    const { mediaTime: lastMediaTime, arrivedAt: lastArrivedAt } = this.#lateness
    const distance = mediaTime - lastMediaTime
    const early = mediaTime + this.#offset! - arrivedAt
    if (distance < -JUMP || early > HELD_UP) return true
    return distance - (arrivedAt - lastArrivedAt) > JUMP && early > JUMP
  }

  /** The stream's clock stopped while the sender's continued: the mapping stays, shifted by the difference. */
  #standStill(by: Micros): void {
    this.#jumps++
    this.#offset! += by
    this.#target += by
    if (this.#ntpOffset !== undefined) this.#ntpOffset += by - this.#toldStep
    this.#toldStep = 0
    this.#lateness.stoodStill(by)
    this.#windowMin = Infinity
  }

  #anchor(mediaTime: Micros, arrivedAt: Micros): void {
    this.#lateness.begin(mediaTime, arrivedAt)
    this.#offset = arrivedAt - mediaTime
    this.#target = this.#offset
    this.#anchoredAt = arrivedAt
    this.#lastMediaTime = mediaTime
    this.#ntpOffset = undefined
    this.#toldStep = 0
    this.#isFollowing = false
    this.#windowEnd = arrivedAt + DRIFT_WINDOW
    this.#windowMin = Infinity
  }

  #observeArrival(arrivalOffset: Micros, arrivedAt: Micros): void {
    this.#windowMin = Math.min(this.#windowMin, arrivalOffset)
    if (arrivedAt < this.#anchoredAt + SETTLING_TIME) this.#target = Math.min(this.#target, arrivalOffset)
    if (arrivedAt < this.#windowEnd) return
    if (Math.abs(this.#windowMin - this.#target) > DRIFT_DEAD_ZONE) this.#target = this.#windowMin
    this.#windowEnd = arrivedAt + DRIFT_WINDOW
    this.#windowMin = Infinity
  }

  /** The stream restarts with another SSRC: its timestamps are unrelated to the earlier ones. Time still increases. */
  restart(): void {
    this.#offset = undefined
    this.#unwrapper = new TimestampUnwrapper()
  }

  #slewTo(mediaTime: Micros): void {
    const step = Math.max(mediaTime - this.#lastMediaTime, 0) * this.#slew
    this.#lastMediaTime = Math.max(this.#lastMediaTime, mediaTime)
    this.#offset! += Math.max(-step, Math.min(step, this.#target - this.#offset!))
  }

  /**
   * The sender says (in a sender report or by abs-capture-time) that `rtpTimestamp` was at `ntp` on its clock, in microseconds
   * of any epoch. Before the first frame it is not known what to relate it to, and it is ignored.
   */
  onSenderTime(ntp: Micros, rtpTimestamp: number): void {
    if (this.#offset === undefined) return
    const mediaTime = microsFromRtpTicks(this.#unwrapper.peek(rtpTimestamp), this.#clockRate)
    const measured = ntp - mediaTime
    const known = this.#ntpOffset
    const isStep = known === undefined || Math.abs(measured - known) > REPORT_STEP
    this.#ntpOffset = isStep ? measured : known + (measured - known) * REPORT_WEIGHT
    this.#toldStep = isStep && known !== undefined ? measured - known : 0
    // The sender says itself that the timestamps stood still, and for how long.
    if (this.#lateness.agrees(this.#toldStep)) this.#standStill(this.#toldStep)
  }

  /** The sender's clock, in microseconds, when it took the picture or sound of `rtpTimestamp`; undefined before it told. */
  ntpOf(rtpTimestamp: number): Micros | undefined {
    if (this.#ntpOffset === undefined) return undefined
    return microsFromRtpTicks(this.#unwrapper.peek(rtpTimestamp), this.#clockRate) + this.#ntpOffset
  }

  /**
   * Adjusts this track to `reference`, so that simultaneous captures get the same time. Both must know the sender's
   * clock; otherwise nothing happens.
   */
  follow(reference: TrackClock): void {
    const wanted = reference.offsetFromNtp
    if (wanted === undefined || this.#ntpOffset === undefined || this.#offset === undefined) return
    const target = wanted + this.#ntpOffset
    if (Math.abs(target - this.#offset) > MAX_BELIEVED_OFFSET) return
    this.#target = target
    this.#isFollowing = true
  }
}
