import type { Micros, VideoConfig, VideoFrame } from '@crossroom/media'
import {
  nearestCodec,
  planBurst,
  rtpTimestampFromMicros,
  START_BITRATE,
  VIDEO_CLOCK_RATE,
  type TrackId,
} from '@crossroom/webrtc'
import { startLimits } from '../../../config/index.js'
import type { EndReason } from '../../../hub/index.js'
import type { PlayedTrack, Sending } from './played-track.js'
import type { RateMeter } from './rate-meter.js'
import type { KeptFrame, RtpFanout, VideoViewer } from './rtp-fanout.js'
import { TrackTime } from './track-time.js'

/** Frames of a burst are shown as they come … */
export const NO_DELAY = { min: 0, max: 0 } as const
/** … and afterwards the browser decides again (0 to 10 s, in units of 10 ms). It keeps what it was told last. */
const ANY_DELAY = { min: 0, max: 1000 } as const
const TELL_ANY_DELAY: Micros = 2_000_000
/** A repeated burst lies between two frames of the live picture: 30 ms of the clock at most. */
const REPEAT_TICKS = (VIDEO_CLOCK_RATE * 30) / 1000
/** Interval of keyframe requests while the next source has no keyframe. */
const ASK_AGAIN: Micros = 500_000

/** A place among the viewers of one fanout. */
class Seat implements VideoViewer {
  track: TrackId = 0
  /** Its timestamps continue those sent before. */
  isJoined = false
  readonly fanout: RtpFanout
  readonly #owner: VideoPlay

  constructor(fanout: RtpFanout, owner: VideoPlay) {
    this.fanout = fanout
    this.#owner = owner
  }

  admits(frame: VideoFrame, bytes: number): boolean {
    return this.#owner.admits(this, frame, bytes)
  }

  handleLive(): void {
    // A picture begins with a keyframe, whose own time is known.
  }

  handleEnd(reason: EndReason): void {
    this.#owner.handleEnd(this, reason)
  }
}

/**
 * The picture that one viewer gets of one member or stream. It starts from the cached keyframe; another source (a layer, a
 * codec) takes over at its own keyframe, and until then the one before flows on.
 */
export class VideoPlay implements PlayedTrack {
  readonly kind = 'video'
  readonly #onEnd: (reason: EndReason) => void
  #current: Seat | undefined
  #next: Seat | undefined
  #sending: Sending | undefined
  #time = new TrackTime(VIDEO_CLOCK_RATE)
  #config: VideoConfig | undefined
  #cancelDelay: (() => void) | undefined
  #cancelAwait: (() => void) | undefined
  #cancelAsking: (() => void) | undefined

  /** `onEnd`: the stream behind it is over. */
  constructor(onEnd: (reason: EndReason) => void) {
    this.#onEnd = onEnd
  }

  /** The source of pictures. */
  get fanout(): RtpFanout | undefined {
    return this.#current?.fanout
  }

  /** The next source, used from its first keyframe. */
  get nextFanout(): RtpFanout | undefined {
    return this.#next?.fanout
  }

  get rate(): RateMeter | undefined {
    return this.fanout?.videoRate
  }

