import type { MediaFrame, Micros } from '@crossroom/media'

/** The usual distance of two frames before it is known. */
const FIRST_STEP: Micros = 20_000
/** A distance above this is a pause, and says nothing about the usual one. */
const LONGEST_STEP: Micros = 500_000
/** So many frames tell how close together a track's frames are. */
const FRAMES_TO_KNOW = 8
/** How fast the least delay may rise while no frame confirms it: 1000 ppm, more than the clocks of two machines drift apart. */
const LEAK = 0.001
/** A pause is no time in which frames could have confirmed it. */
const MOST_LEAK: Micros = 20_000
/** Time rises by at least this, so that no two frames share a millisecond. */
export const LEAST_RISE: Micros = 1000

/** A change of a track's offset: the publisher's clock jumped by as much the other way. */
export interface ClockStep {
  readonly delta: Micros
  readonly at: Micros
}

/** What a stream's time line knows of one track. `out` times are the stream's, `in` times the publisher's. */
export class TrackTimeLine {
  /** Added to the publisher's time to get the stream's. */
  offset: Micros
  /** The last dts of both, and when it came. */
  lastIn: Micros
  lastOut: Micros
  lastAt: Micros
  /** The usual distance of two frames. */
  step: Micros = FIRST_STEP
  /** Steps of this track that the other one has not followed yet. */
  steps: ClockStep[] = []
  /** The highest time of the publisher, and the one before it. */
  #topIn: Micros
  #previousTopIn: Micros
  /** The distance of two frames that are next to each other in time; whatever came is close enough until it is known. */
  #closest: Micros = Infinity
  #frames = 0
  /** The least delay from stream time to arrival: frames come late by varying amounts and never early. */
  #delay: Micros
  #delayAt: Micros
  /** The least delay since `takeRecent`. */
  #recent: Micros = Infinity

  constructor(frame: MediaFrame, offset: Micros) {
    this.offset = offset
    this.lastIn = frame.dts
    this.lastOut = frame.dts + offset
    this.lastAt = frame.receivedAt
    this.#topIn = this.#previousTopIn = frame.dts
    this.#delay = frame.receivedAt - this.lastOut
    this.#delayAt = frame.receivedAt
    this.#recent = this.#delay
  }

  /** By how much a frame would be earlier than any so far. Negative: it is late. */
  earliness(out: Micros, at: Micros): Micros {
    return this.#leaked(at) - (at - out)
  }

  /** The stream time of media captured and sent at this moment, with the shortest path so far. */
  liveAt(at: Micros): Micros {
    return at - this.#leaked(at)
  }

  /** How late the newest frame was, compared with the least delay. */
  get lateness(): Micros {
    return this.lastAt - this.lastOut - this.#delay
  }

  /**
   * Whether a time that falls fills the gap that the highest one left: the frames are stamped with the time of showing.
   * Between two that are next to each other nothing is missing.
   */
  fillsGap(dts: Micros): boolean {
    const isGap = this.#frames < FRAMES_TO_KNOW || this.#topIn - this.#previousTopIn > 1.5 * this.#closest
    return isGap && dts > this.#previousTopIn && dts < this.#topIn
  }

  /** The publisher's clock jumped to `dts`: earlier times say nothing of the order any more. */
  restartOrder(dts: Micros): void {
    this.#topIn = this.#previousTopIn = dts
  }

  /** Notes a frame that got the time `out`. */
  take(frame: MediaFrame, out: Micros): void {
    const { dts, receivedAt: at, config } = frame
    const distance = dts - this.lastIn
    if (config.kind === 'audio' && config.samplesPerFrame > 0)
      this.step = (config.samplesPerFrame * 1_000_000) / config.sampleRate
    else if (distance > 0 && distance <= LONGEST_STEP)
      this.step = this.step === FIRST_STEP ? distance : this.step + (distance - this.step) / 8
    this.#noteDistance(Math.abs(distance))
    if (dts > this.#topIn) {
      this.#previousTopIn = this.#topIn
      this.#topIn = dts
    }
    this.lastIn = dts
    this.lastOut = out
    this.lastAt = at
    const delay = at - (dts + this.offset)
    this.#delay = Math.min(delay, this.#leaked(at))
    this.#delayAt = at
    this.#recent = Math.min(this.#recent, delay)
  }

  /** The publisher's clock jumped, or stood still: all that follows is moved so that the delay is what it was. */
  shift(by: Micros): void {
    this.offset += Math.round(by)
  }

  /** Moves all following times, and the measured delay with them. */
  slew(by: Micros): void {
    const whole = Math.round(by)
    this.offset += whole
    this.#delay -= whole
    this.#recent -= whole
  }

  /** The least delay since the last call; Infinity when nothing came. */
  takeRecent(): Micros {
    const recent = this.#recent
    this.#recent = Infinity
    return recent
  }

  #noteDistance(distance: Micros): void {
    this.#frames++
    if (distance === 0 || distance > LONGEST_STEP) return
    const isCloser = distance < this.#closest
    this.#closest = isCloser ? distance : this.#closest + (distance - this.#closest) / 32
  }

  #leaked(at: Micros): Micros {
    return this.#delay + Math.min(MOST_LEAK, Math.max(0, at - this.#delayAt) * LEAK)
  }
}
