import { CrossroomError } from '../errors.js'
import type { Mpegts } from '../media/mpegts.js'
import { canPlayFlv, FlvSource } from '../stream/flv-source.js'

/** What a playback by WebSocket-FLV tells. */
export interface FlvEvents {
  failed(error: CrossroomError): void
}

/** Milliseconds until the next attempt, by the attempts that failed in a row. */
const RETRY_MS = [500, 1_000, 2_000, 5_000] as const

/** Plays one stream by WebSocket-FLV in a media element, again and again until it is closed. */
export class FlvPlayback {
  readonly #element: HTMLVideoElement
  readonly #url: string
  readonly #events: FlvEvents
  #source: FlvSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  #hasBegun = false
  #closed = false

  constructor(element: HTMLVideoElement, url: string, events: FlvEvents) {
    this.#element = element
    this.#url = url
    this.#events = events
    this.#start()
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#source?.close()
  }

  #start(): void {
    // Trying again would not help.
    if (!canPlayFlv()) return this.#events.failed(new CrossroomError('PLAY_FAILED'))
    // The library is loaded only here: who gets through by WebRTC never pays for it.
    import('../media/mpegts.js').then(
      ({ mpegts }) => this.#open(mpegts),
      (error: unknown) => this.#retry(error),
    )
  }

  #open(mpegts: Mpegts): void {
    if (this.#closed) return
    const events = {
      connected: () => undefined,
      playing: () => void (this.#failures = 0),
      blocked: () => undefined,
      failed: ({ reason, detail = reason }: { reason: string; detail?: string }) => this.#retry(detail),
    }
    this.#source = new FlvSource(mpegts, this.#url, this.#element, events, () => this.#begin())
  }

  /** The owner of the element starts it, and handles blocked autoplay; this is for later attempts. */
  #begin(): void {
    if (this.#hasBegun) this.#element.play().catch(() => undefined)
    this.#hasBegun = true
  }

  #retry(cause: unknown): void {
    if (this.#closed) return
    if (this.#failures === RETRY_MS.length) this.#events.failed(new CrossroomError('PLAY_FAILED', undefined, { cause }))
    clearTimeout(this.#timer)
    const waitMs = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)]
    this.#timer = setTimeout(() => {
      this.#source?.close()
      this.#start()
    }, waitMs)
  }
}