  /** Takes the picture from there as soon as there is a keyframe. */
  attach(fanout: RtpFanout): void {
    if (this.#next?.fanout === fanout) return
    this.#leaveNext()
    if (this.#current?.fanout === fanout) return
    const seat = new Seat(fanout, this)
    fanout.addVideo(seat)
    if (this.#current !== undefined && this.#sending !== undefined) {
      this.#next = seat
      seat.track = this.#sending.track
      this.#askForKeyframe()
      return
    }
    this.#leaveCurrent()
    this.#current = seat
    if (this.#sending !== undefined) this.#start(this.#sending, seat)
  }

  detach(): void {
    this.#leaveNext()
    this.#leaveCurrent()
  }

  rtpTimestampAt(now: Micros): number | undefined {
    const live = this.fanout?.clock.liveAt(now)
    return live === undefined ? undefined : rtpTimestampFromMicros(live, VIDEO_CLOCK_RATE)
  }

  bind(sending: Sending): void {
    this.#sending = sending
    this.#time = new TrackTime(VIDEO_CLOCK_RATE)
    if (this.#current !== undefined) this.#start(sending, this.#current)
  }

  unbind(): void {
    this.#cancelDelay?.()
    this.#cancelAwait?.()
    this.#sending = undefined
    this.#config = undefined
    if (this.#current !== undefined) this.#current.track = 0
    // Nothing flows any more that would have to flow on.
    const next = this.#next
    if (next === undefined) return
    this.#next = undefined
    this.#cancelAsking?.()
    this.#leaveCurrent()
    next.track = 0
    this.#current = next
  }

  handleKeyframeWanted(): void {
    const sending = this.#sending
    const fanout = this.fanout
    if (sending === undefined || fanout === undefined) return
    const isAsked = fanout.requestKeyframe()
    if (isAsked || fanout.gop.length === 0) this.#awaitKeyframe(sending, isAsked)
    else this.#repeat(sending, fanout)
  }

  handleReplayed(): void {
    if (this.#sending !== undefined) this.#tellAnyDelay(this.#sending)
  }

  setRedundancy(): void {
    // Pictures are repaired, not repeated.
  }

  /** Called by a seat for each frame of its fanout. */
  admits(seat: Seat, frame: VideoFrame, bytes: number): boolean {
    const sending = this.#sending
    const isTakeOver = seat === this.#next
    if (sending === undefined || (isTakeOver && !frame.keyframe)) return false
    const now = sending.clock.now()
    if (!sending.sender.admitFrame(now, sending.ssrc, frame, bytes, isTakeOver)) {
      if (sending.sender.lacksKeyframe(now, sending.ssrc)) seat.fanout.requestKeyframe()
      return false
    }
    if (frame.keyframe) this.#cancelAwait?.()
    if (isTakeOver) this.#takeOver(seat)
    if (!seat.isJoined) this.#join(sending, seat, rtpTimestampFromMicros(frame.pts, VIDEO_CLOCK_RATE))
    if (frame.config !== this.#config) this.#useCodec(sending, frame.config)
    return true
  }

  /** Called by a seat whose stream is over. */
  handleEnd(seat: Seat, reason: EndReason): void {
    if (seat === this.#next) {
      this.#leaveNext()
      return
    }
    const next = this.#next
    this.#next = undefined
    this.#leaveCurrent()
    if (next === undefined) {
      this.#onEnd(reason)
      return
    }
    this.#cancelAsking?.()
    this.#current = next
    if (this.#sending !== undefined) this.#start(this.#sending, next)
  }

  /** From the cached keyframe to live, in the time that it takes to send. */
  #start(sending: Sending, seat: Seat): void {
    const { fanout } = seat
    seat.track = sending.track
    this.#cancelAwait?.()
    if (fanout.start.length > 0) {
      this.#burst(sending, seat, fanout.start)
      return
    }
    sending.sender.starved(sending.ssrc)
    this.#awaitKeyframe(sending, fanout.requestKeyframe())
    this.#tellAnyDelay(sending)
  }

  #burst(sending: Sending, seat: Seat, frames: readonly KeptFrame[]): void {
    const { sender, egress, track, ssrc } = sending
    const { fanout } = seat
    const first = frames[0]!
    const { untilKeyframe } = fanout
    const bitrate = Math.max(START_BITRATE, 3 * fanout.videoRate.bitsPerSecond)
    const plan = planBurst({
      ...{ frames, clockRate: VIDEO_CLOCK_RATE, bitrate },
      ...(untilKeyframe !== undefined && { untilKeyframe }),
    })
    if (plan.waitsForKeyframe) sender.starved(ssrc)
    this.#join(sending, seat, plan.rtpTimestamps[0]!)
    this.#useCodec(sending, first.config)
    this.#cancelDelay?.()
    egress.updateTrack(track, { playoutDelay: NO_DELAY })
    egress.replay(track, fanout.videoSource, first.number, plan.rtpTimestamps)
  }

  /** A publisher that was asked has a moment to answer; then, or else at once, a keyframe is made. */
  #awaitKeyframe({ clock }: Sending, isAsked: boolean): void {
    this.#cancelAwait?.()
    this.#cancelAwait = clock.after(isAsked ? startLimits.askedMicros : 0, () => this.#takeBridge())
  }

  /** Bridging video for waiting viewers flows until the next keyframe of the stream itself. */
  #takeBridge(): void {
    const [sending, plain] = [this.#sending, this.#current]
    if (sending === undefined || plain === undefined) return
    const bridge = plain.fanout.bridge()
    if (bridge === undefined) {
      // A picture of long ago is better than none.
      if (plain.isJoined) this.#repeat(sending, plain.fanout)
      else if (plain.fanout.gop.length > 0) this.#burst(sending, plain, plain.fanout.gop)
      return
    }
    const seat = new Seat(bridge, this)
    bridge.addVideo(seat)
    if (plain.isJoined) this.#time.leave(plain.fanout.lastVideo)
    plain.isJoined = false
    this.#current = seat
    if (this.#next === undefined) {
      this.#next = plain
      this.#askForKeyframe()
    } else plain.fanout.remove(plain)
    this.#start(sending, seat)
  }

  /** The same GOP once more, for a viewer that lost its picture and a publisher that cannot be asked. */
  #repeat({ egress, track }: Sending, fanout: RtpFanout): void {
    const frames = fanout.gop
    const newest = frames.at(-1)
    if (newest === undefined) return
    const step = Math.max(1, Math.floor(REPEAT_TICKS / frames.length))
    const stamps = Uint32Array.from(frames, (_, i) => newest.rtpTimestamp + (i + 1) * step)
    egress.replay(track, fanout.videoSource, frames[0]!.number, stamps)
  }

  /** A keyframe of the source that was waited for is here. */
  #takeOver(seat: Seat): void {
    const before = this.#current
    this.#cancelAsking?.()
    this.#next = undefined
    this.#leaveCurrent()
    this.#current = seat
    // All forms of one stream share one time line.
    if (before?.fanout.clock === seat.fanout.clock) seat.isJoined = before.isJoined
  }

  #join({ egress, track, clock }: Sending, seat: Seat, rtpTimestamp: number): void {
    seat.isJoined = true
    egress.updateTrack(track, { timestampOffset: this.#time.join(clock.now(), rtpTimestamp) })
  }

  #useCodec({ egress, track, media }: Sending, config: VideoConfig): void {
    this.#config = config
    const profile = /^avc1\.([0-9a-f]{6})/i.exec(config.codecString)?.[1]
    const codec = nearestCodec(media.codecs, config.codec, profile)
    if (codec === undefined) return
    const { payloadType, rtxPayloadType } = codec
    egress.updateTrack(track, { payloadType, ...(rtxPayloadType !== undefined && { rtxPayloadType }) })
  }

  #leaveCurrent(): void {
    const seat = this.#current
    this.#current = undefined
    if (seat === undefined) return
    if (seat.isJoined) this.#time.leave(seat.fanout.lastVideo)
    seat.fanout.remove(seat)
  }

  #leaveNext(): void {
    const seat = this.#next
    this.#next = undefined
    this.#cancelAsking?.()
    seat?.fanout.remove(seat)
  }

  #askForKeyframe(): void {
    const next = this.#next
    const clock = this.#sending?.clock
    if (next === undefined || clock === undefined) return
    next.fanout.requestKeyframe()
    this.#cancelAsking?.()
    this.#cancelAsking = clock.after(ASK_AGAIN, () => this.#askForKeyframe())
  }

  #tellAnyDelay({ egress, track, clock }: Sending): void {
    this.#cancelDelay?.()
    egress.updateTrack(track, { playoutDelay: ANY_DELAY })
    this.#cancelDelay = clock.after(TELL_ANY_DELAY, () => egress.updateTrack(track, { playoutDelay: null }))
  }
}
