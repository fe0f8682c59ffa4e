import type { Micros } from '@crossroom/media'
import { claimLimits } from '../../config/index.js'
import { StreamKey, type Publication, type Stream, type StreamHub } from '../../hub/index.js'
import type { ClusterEngine } from '../engine/engine.js'
import { EngineLostError } from '../engine/engine.js'
import type { Nodes } from '../nodes/nodes.js'
import { ClaimQueue } from './claim-queue.js'
import { keyOfClaim, readClaim, writeClaim, type Claim, type ClaimedBy } from './claim.js'
import { KnownClaims, type KnownClaim } from './known-claims.js'
import type { StreamLocation, StreamLocations } from './stream-locations.js'

const ATTEMPTS = 5
const RETRY: Micros = 250_000
const SWEEP: Micros = 5_000_000

export interface StreamClaimsDeps {
  readonly engine: ClusterEngine
  readonly nodes: Nodes
  readonly hub: StreamHub
  readonly clock: { listened(): Micros; after(delay: Micros, callback: () => void): () => void }
  readonly nowMs: () => number
  /** While the engine is lost names are given on this node alone. */
  readonly isolated: 'refuse' | 'local'
  /** A node died that published this; told on one node. */
  readonly onNodeLost: (name: string, claim: Claim) => void
}

/** `busy`: another publisher has it. `unavailable`: the engine cannot be asked. */
export type ClaimAnswer = 'granted' | 'busy' | 'unavailable'

/** Whether a claim that is there may be replaced: a newcomer takes over from itself; who publishes already does not. */
type Manner = 'enter' | 'keep'

interface Own {
  readonly revision: number
  readonly subject: string | undefined
}

/**
 * The names of plain streams that are published on this node, claimed in the store by compare-and-set: a name has one
 * publisher in the cluster as it has one on a node. The claim follows the publication: it is made before, kept while it lasts,
 * and where another node got the name the publication ends.
 */
export class StreamClaims implements StreamLocations {
  readonly #deps: StreamClaimsDeps
  readonly #known: KnownClaims
  readonly #queue = new ClaimQueue()
  /** What the store has of ours, by name. */
  readonly #own = new Map<string, Own>()
  /** Publishers between their permission and their end, by name. */
  readonly #reserved = new Map<string, number>()
  /** Names whose claim could not be brought in line, because the engine did not answer. */
  readonly #unsettled = new Set<string>()
  readonly #ends: (() => void)[] = []
  #cancelSweep: () => void = () => undefined
  #isClosed = false

  /** Resolves when the claims of the cluster are known. */
  static async open(deps: StreamClaimsDeps): Promise<StreamClaims> {
    const claims = new StreamClaims(deps)
    await claims.#known.ready
    claims.#sweep()
    return claims
  }

