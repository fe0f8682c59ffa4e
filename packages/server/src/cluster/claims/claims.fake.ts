import { setImmediate as immediate } from 'node:timers/promises'
import { VirtualClock } from '@crossroom/testkit'
import type { Admission, Grant, StreamEndReason, StreamGate } from '../../auth/index.js'
import { gopCacheLimits, publisherLimits } from '../../config/index.js'
import { StreamHub, StreamKey, type Publication, type PublicationEnd } from '../../hub/index.js'
import { MemoryEngine, MemoryStore } from '../engine/memory-engine.js'
import { Nodes } from '../nodes/nodes.js'
import type { Claim } from './claim.js'
import { ClaimingGate } from './claiming-gate.js'
import { StreamClaims } from './stream-claims.js'

const START = Date.UTC(2026, 0, 1)

/** A gate that admits everybody; the `token` of the query is the subject. */
const openGate: StreamGate = {
  admit: ({ app, query, stream }): Promise<Grant> =>
    Promise.resolve({
      ...{ ok: true, key: StreamKey.plain(`${app}/${stream}`), subject: query.get('token') },
      opened: () => undefined,
      closed: () => undefined,
      onRevoked: () => undefined,
    }),
}

/** One publisher on a node, as an endpoint keeps it. */
export interface FakePublisher {
  readonly code: string
  readonly publication: Publication | undefined
  readonly end: PublicationEnd | undefined
  stop(): void
}

export class FakeNode {
  readonly engine: MemoryEngine
  readonly nodes: Nodes
  readonly hub: StreamHub
  readonly claims: StreamClaims
  readonly lost: string[]
  readonly #gate: ClaimingGate

  constructor(engine: MemoryEngine, nodes: Nodes, hub: StreamHub, claims: StreamClaims, lost: string[]) {
    this.engine = engine
    this.nodes = nodes
    this.hub = hub
    this.claims = claims
    this.lost = lost
    this.#gate = new ClaimingGate(openGate, claims)
  }

  async publish(name: string, token?: string): Promise<FakePublisher> {
    const [app = '', stream = ''] = name.split('/')
    const query = new Map(token === undefined ? [] : [['token', token]])
    const from = { protocol: 'rtmp', remoteAddress: '192.0.2.1', connectionId: 'c' } as const
    const admission = await this.#gate.admit({ action: 'publish', app, stream, query, ...from })
    return this.#begin(admission)
  }

  /** A source inside the server, which asks no gate. */
  make(name: string): FakePublisher {
    const grant = { ok: true, key: StreamKey.plain(name), closed: () => undefined } as unknown as Grant
    return this.#begin(grant)
  }

  publishes(name: string): boolean {
    const publication = this.hub.get(StreamKey.plain(name))?.publication
    return publication !== undefined && publication.info.isCopy !== true
  }

  #begin(admission: Admission): FakePublisher {
    if (!admission.ok) return { code: admission.code, publication: undefined, end: undefined, stop: () => undefined }
    const { key, subject } = admission
    const closed = (reason: StreamEndReason): void => admission.closed(reason)
    let end: PublicationEnd | undefined
    const info = { id: 'c', protocol: 'rtmp', remoteAddress: '192.0.2.1', ...(subject !== undefined && { subject }) }
    const publication = this.hub.open(key).publish({
      ...info,
      onClose: (reason) => {
        end = reason
        closed('client')
      },
    })
    if (publication === undefined) closed('error')
    const stop = (): void => {
      publication?.end()
      closed('client')
    }
    const code = publication === undefined ? 'BUSY' : 'granted'
    return {
      ...{ code, publication, stop },
      get end() {
        return end
      },
    }
  }
}

/** Nodes of one process that claim names, on a virtual clock. */
export class ClaimsStage {
  readonly clock = new VirtualClock()
  readonly store = new MemoryStore()
  readonly nodes: FakeNode[] = []

  /** `wrap`: changes what the node sends. */
  async join(
    id: string,
    isolated: 'refuse' | 'local' = 'refuse',
    instance = id,
    wrap = (engine: MemoryEngine): MemoryEngine => engine,
  ): Promise<FakeNode> {
    const { clock, store } = this
    const engine = wrap(new MemoryEngine(store, clock))
    const nowMs = (): number => START + clock.now() / 1000
    const deps = { engine, clock, nowMs, isLinked: () => false, onReplaced: () => undefined }
    const own = { id, instance, version: '1', relay: '127.0.0.1:1', startedAt: START, members: 0, streams: 0, load: 0 }
    const nodes = await this.settle(Nodes.join(deps, { ...own, state: 'up' }))
    const limits = { ...publisherLimits, silentMicros: Number.MAX_SAFE_INTEGER }
    const hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...limits })
    const lost: string[] = []
    const onNodeLost = (name: string, { node }: Claim): void => void lost.push(`${name} ${node}`)
    const claims = await this.settle(StreamClaims.open({ engine, nodes, hub, clock, nowMs, isolated, onNodeLost }))
    const node = new FakeNode(engine, nodes, hub, claims, lost)
    this.nodes.push(node)
    return node
  }

  /** A question that nobody answers waits for the clock. */
  async settle<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    promise.then(settle, settle)
    while (!isSettled) {
      await immediate()
      if (!isSettled) this.clock.advance(20_000)
    }
    return await promise
  }

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50_000)
      await immediate()
    }
  }

  async close(): Promise<void> {
    for (const { claims, nodes } of this.nodes) await Promise.all([claims.close(), nodes.close()])
  }
}
