import type { MediaFrame, Micros } from '@crossroom/media'
import { SkewEstimate } from './skew-estimate.js'
import { LEAST_RISE, TrackTimeLine, type ClockStep } from './track-time-line.js'

/** The first frame of the next publisher follows the last one of the former at this distance at least. */
const NEXT_PUBLISHER: Micros = 20_000
/** A second track that begins within this of the time that is live is believed; beyond it, its stamps have another origin. */
const SAME_ORIGIN: Micros = 1_000_000
/** Stamps that are off by less are jitter. */
const JITTER: Micros = 100_000
/** Stamps that are early by more, and by less than jitter, may be a small jump: the tracks are compared with more care for a moment. */
const SMALL_JUMP: Micros = 30_000
/** A track that comes back after a jump is live after a longer pause than this, and follows its last frame after a shorter one. */
const PAUSE: Micros = 250_000
/** Pictures whose stamps fall by less may be in the order of showing; sound has one order only. */
const REORDERED: Micros = 500_000
/** Two tracks whose clocks jump by nearly the same within so long have one clock, and made one jump. */
const SAME_STEP: Micros = 150_000
const SAME_STEP_WITHIN: Micros = 5_000_000

type Kind = 'video' | 'audio'

/**
 * Maps the time of a publisher to the time of a stream. A frame may come late and never early, so each track's least delay
 * tells what its stamps mean (ARCHITECTURE, "Time of a stream"): stamps that go on are believed however late they come;
 * a hole in them is believed as long as its end is not earlier than live; what would fall or be early is a jump of
 * the publisher's clock and is bridged. Both tracks are judged by the same rule and share one jump where their clock is one. Time
 * rises strictly within a track, and a frame's pts stays as far from its dts as it was sent, except where pictures are
 * stamped with the time of showing.
 */
export class Timeline {
  #tracks: Partial<Record<Kind, TrackTimeLine>> = {}
  /** The newest dts handed on of each track, of whichever publisher. */
  readonly #last: Record<Kind, Micros> = { video: -Infinity, audio: -Infinity }
  #lastAt: Micros = 0
  #skew = new SkewEstimate()
  #judges = true
  /** Jumps of the publisher's clock that were bridged. */
  jumps = 0

  /**
   * A new publisher: its first frame follows the last frame of the old one at the distance in real time.
   * `judges`: its clock is its own. Else its times are the server's already, and are believed.
   */
  restart(judges = true): void {
    this.#tracks = {}
    this.#skew = new SkewEstimate()
    this.#judges = judges
  }

