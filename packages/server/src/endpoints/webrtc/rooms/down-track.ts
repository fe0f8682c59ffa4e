import type { Micros } from '@crossroom/media'
import type { Clock, SourceFor, Stream, StreamHub } from '../../../hub/index.js'
import { AudioPlay, type PlayableKind, type RtpFanouts, VideoPlay, unchangedKind, WEBRTC_NEEDS } from '../send/index.js'
import type { SubscribedTrack } from '../../../rooms/index.js'

/** A stream that is not there is waited for; asking again this rarely costs nothing. */
const WAIT_FOR_STREAM: Micros = 3_600_000_000
/** A lower layer without a picture for so long has stopped: its publisher's path has no room for it, or it ended. */
const SMALL_STALLS_AFTER: Micros = 700_000
/** Then it is not chosen again for so long. */
const SMALL_SHUNNED_FOR: Micros = 5_000_000

/** The codecs of a browser, as far as they are known. */
export type Decodes = Readonly<Record<'h264' | 'vp8' | 'h265' | 'av1', boolean>>

/** What tracks of one browser have in common. */
export interface DownTrackContext {
  readonly hub: Pick<StreamHub, 'get' | 'find'>
  readonly clock: Clock
  readonly fanouts: RtpFanouts
  readonly sourceFor: SourceFor
  /** What the browser decodes, as far as is known. */
  readonly decodes: () => Decodes
}

/** Tells a member's tracks apart. */
export function idOf({ userId, streamType, kind }: Pick<SubscribedTrack, 'userId' | 'streamType' | 'kind'>): string {
  return `${userId} ${streamType} ${kind}`
}

/**
 * One track that a browser subscribes to: keeps to the stream of that key through its ends and returns, and chooses what of it
 * suits the browser. It costs nothing until it is started.
 */
export class DownTrack {
  readonly id: string
  readonly played: VideoPlay | AudioPlay
  readonly #context: DownTrackContext
  #subscribed: SubscribedTrack
  #cancelFind: (() => void) | undefined
  #isStarted = false
  #main: Stream | undefined
  /** The last choice. */
  #source: Stream | undefined
  #sourceKind: PlayableKind | undefined
  #smallShunnedUntil: Micros = 0
  /** The path carries no more than the lower layer. */
  #isHeldLow = false

  constructor(track: SubscribedTrack, context: DownTrackContext) {
    this.id = idOf(track)
    this.#subscribed = track
    this.#context = context
    const handleEnd = () => this.#lose()
    this.played = track.kind === 'video' ? new VideoPlay(handleEnd) : new AudioPlay(handleEnd)
  }

  get kind(): 'audio' | 'video' {
    return this.played.kind
  }

  /** Bits per second sent. */
  get bitrate(): number {
    return this.played.rate?.bitsPerSecond ?? 0
  }

  get isHeldLow(): boolean {
    return this.#isHeldLow
  }

  /** There is a lower layer, and it is not the requested one anyway. */
  get canBeLow(): boolean {
    const small = this.#small()
    return small !== undefined && !this.#isWideEnough(small)
  }

  /** The same track with another width, or at another key. */
  update(track: SubscribedTrack): void {
    const isElsewhere = !track.key.equals(this.#subscribed.key)
    this.#subscribed = track
    if (isElsewhere && this.#isStarted) this.#find()
    else this.choose()
  }

  holdLow(isHeldLow: boolean): void {
    this.#isHeldLow = isHeldLow
  }

  /** Begins to follow its stream: from now on that is kept ready. */
  start(): void {
    if (this.#isStarted) return
    this.#isStarted = true
    this.#find()
  }

  /** Lets go of its stream. It may be started again. */
  stop(): void {
    this.#isStarted = false
    this.#cancelFind?.()
    this.#forget()
    this.played.detach()
  }

  /** Takes what suits best at present; to be called now and then. */
  choose(): void {
    const main = this.#main
    if (main === undefined) return
    this.#watchSmall()
    const source = this.#wantsSmall() ? (this.#small() ?? main) : main
    const kind = this.#kindOf(source)
    if (source === this.#source && kind === this.#sourceKind) return
    this.#source = source
    this.#sourceKind = kind
    const { fanouts, sourceFor } = this.#context
    this.played.attach(fanouts.of(sourceFor(source, WEBRTC_NEEDS[kind])))
  }

  #find(): void {
    this.#cancelFind?.()
    this.#forget()
    // Found at once or later: the answer of the first must not be kept after the second.
    let isFound = false
    const cancel = this.#context.hub.find(this.#subscribed.key, WAIT_FOR_STREAM, (stream) => {
      isFound = true
      this.#cancelFind = undefined
      if (stream === undefined) {
        this.#findAgain()
        return
      }
      this.#main = stream
      this.choose()
    })
    if (!isFound) this.#cancelFind = cancel
  }

  /** Shortly after: the ended stream may still be listed, and its keeper opens it again. */
  #findAgain(): void {
    this.#cancelFind?.()
    this.#cancelFind = this.#context.clock.after(0, () => this.#find())
  }

  /** The sent stream has ended: all of it, or only its lower layer. */
  #lose(): void {
    if (!this.#isStarted) return
    const lost = this.#source
    this.#source = undefined
    this.#sourceKind = undefined
    if (lost !== undefined && lost !== this.#main) this.choose()
    else {
      this.#main = undefined
      this.#findAgain()
    }
  }

  #forget(): void {
    this.#main = undefined
    this.#source = undefined
    this.#sourceKind = undefined
  }

  #kindOf({ tracks }: Stream): PlayableKind {
    if (this.kind === 'audio') return 'webrtc-audio'
    const decodes = this.#context.decodes()
    const { h264, vp8 } = decodes
    const unchanged = unchangedKind(tracks.video)
    // What has to be converted nevertheless becomes H.264.
    if (h264 && unchanged !== undefined && decodes[unchanged === 'webrtc-h265' ? 'h265' : 'av1']) return unchanged
    return vp8 && (!h264 || tracks.video?.codec === 'vp8') ? 'webrtc-vp8' : 'webrtc-h264'
  }

  #wantsSmall(): boolean {
    const small = this.#small()
    return small !== undefined && (this.#isHeldLow || this.#isWideEnough(small))
  }

  #isWideEnough({ tracks }: Stream): boolean {
    const { maxWidth } = this.#subscribed
    return maxWidth !== undefined && (tracks.video?.width ?? 0) >= maxWidth
  }

  /** The stream of the lower layer while it flows. */
  #small(): Stream | undefined {
    const { hub, clock } = this.#context
    if (this.kind === 'audio' || clock.now() < this.#smallShunnedUntil) return undefined
    const small = hub.get(this.#subscribed.key.small)
    return small?.state === 'live' && small.tracks.video !== undefined ? small : undefined
  }

  /** Takes the lower layer back when it has stopped, long before its stream ends. */
  #watchSmall(): void {
    if (this.#source === undefined || this.#source === this.#main) return
    const now = this.#context.clock.now()
    const shownAt = this.played.fanout?.lastVideo.at
    const isStalled = shownAt !== undefined && now - shownAt > SMALL_STALLS_AFTER
    if (isStalled || this.#source.state !== 'live') this.#smallShunnedUntil = now + SMALL_SHUNNED_FOR
  }
}
