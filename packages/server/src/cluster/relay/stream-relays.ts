import type { Clock, StreamHub, StreamKey, StreamResolver } from '../../hub/index.js'
import type { StreamLocation, StreamLocations } from '../claims/stream-locations.js'
import { PulledCopy, type PullLink } from './pulled-copy.js'

export interface StreamRelaysOptions {
  /** Of this node. */
  readonly tag: string
  readonly hub: StreamHub
  readonly clock: Clock
  readonly locations: StreamLocations
  /** The link to a node; undefined when the node is not known. */
  link(tag: string): PullLink | undefined
}

/** A stream that is pulled, or looked for. */
interface Relayed {
  readonly key: StreamKey
  /** Where it comes from, and where it will come from once that has published. */
  copy: PulledCopy | undefined
  next: PulledCopy | undefined
  /** Tells the hub; undefined while the hub does not wait for us. */
  giveUp: (() => void) | undefined
}

/**
 * Pulls the streams that somebody here wants and another node publishes: one copy of each, however many viewers it has. What
 * another node publishes is never served on from here, so there is no circle.
 */
export class StreamRelays implements StreamResolver {
  readonly #options: StreamRelaysOptions
  readonly #relayed = new Map<string, Relayed>()
  readonly #stops: (() => void)[]
  #isClosed = false

  constructor(options: StreamRelaysOptions) {
    const { hub, locations } = options
    this.#options = options
    this.#stops = [
      locations.observe((key, location) => this.#handleLocation(key, location)),
      hub.observe({
        demandChanged: (stream) => this.#dropUnwanted(stream.key),
        closed: (stream) => this.#dropUnwanted(stream.key),
      }),
    ]
  }

  /** Copies at this moment. */
  get size(): number {
    return this.#relayed.size
  }

  resolve(key: StreamKey, giveUp: () => void): boolean {
    if (this.#isClosed || this.#isForPeersAlone(key)) return false
    const present = this.#relayed.get(key.text)
    const relayed = present ?? { key, copy: undefined, next: undefined, giveUp: undefined }
    relayed.giveUp = giveUp
    this.#relayed.set(key.text, relayed)
    if (relayed.copy === undefined && relayed.next === undefined) void this.#locate(relayed)
    return true
  }

  /** A copy that is not there yet stays wanted while players wait for it: its member may publish at any time. */
  release(key: StreamKey): void {
    const relayed = this.#relayed.get(key.text)
    if (relayed === undefined) return
    relayed.giveUp = undefined
    if (this.#isWanted(key) && relayed.copy?.isPublished !== true && !this.#isClosed) return
    this.#stop(relayed)
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    for (const relayed of [...this.#relayed.values()]) this.#stop(relayed)
  }

  async #locate(relayed: Relayed): Promise<void> {
    const location = await this.#options.locations.find(relayed.key).catch(() => undefined)
    if (this.#relayed.get(relayed.key.text) === relayed) this.#follow(relayed, location)
  }

  #handleLocation(key: StreamKey, location: StreamLocation | undefined): void {
    const relayed = this.#relayed.get(key.text)
    if (relayed !== undefined) this.#follow(relayed, location)
    else if (location !== undefined && location.node !== this.#options.tag) this.#options.hub.recheck(key)
  }

  #follow(relayed: Relayed, location: StreamLocation | undefined): void {
    const source = relayed.next ?? relayed.copy
    // Its node says itself when a stream is over.
    if (location === undefined && source !== undefined) return
    const link =
      location === undefined || location.node === this.#options.tag ? undefined : this.#options.link(location.node)
    if (link === undefined) return this.#stop(relayed)
    if (source?.link === link && !source.isOver) return
    relayed.next?.close()
    relayed.next = undefined
    const copy = this.#pull(relayed, link)
    if (relayed.copy === undefined) relayed.copy = copy
    else relayed.next = copy
  }

  #pull(relayed: Relayed, link: PullLink): PulledCopy {
    const { clock, hub } = this.#options
    const copy: PulledCopy = new PulledCopy({
      ...{ key: relayed.key, link, hub, clock },
      mayPublish: () => this.#mayPublish(relayed),
      onPublished: () => {
        if (relayed.next !== copy) return
        // The hub has closed the former copy's publication.
        relayed.copy?.close()
        relayed.copy = copy
        relayed.next = undefined
      },
      onSilent: () => this.#giveUp(relayed),
      onOver: () => this.#handleOver(relayed, copy),
    })
    copy.start()
    return copy
  }

  /** A copy that the hub does not wait for any more is offered to it again. */
  #mayPublish(relayed: Relayed): boolean {
    if (relayed.giveUp === undefined) this.#options.hub.recheck(relayed.key)
    return relayed.giveUp !== undefined
  }

  #giveUp(relayed: Relayed): void {
    const { giveUp } = relayed
    relayed.giveUp = undefined
    giveUp?.()
  }

  #handleOver(relayed: Relayed, copy: PulledCopy): void {
    if (relayed.next === copy) relayed.next = undefined
    else if (relayed.copy === copy) {
      relayed.copy = relayed.next
      relayed.next = undefined
    }
    if (relayed.copy === undefined) this.#stop(relayed)
  }

  #stop(relayed: Relayed): void {
    if (this.#relayed.get(relayed.key.text) !== relayed) return
    this.#relayed.delete(relayed.key.text)
    relayed.next?.close()
    relayed.copy?.close()
    this.#giveUp(relayed)
  }

  #dropUnwanted(key: StreamKey): void {
    const relayed = this.#relayed.get(key.text)
    // While the hub waits for it or has it, the hub releases it.
    if (relayed !== undefined && relayed.giveUp === undefined && !this.#isWanted(key)) this.#stop(relayed)
  }

  #isWanted(key: StreamKey): boolean {
    return this.#options.hub.get(key)?.isWanted === true
  }

  /** Peers that pull from here are not viewers of ours: they find the stream where it is. */
  #isForPeersAlone(key: StreamKey): boolean {
    const demand = this.#options.hub.get(key)?.demand
    return demand !== undefined && demand.size > 0 && [...demand.keys()].every((kind) => kind === 'relay')
  }
}
