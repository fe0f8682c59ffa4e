import type { Micros } from '@crossroom/media'
import { OPUS_CLOCK_RATE, rtpTimestampFromMicros, type TrackId } from '@crossroom/webrtc'
import type { EndReason } from '../../../hub/index.js'
import type { PlayedTrack, Sending } from './played-track.js'
import type { RateMeter } from './rate-meter.js'
import type { AudioViewer, RtpFanout } from './rtp-fanout.js'
import { TrackTime } from './track-time.js'

/** The sound that one viewer gets of one member or stream. */
export class AudioPlay implements PlayedTrack, AudioViewer {
  readonly kind = 'audio'
  track: TrackId = 0
  redundancy = 0
  readonly #onEnd: (reason: EndReason) => void
  #fanout: RtpFanout | undefined
  #sending: Sending | undefined
  #time = new TrackTime(OPUS_CLOCK_RATE)

  /** `onEnd`: the stream behind it is over. */
  constructor(onEnd: (reason: EndReason) => void) {
    this.#onEnd = onEnd
  }

  get fanout(): RtpFanout | undefined {
    return this.#fanout
  }

  get rate(): RateMeter | undefined {
    return this.#fanout?.audioRate
  }

  /** Takes the sound from there from now on. */
  attach(fanout: RtpFanout): void {
    if (fanout === this.#fanout) return
    this.detach()
    this.#fanout = fanout
    fanout.addAudio(this)
    this.#start()
  }

  detach(): void {
    const fanout = this.#fanout
    this.#fanout = undefined
    this.track = 0
    if (fanout === undefined) return
    this.#time.leave(fanout.lastAudio)
    fanout.remove(this)
  }

  rtpTimestampAt(now: Micros): number | undefined {
    const live = this.#fanout?.clock.liveAt(now)
    return live === undefined ? undefined : rtpTimestampFromMicros(live, OPUS_CLOCK_RATE)
  }

  bind(sending: Sending): void {
    this.#sending = sending
    this.#time = new TrackTime(OPUS_CLOCK_RATE)
    this.#start()
  }

  unbind(): void {
    this.#sending = undefined
    this.track = 0
    this.redundancy = 0
  }

  handleLive(): void {
    this.#start()
  }

  handleEnd(reason: EndReason): void {
    this.detach()
    this.#onEnd(reason)
  }

  handleKeyframeWanted(): void {
    // Every frame of sound can be decoded by itself.
  }

  handleReplayed(): void {
    // Sound is never replayed.
  }

  /** Browsers do not ask for lost sound again: it is sent thrice while they lose some (RFC 2198). */
  setRedundancy(isWanted: boolean): void {
    const codec = this.#sending?.media.codecs[0]
    if (this.#sending === undefined || codec?.redPayloadType === undefined) return
    this.redundancy = isWanted ? codec.payloadType : 0
    const payloadType = isWanted ? codec.redPayloadType : codec.payloadType
    this.#sending.egress.updateTrack(this.#sending.track, { payloadType })
  }

  /** Begins once the live position is known. */
  #start(): void {
    if (this.track !== 0 || this.#sending === undefined) return
    const { egress, track, clock } = this.#sending
    const now = clock.now()
    const live = this.rtpTimestampAt(now)
    if (live === undefined) return
    egress.updateTrack(track, { timestampOffset: this.#time.join(now, live) })
    this.track = track
  }
}
