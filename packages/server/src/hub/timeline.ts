import type { MediaFrame, Micros } from '@crossroom/media'

/** A step that differs from the time that passed on arrival by more than this is a jump of the sender's clock. */
const JUMP: Micros = 3_000_000
/** After a jump without a usable arrival time the next frame follows the last one at this distance. */
const NOMINAL_STEP: Micros = 20_000

/** The last frame of a track. */
interface TrackTime {
  /** Its dts as handed on. */
  readonly out: Micros
  readonly arrival: Micros
}

/**
 * Maps the time of a publisher to the time of a stream: starts at 0, never falls within a track, survives jumps of the
 * publisher's clock and the change of publisher. Both tracks share one offset, so they stay in sync across a jump; the
 * offset before the last jump is kept for frames of the other track that were interleaved across it.
 */
export class Timeline {
  #offset: Micros | undefined
  #previousOffset: Micros | undefined
  /** The newest dts handed on, of either track. */
  #last: Micros = 0
  #lastArrival: Micros = 0
  /** The least dts each track may have: time never falls, not even across a change of publisher. */
  #videoFloor: Micros = 0
  #audioFloor: Micros = 0
  #audio: TrackTime | undefined
  #video: TrackTime | undefined
  #started = false
  /** Jumps of the publisher's clock that were bridged. */
  jumps = 0

  /** A new publisher: its first frame follows the last frame of the old one at the distance in real time. */
  restart(): void {
    this.#offset = undefined
    this.#previousOffset = undefined
    this.#audio = undefined
    this.#video = undefined
  }

  map(frame: MediaFrame): MediaFrame {
    const video = frame.config.kind === 'video'
    const track = video ? this.#video : this.#audio
    const offset = this.#offsetFor(frame, track)
    let dts = frame.dts + offset
    const floor = video ? this.#videoFloor : this.#audioFloor
    if (dts < floor) dts = floor
    const pts = Math.max(frame.pts + offset, dts)
    this.#remember(video, frame, dts)
    return dts === frame.dts && pts === frame.pts ? frame : { ...frame, dts, pts }
  }

  #offsetFor(frame: MediaFrame, track: TrackTime | undefined): Micros {
    if (this.#offset === undefined) {
      const resumeAt = this.#started ? this.#last + Math.max(NOMINAL_STEP, frame.receivedAt - this.#lastArrival) : 0
      return (this.#offset = resumeAt - frame.dts)
    }
    const current = this.#offset
    if (track === undefined || isNear(frame.dts + current, track, frame)) return current
    const previous = this.#previousOffset
    if (previous !== undefined && isNear(frame.dts + previous, track, frame)) return previous
    this.jumps++
    this.#previousOffset = current
    return (this.#offset = this.#last + Math.max(NOMINAL_STEP, frame.receivedAt - this.#lastArrival) - frame.dts)
  }

  #remember(video: boolean, frame: MediaFrame, dts: Micros): void {
    const time: TrackTime = { out: dts, arrival: frame.receivedAt }
    if (video) {
      this.#video = time
      this.#videoFloor = dts + 1
    } else {
      this.#audio = time
      this.#audioFloor = dts + 1
    }
    if (dts > this.#last) this.#last = dts
    this.#lastArrival = frame.receivedAt
    this.#started = true
  }
}

/** Whether a mapped dts lies where this track is expected: a stall shows in the arrival too, a jump only in the stamps. */
function isNear(dts: Micros, track: TrackTime, frame: MediaFrame): boolean {
  return Math.abs(dts - track.out - (frame.receivedAt - track.arrival)) <= JUMP
}
