import type { MediaFrame, Micros } from '@crossroom/media'
import { layersOf, type NegotiatedMedia } from '@crossroom/webrtc'
import type { Grant, Refusal, StreamEndReason, StreamRequest } from '../../../auth/index.js'
import type { Publication } from '../../../hub/index.js'
import type { Traffic } from '../../../observe/index.js'
import type { EndpointEnvironment } from '../../environment.js'
import { PublishAttempt, type PublishEnvironment } from '../../publish-attempt.js'
import { Layers } from './layers.js'

/** A lower layer that is silent for so long is over. */
const SMALL_ENDS_AFTER: Micros = 3_000_000

export interface PublishedStreamOptions {
  readonly environment: PublishEnvironment
  readonly protocol: 'whip' | 'webrtc'
  /** Of the connection, in lists. */
  readonly connectionId: string
  readonly remoteAddress: string
  /** Asks the browser. */
  requestKeyframe(mid: string, rid: string | undefined): void
  /** The publication was ended from outside; the stream can be taken again. */
  onEnded(reason: StreamEndReason): void
}

/** What one stream is made of: an m-line of sound, one of pictures, or both. */
export type StreamMedia = Pick<NegotiatedMedia, 'mid' | 'kind' | 'rids' | 'remote'>

/**
 * One stream that a browser publishes, in the hub: its best layer and its sound under its key and, while the browser sends
 * several layers, the lowest one with the same sound beside it (`key.small`).
 */
export class PublishedStream {
  readonly #options: PublishedStreamOptions
  readonly #traffic: Traffic
  #audioMid: string | undefined
  #videoMid: string | undefined
  #layers = new Layers([])
  #main: Publication | undefined
  #small: Publication | undefined
  /** The hub took the lower stream away: it is not opened again. */
  #isSmallRefused = false
  #lastSmallAt: Micros = 0
  #cancelSmallTimer: (() => void) | undefined
  #attempt: PublishAttempt | undefined
  #bytes = 0

  constructor(options: PublishedStreamOptions) {
    this.#options = options
    this.#traffic = options.environment.metrics.traffic(options.protocol)
  }

  get isOpen(): boolean {
    return this.#main !== undefined
  }

  /** See `PublishAttempt.isKnown`. */
  get isKnown(): boolean {
    return this.#attempt?.isKnown === true
  }

  /** Asks the gate, and takes the stream. Answers the refusal; undefined when it has begun, or was ended meanwhile. */
  async ask(gate: Pick<EndpointEnvironment, 'gate'>, request: StreamRequest): Promise<Refusal | undefined> {
    const attempt = (this.#attempt = this.#newAttempt())
    const refusal = await attempt.ask(gate, request)
    this.#begin(attempt)
    return refusal
  }

  /** Takes the stream of a client that was admitted before. Returns the refusal; undefined on success. */
  take(grant: Grant): Refusal | undefined {
    const attempt = (this.#attempt = this.#newAttempt())
    const refusal = attempt.take(grant)
    this.#begin(attempt)
    return refusal
  }

  /** Takes the m-lines that make up the stream from now on. Layers of an m-line that stays go on. */
  setMedia(media: readonly StreamMedia[]): void {
    const video = media.find(({ kind }) => kind === 'video')
    const layers = video === undefined ? [] : layersOf(video)
    this.#audioMid = media.find(({ kind }) => kind === 'audio')?.mid
    if (video?.mid === this.#videoMid && layers.join() === this.#layers.order.join()) return
    this.#videoMid = video?.mid
    this.#layers = new Layers(layers)
    this.#endSmall()
  }

  /** Hands a frame on that came on one of its m-lines; others are ignored. */
  handleFrame(mid: string, rid: string | undefined, frame: MediaFrame): void {
    const main = this.#main
    if (main === undefined || (mid !== this.#videoMid && mid !== this.#audioMid)) return
    for (const unit of frame.units) this.#bytes += unit.length
    this.#traffic.framesIn++
    if (mid === this.#audioMid) {
      main.push(frame)
      this.#small?.push(frame)
      return
    }
    const verdict = this.#layers.take(rid, frame)
    const { small, wantsKeyframe } = verdict
    if (verdict.main) main.push(frame)
    if (small) this.#pushSmall(frame)
    if (wantsKeyframe) this.#options.requestKeyframe(mid, rid)
  }

  /** The browser has ended it, or its connection. Idempotent; it can be taken again. */
  end(reason: StreamEndReason = 'client'): void {
    this.#release()
    this.#attempt?.close(reason)
  }

  #newAttempt(): PublishAttempt {
    const { environment, protocol, connectionId, remoteAddress } = this.#options
    return new PublishAttempt(environment, {
      ...{ protocol, connectionId, remoteAddress, hasServerTime: true },
      bytes: () => this.#bytes,
      requestKeyframe: () => this.#requestKeyframe(this.#layers.main),
      ended: (reason) => {
        this.#release()
        this.#options.onEnded(reason)
      },
    })
  }

  #begin({ publication }: PublishAttempt): void {
    if (publication === undefined) return
    this.#main = publication
    this.#isSmallRefused = false
    // Opened again in mid-stream, with nothing that a viewer could begin with.
    this.#requestKeyframe(this.#layers.main)
  }

  #requestKeyframe(rid: string | undefined): void {
    if (this.#videoMid !== undefined) this.#options.requestKeyframe(this.#videoMid, rid)
  }

  #release(): void {
    this.#main = undefined
    this.#endSmall()
  }

  #pushSmall(frame: MediaFrame): void {
    this.#lastSmallAt = this.#options.environment.clock.listened()
    const grant = this.#attempt?.grant
    if (this.#small === undefined && !this.#isSmallRefused && grant !== undefined) this.#openSmall(grant)
    this.#small?.push(frame)
  }

  /** It lives and is admitted with the stream of which it is a layer, so it is not a separate publish. */
  #openSmall({ key, subject }: Grant): void {
    const { environment, connectionId: id, protocol, remoteAddress } = this.#options
    this.#small = environment.hub.open(key.small).publish({
      ...{ id, protocol, remoteAddress, hasServerTime: true },
      ...(subject !== undefined && { subject }),
      requestKeyframe: () => this.#requestKeyframe(this.#layers.small),
      onClose: () => {
        this.#isSmallRefused = true
        this.#endSmall()
      },
    })
    if (this.#small === undefined) this.#isSmallRefused = true
    else this.#watchSmall(SMALL_ENDS_AFTER)
  }

  /** One timer that looks at the last frame, not one more per frame. */
  #watchSmall(wait: Micros): void {
    const { clock } = this.#options.environment
    this.#cancelSmallTimer = clock.after(wait, () => {
      const left = this.#lastSmallAt + SMALL_ENDS_AFTER - clock.listened()
      if (left > 0) this.#watchSmall(left)
      else this.#endSmall()
    })
  }

  #endSmall(): void {
    this.#cancelSmallTimer?.()
    this.#cancelSmallTimer = undefined
    this.#layers.stopSmall()
    const small = this.#small
    this.#small = undefined
    small?.end()
  }
}