  map(frame: MediaFrame): MediaFrame {
    const { kind } = frame.config
    const track = this.#tracks[kind]
    if (track === undefined) this.#begin(kind, frame)
    else if (this.#judges) this.#judge(kind, track, frame)
    return this.#place(kind, frame)
  }

  #begin(kind: Kind, frame: MediaFrame): void {
    const other = this.#tracks[otherOf(kind)]
    const offset = other === undefined ? this.#startOffset(frame) : this.#joinOffset(other, frame)
    const deficit = this.#last[kind] + LEAST_RISE - (frame.dts + offset)
    this.#tracks[kind] = new TrackTimeLine(frame, offset)
    if (deficit <= 0) return
    // Sound of a new publisher that begins before its picture: both are moved, or they would not be in sync.
    for (const one of Object.values(this.#tracks)) one.slew(deficit)
  }

  #startOffset(frame: MediaFrame): Micros {
    const last = Math.max(this.#last.video, this.#last.audio)
    if (last === -Infinity) return -frame.dts
    return last + Math.max(NEXT_PUBLISHER, frame.receivedAt - this.#lastAt) - frame.dts
  }

  /** Of the second track: the first one's, unless its stamps cannot mean the same. */
  #joinOffset(other: TrackTimeLine, frame: MediaFrame): Micros {
    const live = other.lastOut + Math.max(0, frame.receivedAt - other.lastAt)
    const isSame = Math.abs(frame.dts + other.offset - live) <= SAME_ORIGIN
    this.#skew.begin(frame.receivedAt, isSame || !this.#judges ? undefined : 0)
    return isSame || !this.#judges ? other.offset : live - frame.dts
  }

  #judge(kind: Kind, track: TrackTimeLine, frame: MediaFrame): void {
    const { dts, receivedAt: at } = frame
    const other = this.#tracks[otherOf(kind)]
    if (other !== undefined && at - track.lastAt > track.step + PAUSE && other.lastAt - track.lastAt > PAUSE)
      this.#skew.notePause(kind, at)
    const out = dts + track.offset
    const distance = dts - track.lastIn
    if (isFall(kind, track, dts) || isEarly(track, other, out, distance, at)) {
      this.#bridge(kind, track, frame)
      this.#skew.noteIrregularity(at)
    } else if (out < track.lastOut || (distance > 2 * track.step && track.earliness(out, at) > SMALL_JUMP))
      this.#skew.noteIrregularity(at)
    this.#steer(at)
  }

  /** Goes on after a jump: where the last frame ended, or at live where there was a pause. */
  #bridge(kind: Kind, track: TrackTimeLine, frame: MediaFrame): void {
    const { dts, receivedAt: at } = frame
    const passed = track.liveAt(at) - track.lastOut
    const isContinuous = passed <= track.step + PAUSE
    const own = track.lastOut + (isContinuous ? Math.round(track.step) : passed) - (dts + track.offset)
    const other = this.#tracks[otherOf(kind)]
    const shared = other && takeShared(other, own, at)
    const rises = shared !== undefined && dts + track.offset + shared.delta >= track.lastOut + LEAST_RISE
    if (shared === undefined) {
      this.jumps++
      track.steps.push({ delta: own, at })
    }
    // Sound that went on says exactly how far the clock jumped; the distance of two pictures is a guess.
    if (shared !== undefined && ((kind === 'audio' && isContinuous) || !rises)) other!.slew(own - shared.delta)
    const usesOwn = shared === undefined || (kind === 'audio' && isContinuous) || !rises
    track.shift(usesOwn ? own : shared.delta)
    track.restartOrder(dts)
  }

  /** Keeps the tracks together where one clock runs faster than the other, or stood still. */
  #steer(at: Micros): void {
    const { video, audio } = this.#tracks
    if (video === undefined || audio === undefined) return
    const late = this.#skew.update(at, video, audio)
    if (late === undefined) return
    this.#tracks[late.kind]!.shift(late.by)
  }

  #place(kind: Kind, frame: MediaFrame): MediaFrame {
    const track = this.#tracks[kind]!
    // Only pictures are moved: sound is counted in samples, and players play it as it was counted.
    if (kind === 'video') track.slew(this.#skew.takeSlew(frame.dts - track.lastIn))
    const mapped = frame.dts + track.offset
    const dts = Math.max(mapped, this.#last[kind] + LEAST_RISE)
    // Pictures may share a stamp: they are shown as far apart as they are moved. A stamp of showing is right as it is.
    const isShowing = kind === 'video' && track.fillsGap(frame.dts)
    const pts = frame.pts + track.offset + (isShowing ? 0 : dts - mapped)
    track.take(frame, dts)
    this.#last[kind] = dts
    this.#lastAt = frame.receivedAt
    return { ...frame, dts, pts }
  }
}

function otherOf(kind: Kind): Kind {
  return kind === 'video' ? 'audio' : 'video'
}

/** The time falls, and not because pictures are stamped with the time of showing. */
function isFall(kind: Kind, track: TrackTimeLine, dts: Micros): boolean {
  const fall = track.lastOut - (dts + track.offset)
  if (fall <= JITTER) return false
  return kind === 'audio' || fall > REORDERED || !track.fillsGap(dts)
}

/** The stamps leave out more time than passed, compared with the least delay and with the other track. */
function isEarly(
  track: TrackTimeLine,
  other: TrackTimeLine | undefined,
  out: Micros,
  distance: Micros,
  at: Micros,
): boolean {
  if (distance - track.step <= JITTER || track.earliness(out, at) <= JITTER) return false
  return other === undefined || out - other.lastOut > JITTER
}

/** The jump of the other track that this one of `own` goes with; it is used up. */
function takeShared(other: TrackTimeLine, own: Micros, at: Micros): ClockStep | undefined {
  other.steps = other.steps.filter((step) => at - step.at <= SAME_STEP_WITHIN)
  const index = other.steps.findIndex((step) => Math.abs(step.delta - own) <= SAME_STEP)
  return index < 0 ? undefined : other.steps.splice(index, 1)[0]
}
