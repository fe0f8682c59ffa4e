import { CrossroomError } from '../errors.js'
import { FLV_LIVE, isLateTrack } from './flv-live.js'
import { holdStill } from './still.js'

/** What a playback by WebSocket-FLV tells. */
export interface FlvEvents {
  failed(error: CrossroomError): void
}

/** Milliseconds until the next attempt, by the attempts that failed in a row. */
const RETRY_MS = [500, 1_000, 2_000, 5_000] as const

type Mpegts = (typeof import('./mpegts.js'))['mpegts']
type Player = ReturnType<Mpegts['createPlayer']>

/** Plays one stream by WebSocket-FLV in a media element, again and again until it is closed. */
export class FlvPlayback {
  readonly #element: HTMLVideoElement
  readonly #url: string
  readonly #events: FlvEvents
  #player: Player | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #again = false
  /** The player that is there now has played. */
  #hasPlayed = false
  /** Takes the still picture away that covers a new player's beginning. */
  #uncover = (): void => undefined
  #closed = false

  constructor(element: HTMLVideoElement, url: string, events: FlvEvents) {
    this.#element = element
    this.#url = url
    this.#events = events
    element.addEventListener('playing', this.#handlePlaying)
    this.#start()
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    this.#element.removeEventListener('playing', this.#handlePlaying)
    this.#letGo()
    this.#uncover()
  }

  #start(): void {
    // The library is loaded only here: who gets through by WebRTC never pays for it.
    import('./mpegts.js').then(
      ({ mpegts }) => this.#open(mpegts),
      (error: unknown) => this.#fail(new CrossroomError('PLAY_FAILED', undefined, { cause: error })),
    )
  }

  #open(mpegts: Mpegts): void {
    if (this.#closed) return
    if (!mpegts.isSupported()) {
      // Trying again would not help.
      return this.#events.failed(new CrossroomError('PLAY_FAILED'))
    }
    mpegts.LoggingControl.applyConfig({ enableAll: false })
    const player = mpegts.createPlayer({ type: 'flv', isLive: true, url: this.#url }, FLV_LIVE)
    this.#player = player
    player.on(mpegts.Events.ERROR, (type: string, detail: string, info: { code?: number } = {}) => {
      if (player !== this.#player) return
      if (this.#hasPlayed && isLateTrack(detail, info.code)) this.#rebuild(mpegts)
      else this.#fail(new CrossroomError('PLAY_FAILED', undefined, { cause: `${type}: ${detail}` }))
    })
    player.on(mpegts.Events.LOADING_COMPLETE, () => this.#retry())
    player.attachMediaElement(this.#element)
    player.load()
    // Whoever owns the element starts it, and hears of it when the browser does not let it sound; this is for later attempts.
    if (this.#failures > 0 || this.#again) this.#element.play().catch(() => undefined)
  }

  readonly #handlePlaying = (): void => {
    this.#failures = 0
    this.#hasPlayed = true
    this.#uncover()
  }

  /** At once, and under the last picture. A player that never played is not built anew: its stream would fail again. */
  #rebuild(mpegts: Mpegts): void {
    this.#hasPlayed = false
    this.#again = true
    queueMicrotask(() => {
      if (this.#closed) return
      this.#uncover()
      this.#uncover = holdStill(this.#element)
      this.#letGo()
      this.#open(mpegts)
    })
  }

  #fail(error: CrossroomError): void {
    if (this.#closed) return
    if (this.#failures === RETRY_MS.length) this.#events.failed(error)
    this.#retry()
  }

  #retry(): void {
    // Not from within a callback of mpegts.js: destroying would pull its objects out from under it.
    clearTimeout(this.#timer)
    const waitMs = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)]
    this.#timer = setTimeout(() => {
      this.#hasPlayed = false
      this.#letGo()
      this.#start()
    }, waitMs)
  }

  #letGo(): void {
    this.#player?.destroy()
    this.#player = undefined
    this.#element.playbackRate = 1
  }
}