  private constructor(deps: StreamClaimsDeps) {
    const { engine, hub, nodes, clock } = deps
    this.#deps = deps
    this.#known = new KnownClaims(engine, nodes, clock, (name, known) => this.#handleChange(name, known))
    this.#ends.push(
      hub.observe({
        published: (stream) => this.#handleStream(stream),
        // A moment later: a publisher that takes over from itself is gone for no time.
        unpublished: (stream) => clock.after(0, () => this.#handleStream(stream)),
      }),
      nodes.observe(({ state }) => state === 'gone' && this.#removeDead()),
      engine.onState(() => this.#handleEngine()),
    )
  }

  find(key: StreamKey): Promise<StreamLocation | undefined> {
    return Promise.resolve(key.space === 'plain' ? this.#known.locationOf(key.name) : undefined)
  }

  observe(listener: (key: StreamKey, location: StreamLocation | undefined) => void): () => void {
    return this.#known.observe(listener)
  }

  /** Claims of the cluster, for lists. */
  list(): { readonly name: string; readonly location: StreamLocation }[] {
    return this.#known.list()
  }

  /** Asks for a name. When it is granted, `release` follows once the publisher is gone. Never rejects. */
  async reserve(name: string, by: ClaimedBy): Promise<ClaimAnswer> {
    this.#reserved.set(name, (this.#reserved.get(name) ?? 0) + 1)
    const answer = await this.#queue.run(name, () => this.#enter(name, by))
    if (answer !== 'granted') this.release(name)
    return answer
  }

  release(name: string): void {
    const left = (this.#reserved.get(name) ?? 1) - 1
    if (left > 0) this.#reserved.set(name, left)
    else this.#reserved.delete(name)
    this.#settle(name)
  }

  /** Gives all names back. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelSweep()
    for (const end of this.#ends) end()
    this.#known.close()
    const { engine } = this.#deps
    const own = [...this.#own]
    this.#own.clear()
    await Promise.all(own.map(([name, { revision }]) => engine.delete(keyOfClaim(name), revision).catch(() => false)))
  }

  /** Asks until the engine answers: an election passes, and an encoder waits longer than that. */
  async #enter(name: string, by: ClaimedBy): Promise<ClaimAnswer> {
    const { clock, engine, isolated } = this.#deps
    const from = clock.listened()
    for (;;) {
      try {
        return await this.#take(name, by, 'enter')
      } catch (error) {
        if (!(error instanceof EngineLostError)) throw error
      }
      if (isolated === 'local') return 'granted'
      const isOver = clock.listened() - from > claimLimits.waitMicros
      if (engine.state === 'lost' || isOver || this.#isClosed) return 'unavailable'
      await new Promise<void>((resolve) => clock.after(RETRY, resolve))
    }
  }

  /** @throws EngineLostError */
  async #take(name: string, by: ClaimedBy, manner: Manner): Promise<ClaimAnswer> {
    // Between publishers of one node the hub decides.
    if (this.#own.has(name)) return 'granted'
    const { engine, nodes, nowMs, onNodeLost } = this.#deps
    const key = keyOfClaim(name)
    const { tag: node, instance } = nodes.own
    const claim: Claim = { ...by, node, instance, since: nowMs() }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const made = await engine.create(key, writeClaim(claim))
      if (made !== undefined) return this.#keep(name, made, by)
      const entry = await engine.get(key)
      if (entry === undefined) continue
      const present = readClaim(entry.value)
      const isOther = present !== undefined && present.instance !== instance
      const isDead = isOther && this.#known.isDead(name, present)
      const isSame = manner === 'enter' && by.subject !== undefined && present?.subject === by.subject
      if (isOther && !isDead && !isSame) return 'busy'
      const revision = await engine.update(key, writeClaim(claim), entry.revision)
      if (revision === undefined) continue
      if (isDead) onNodeLost(name, present)
      return this.#keep(name, revision, by)
    }
    return 'busy'
  }

  #keep(name: string, revision: number, { subject }: ClaimedBy): ClaimAnswer {
    this.#own.set(name, { revision, subject })
    return 'granted'
  }

  #handleStream({ key }: Stream): void {
    if (key.space === 'plain' && key.layer === 'best') this.#settle(key.name)
  }

  /** Brings the claim in line with what is published here. */
  #settle(name: string): void {
    if (this.#isClosed) return
    this.#queue
      .run(name, () => this.#settleNow(name))
      .catch((error: unknown) => {
        if (!(error instanceof EngineLostError)) throw error
        this.#unsettled.add(name)
        if (this.#deps.engine.isWritable) this.#deps.clock.after(RETRY, () => this.#settleAll())
      })
  }

  async #settleNow(name: string): Promise<void> {
    this.#unsettled.delete(name)
    const { engine } = this.#deps
    const publication = this.#publicationOf(name)
    const own = this.#own.get(name)
    if (publication === undefined) {
      // A write whose answer was lost is ours as well.
      const revision = own?.revision ?? this.#known.revisionOf(name, this.#deps.nodes.own.instance)
      if (revision === undefined || this.#reserved.has(name)) return
      await engine.delete(keyOfClaim(name), revision)
      this.#own.delete(name)
      return
    }
    const { info } = publication
    const { id: connectionId, protocol, remoteAddress, subject } = info
    const by = { connectionId, protocol, remoteAddress, ...(subject !== undefined && { subject }) }
    if (own === undefined) {
      if ((await this.#take(name, by, 'keep')) === 'busy') publication.close('replaced')
    } else if (own.subject !== subject) {
      const { tag: node, instance } = this.#deps.nodes.own
      const claim = { ...by, node, instance, since: this.#deps.nowMs() }
      const revision = await engine.update(keyOfClaim(name), writeClaim(claim), own.revision)
      if (revision === undefined) this.#own.delete(name)
      else this.#own.set(name, { revision, subject })
    }
  }

  #publicationOf(name: string): Publication | undefined {
    const publication = this.#deps.hub.get(StreamKey.plain(name))?.publication
    return publication?.info.isCopy === true ? undefined : publication
  }

  /** The store says something else, or the same, of a name. */
  #handleChange(name: string, known: KnownClaim | { readonly claim: undefined; readonly revision: number }): void {
    const { instance } = this.#deps.nodes.own
    const { claim, revision } = known
    const own = this.#own.get(name)
    if (claim?.instance === instance) {
      // A write whose answer was lost.
      if (!this.#queue.isBusy(name) && (own === undefined || own.revision < revision)) {
        this.#own.set(name, { revision, subject: claim.subject })
        this.#settle(name)
      }
      return
    }
    if (own === undefined || own.revision >= revision) return
    this.#own.delete(name)
    if (claim === undefined) this.#settle(name)
    else this.#publicationOf(name)?.close('replaced')
  }

  #handleEngine(): void {
    if (this.#deps.engine.isWritable) this.#settleAll()
  }

  #settleAll(): void {
    for (const name of [...this.#unsettled]) this.#settle(name)
  }

  #sweep(): void {
    this.#removeDead()
    this.#cancelSweep = this.#deps.clock.after(SWEEP, () => this.#sweep())
  }

  /** Every node tries; the store lets one of them. */
  #removeDead(): void {
    const { engine, onNodeLost } = this.#deps
    if (!engine.isWritable || this.#isClosed) return
    for (const { name, claim, revision } of this.#known.dead())
      engine.delete(keyOfClaim(name), revision).then(
        (isRemoved) => isRemoved && onNodeLost(name, claim),
        () => undefined,
      )
  }
}
