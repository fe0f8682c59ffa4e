import { randomBytes } from 'node:crypto'
import type { MediaFrame, Micros, WireMessage } from '@crossroom/media'
import { relayLimits } from '../../config/index.js'
import type { Clock, Publication, PublicationEnd, StreamHub, StreamKey } from '../../hub/index.js'
import type { Begin, EndCause, TrackKind } from './messages.js'
import { PulledStream, type PullTarget } from './pulled-stream.js'
import type { RelayLink, WantHandler } from './relay-link.js'

/** The part of a link that a copy uses. */
export type PullLink = Pick<RelayLink, 'peer' | 'want' | 'drop' | 'requestKeyframe' | 'toLocal'>

export interface PulledCopyOptions {
  readonly key: StreamKey
  readonly link: PullLink
  readonly hub: StreamHub
  readonly clock: Clock
  /** Asked before each publication. */
  mayPublish(): boolean
  onPublished(): void
  /** The hub took its publication away because it was silent; it is still wanted from its node. */
  onSilent(): void
  /** It will not come, or not any more. Called once, and not after `close`. */
  onOver(): void
}

/** A stream of another node on this one: wanted there, published here. */
export class PulledCopy implements WantHandler, PullTarget {
  readonly link: PullLink
  readonly #options: PulledCopyOptions
  #pulled: PulledStream
  #want: number | undefined
  #publication: Publication | undefined
  #cancelGrace: (() => void) | undefined
  #isOver = false

  constructor(options: PulledCopyOptions) {
    this.#options = options
    this.link = options.link
    this.#pulled = this.#newPull()
  }

  get isPublished(): boolean {
    return this.#publication !== undefined
  }

  get isOver(): boolean {
    return this.#isOver
  }

  start(): void {
    this.#want = this.link.want(this.#options.key, this)
  }

  /** Idempotent. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#leave()
  }

  handleMessage(message: WireMessage, kind: TrackKind, now: Micros): boolean {
    return this.#isOver || this.#pulled.handleMessage(message, kind, now)
  }

  /** For plain streams a kick is the end for everybody, wherever they watch. */
  handleEnd(cause: EndCause): void {
    const { hub, key } = this.#options
    this.#want = undefined
    this.#end()
    if (cause === 'kicked' && key.space === 'plain') hub.get(key)?.end('kicked')
  }

  handleLinkLost(): void {
    this.#pulled.handleLinkLost()
    this.#cancelGrace ??= this.#options.clock.after(relayLimits.linkGraceMicros, () => this.#pulled.interrupt())
  }

  publish(begin: Begin): boolean {
    const { hub, key } = this.#options
    if (this.#isOver || !this.#options.mayPublish()) return false
    const former = this.#publication
    this.#publication = undefined
    const publication = hub.open(key).publish({
      ...{
        id: randomBytes(9).toString('base64url'),
        protocol: 'relay',
        remoteAddress: this.link.peer.tag,
        isCopy: true,
      },
      ...(begin.serverTime && { hasServerTime: true }),
      ...(begin.askable && { requestKeyframe: () => this.requestKeyframe() }),
      onClose: (end) => this.#handleClosed(end, publication),
    })
    if (publication === undefined) {
      former?.end()
      this.#end()
      return false
    }
    this.#publication = publication
    this.#options.onPublished()
    return true
  }

  push(frame: MediaFrame): void {
    this.#publication?.push(frame)
  }

  announce(tracks: readonly TrackKind[]): void {
    this.#cancelGrace?.()
    this.#cancelGrace = undefined
    this.#publication?.announce(tracks)
  }

  withholdVideo(): void {
    this.#publication?.withholdVideo()
  }

  interrupt(): void {
    const publication = this.#publication
    this.#publication = undefined
    publication?.end()
  }

  requestKeyframe(): void {
    if (this.#want !== undefined) this.link.requestKeyframe(this.#want)
  }

  #newPull(): PulledStream {
    return new PulledStream(this, (theirs) => this.link.toLocal(theirs))
  }

  #handleClosed(end: PublicationEnd, publication: Publication | undefined): void {
    if (publication === undefined || this.#publication !== publication) return
    this.#publication = undefined
    if (end !== 'silent') return this.#end()
    this.#leave()
    this.#pulled = this.#newPull()
    this.#options.onSilent()
    if (!this.#isOver) this.start()
  }

  #end(): void {
    if (this.#isOver) return
    this.close()
    this.#options.onOver()
  }

  #leave(): void {
    this.#cancelGrace?.()
    this.#cancelGrace = undefined
    if (this.#want !== undefined) this.link.drop(this.#want)
    this.#want = undefined
    this.interrupt()
  }
}
