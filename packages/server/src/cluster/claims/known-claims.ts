import type { Micros } from '@crossroom/media'
import { StreamKey } from '../../hub/index.js'
import type { ClusterEngine, EngineChange } from '../engine/engine.js'
import type { Nodes } from '../nodes/nodes.js'
import { CLAIMS, nameOfClaim, readClaim, type Claim } from './claim.js'
import type { StreamLocation } from './stream-locations.js'

/** A claim of a node that nobody knows may have come before the record of that node. */
const UNKNOWN: Micros = 10_000_000

export interface KnownClaim {
  readonly name: string
  readonly claim: Claim
  readonly revision: number
  readonly heardAt: Micros
}

/** Every claim of the cluster, in memory: who wants to play a stream finds its node without a question. */
export class KnownClaims {
  readonly ready: Promise<void>
  readonly #nodes: Nodes
  readonly #clock: { listened(): Micros }
  readonly #claims = new Map<string, KnownClaim>()
  readonly #listeners = new Set<(key: StreamKey, location: StreamLocation | undefined) => void>()
  readonly #end: () => void

  /** `onChange`: also where the value is the same as before. */
  constructor(
    engine: ClusterEngine,
    nodes: Nodes,
    clock: { listened(): Micros },
    onChange: (name: string, known: KnownClaim | { readonly claim: undefined; readonly revision: number }) => void,
  ) {
    this.#nodes = nodes
    this.#clock = clock
    let tellReady: () => void = () => undefined
    this.ready = new Promise((resolve) => (tellReady = resolve))
    this.#end = engine.watch(CLAIMS, (change) => this.#handle(change, onChange), tellReady)
  }

  list(): { readonly name: string; readonly location: StreamLocation }[] {
    return [...this.#claims.values()].map(({ name, claim }) => ({ name, location: locationOf(claim) }))
  }

  locationOf(name: string): StreamLocation | undefined {
    const known = this.#claims.get(name)
    return known === undefined || this.isDead(name, known.claim) ? undefined : locationOf(known.claim)
  }

  /** Of the claim on a name, if that instance has it. */
  revisionOf(name: string, instance: string): number | undefined {
    const known = this.#claims.get(name)
    return known?.claim.instance === instance ? known.revision : undefined
  }

  observe(listener: (key: StreamKey, location: StreamLocation | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Whether the node of a claim is gone, or began anew. */
  isDead(name: string, { node, instance }: Claim): boolean {
    const known = this.#nodes.get(node)
    if (known !== undefined) return known.state === 'gone' || known.record.instance !== instance
    const { claim, heardAt } = this.#claims.get(name) ?? {}
    return claim?.instance === instance && this.#clock.listened() - heardAt! > UNKNOWN
  }

  dead(): KnownClaim[] {
    return [...this.#claims.values()].filter(({ name, claim }) => this.isDead(name, claim))
  }

  close(): void {
    this.#end()
  }

  #handle(
    change: EngineChange,
    onChange: (name: string, known: KnownClaim | { readonly claim: undefined; readonly revision: number }) => void,
  ): void {
    const { key, revision } = change.kind === 'put' ? change.entry : change
    const name = nameOfClaim(key)
    const claim = change.kind === 'put' ? readClaim(change.entry.value) : undefined
    if (claim === undefined) {
      this.#claims.delete(name)
      onChange(name, { claim, revision })
    } else {
      const known = { name, claim, revision, heardAt: this.#clock.listened() }
      this.#claims.set(name, known)
      onChange(name, known)
    }
    const best = StreamKey.plain(name)
    for (const listener of [...this.#listeners])
      for (const each of [best, best.small]) listener(each, claim && locationOf(claim))
  }
}

function locationOf({ node, subject, since }: Claim): StreamLocation {
  return { node, ...(subject !== undefined && { subject }), since }
}
