import type { Mpegts } from '../media/mpegts.js'
import { FLV_LIVE, isLateTrack, NOT_SUPPORTED } from '../media/flv-live.js'
import { holdStill } from '../media/still.js'
import { BufferDelay } from './delay.js'
import { roundTripMs } from './round-trip.js'
import { httpLoader, webSocketLoader, type LoaderListener } from './flv-loader.js'
import { startPlayback, type Failure, type Sample, type Source, type SourceEvents } from './source.js'

/** A paused picture does not fall behind either. */
const LIVE = { ...FLV_LIVE, liveBufferLatencyChasingOnPaused: true } as const

const WATCH_MS = 40
/** At the start a whole group of pictures comes at once: for so long it jumps to the live end instead of hurrying. */
const SETTLING_MS = 1_500
const SETTLED_SECONDS = 0.5

type MpegtsPlayer = ReturnType<Mpegts['createPlayer']>

/** Plays an FLV address with mpegts.js, by WebSocket or HTTP. */
export class FlvSource implements Source {
  readonly #video: HTMLVideoElement
  readonly #events: SourceEvents
  readonly #delay = new BufferDelay()
  readonly #mpegts: Mpegts
  readonly #url: string
  readonly #begin: (video: HTMLVideoElement) => void
  #player: MpegtsPlayer
  readonly #watch: ReturnType<typeof setInterval>
  /** Takes the still picture away that covers a new player's beginning. */
  #uncover = (): void => undefined
  #hasPlayed = false
  readonly #handlePlaying = (): void => {
    this.#hasPlayed = true
    this.#uncover()
    this.#events.playing()
  }
  #bytes = 0
  /** What players before this one received. */
  #bytesBefore = 0
  #firstPictureMs: number | undefined
  #closed = false

  /** `begin` is called whenever there is something new to play. */
  constructor(
    mpegts: Mpegts,
    url: string,
    video: HTMLVideoElement,
    events: SourceEvents,
    begin = (of: HTMLVideoElement): void => startPlayback(of, () => events.blocked()),
  ) {
    this.#mpegts = mpegts
    this.#url = url
    this.#video = video
    this.#events = events
    this.#begin = begin
    mpegts.LoggingControl.applyConfig({ enableAll: false })
    video.addEventListener('playing', this.#handlePlaying)
    this.#watch = setInterval(() => this.#observe(), WATCH_MS)
    this.#player = this.#start()
  }

  #start(): MpegtsPlayer {
    const mpegts = this.#mpegts
    const listener: LoaderListener = {
      received: (bytes) => this.#receive(bytes),
      ended: (failure) => this.#fail(failure),
    }
    const customLoader = this.#url.startsWith('ws') ? webSocketLoader(mpegts, listener) : httpLoader(mpegts, listener)
    const player = mpegts.createPlayer({ type: 'flv', isLive: true, url: this.#url }, { ...LIVE, customLoader })
    player.on(mpegts.Events.ERROR, (type: string, detail: string, info: { code?: number; msg?: string }) => {
      if (player !== this.#player) return
      if (this.#hasPlayed && isLateTrack(detail, info.code)) this.#rebuild()
      else this.#fail(this.#failureOf(type, detail, info))
    })
    player.attachMediaElement(this.#video)
    player.load()
    this.#begin(this.#video)
    return player
  }

  /** A player that never played is not created again: its stream would fail again. */
  #rebuild(): void {
    this.#hasPlayed = false
    queueMicrotask(() => {
      if (this.#closed) return
      this.#uncover()
      this.#uncover = holdStill(this.#video)
      this.#player.destroy()
      this.#bytesBefore = this.#bytes
      this.#firstPictureMs = undefined
      this.#player = this.#start()
    })
  }

  sample(): Promise<Sample> {
    const delay = this.#delay.parts(roundTripMs())
    return Promise.resolve({
      bytes: this.#bytes,
      pictures: this.#video.getVideoPlaybackQuality().totalVideoFrames,
      delay,
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#watch)
    this.#video.removeEventListener('playing', this.#handlePlaying)
    this.#player.destroy()
    this.#uncover()
    this.#video.playbackRate = 1
  }

  #receive(bytes: number): void {
    if (this.#bytes === 0) this.#events.connected()
    this.#bytes = this.#bytesBefore + bytes
  }

  #observe(): void {
    const { buffered, currentTime, readyState } = this.#video
    if (buffered.length === 0) return
    const nowMs = performance.now()
    const end = buffered.end(buffered.length - 1)
    this.#delay.observe(nowMs, end, currentTime)
    if (readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return
    this.#firstPictureMs ??= nowMs
    if (nowMs - this.#firstPictureMs < SETTLING_MS && end - currentTime > SETTLED_SECONDS) {
      this.#player.currentTime = end - LIVE.liveBufferLatencyMinRemain
    }
  }

  #failureOf(type: string, detail: string, info: { code?: number; msg?: string }): Failure {
    const isUnknown = detail === this.#mpegts.ErrorDetails.MEDIA_CODEC_UNSUPPORTED || info.code === NOT_SUPPORTED
    return { reason: isUnknown ? 'codec' : 'network', detail: info.msg ?? `${type}: ${detail}` }
  }

  #fail(failure: Failure): void {
    if (this.#closed) return
    // Not from within a callback of mpegts.js: closing would pull its objects out from under it.
    queueMicrotask(() => {
      if (!this.#closed) this.#events.failed(failure)
    })
  }
}

/**
 * True when this browser has Media Source, which FLV playback requires. Codec support shows only at playback: Firefox
 * on Linux has H.264 only with FFmpeg's libraries.
 */
export function canPlayFlv(): boolean {
  return 'MediaSource' in window || 'ManagedMediaSource' in window
}
