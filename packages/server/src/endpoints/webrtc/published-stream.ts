import type { MediaFrame, Micros } from '@crossroom/media'
import { layersOf, type NegotiatedMedia } from '@crossroom/webrtc'
import type { Publication, PublicationEnd, StreamKey } from '../../hub/index.js'
import type { Traffic } from '../../observe/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { Layers } from './layers.js'

/** A lower layer that is silent for so long is over. */
const SMALL_ENDS_AFTER: Micros = 3_000_000

/** What of the environment a publisher needs. */
export type PublishEnvironment = Pick<
  EndpointEnvironment,
  'hub' | 'clock' | 'log' | 'metrics' | 'connections' | 'newConnectionId'
>

export interface PublishedStreamOptions {
  readonly environment: PublishEnvironment
  readonly protocol: 'whip' | 'webrtc'
  /** Of the connection, in lists. */
  readonly id: string
  readonly remoteAddress: string
  /** Where it goes, and as whom (see `PublisherInfo`). */
  readonly key: StreamKey
  readonly subject?: string | undefined
  /** Asks the browser. */
  requestKeyframe(mid: string, rid: string | undefined): void
  /** The hub took the stream away; it can be opened again. */
  onTaken(reason: PublicationEnd): void
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
  #unlist: (() => void) | undefined
  #bytes = 0

  constructor(options: PublishedStreamOptions) {
    this.#options = options
    this.#traffic = options.environment.metrics.traffic(options.protocol)
  }

  get key(): StreamKey {
    return this.#options.key
  }

  get isOpen(): boolean {
    return this.#main !== undefined
  }

  /** Takes the key in the hub. False when somebody else has it. */
  open(): boolean {
    const { environment, key, id, protocol, remoteAddress } = this.#options
    const { metrics, connections, clock } = environment
    const publication = this.#publish(
      key,
      () => this.#layers.main,
      (reason) => this.#handleTaken(reason),
    )
    if (publication === undefined) {
      metrics.refused(protocol, 'BUSY')
      return false
    }
    this.#main = publication
    this.#isSmallRefused = false
    // Opened again in mid-stream, with nothing that a viewer could begin with.
    if (this.#videoMid !== undefined) this.#options.requestKeyframe(this.#videoMid, this.#layers.main)
    metrics.publisherStarted(protocol)
    this.#unlist = connections.add({
      ...{ id, role: 'publisher', protocol, remoteAddress, streamKey: key, startedAt: clock.now() },
      bytes: () => this.#bytes,
      droppedFrames: () => 0,
      kick: (reason = 'kicked') => publication.close(reason),
    })
    return true
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

  /** The hub takes it away from the browser, as for a kick. */
  close(reason: PublicationEnd): void {
    this.#main?.close(reason)
  }

  /** The browser has ended it. Idempotent; it can be opened again. */
  end(): void {
    const main = this.#main
    if (main === undefined) return
    this.#release()
    main.end()
  }

  #handleTaken(reason: PublicationEnd): void {
    this.#release()
    this.#options.onTaken(reason)
  }

  #release(): void {
    this.#main = undefined
    this.#unlist?.()
    this.#options.environment.metrics.publisherEnded(this.#options.protocol)
    this.#endSmall()
  }

  #pushSmall(frame: MediaFrame): void {
    this.#lastSmallAt = this.#options.environment.clock.listened()
    if (this.#small === undefined && !this.#isSmallRefused) this.#openSmall()
    this.#small?.push(frame)
  }

  #openSmall(): void {
    const refused = (): void => {
      this.#isSmallRefused = true
      this.#endSmall()
    }
    this.#small = this.#publish(this.key.small, () => this.#layers.small, refused)
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

  #publish(
    key: StreamKey,
    layer: () => string | undefined,
    onClose: (reason: PublicationEnd) => void,
  ): Publication | undefined {
    const { environment, id, protocol, remoteAddress, subject } = this.#options
    return environment.hub.open(key).publish({
      ...{ id, protocol, remoteAddress, onClose },
      ...(subject !== undefined && { subject }),
      hasServerTime: true,
      requestKeyframe: () => {
        if (this.#videoMid !== undefined) this.#options.requestKeyframe(this.#videoMid, layer())
      },
    })
  }
}
