import { performance, type EventLoopUtilization } from 'node:perf_hooks'
import type { ClusterView, NodeInfo } from '../api/index.js'
import {
  ClaimingGate,
  NodeRequests,
  Nodes,
  openNatsEngine,
  SharedTokens,
  StreamClaims,
  type Claim,
  type ClusterEngine,
} from '../cluster/index.js'
import { nodeLimits } from '../config/index.js'
import type { OtherNodes } from '../endpoints/index.js'
import { ClusterHealth } from './cluster-health.js'
import { ClusterRooms } from './cluster-rooms.js'
import { describeSelf, readCredentials, relayAddress, secretIdOf } from './cluster-self.js'
import type { Core } from './core.js'
import { NodeRelay } from './node-relay.js'

/** What a node tells of itself changes slowly. */
const STATUS_MS = 5000

/** Where the rest of the server is joined to its cluster. */
export interface ClusterSeams {
  /** This node should stop: another has its id, or an operator drains it. */
  readonly stop: () => void
}

/** This node in its cluster: the engine, the nodes, and what stands on them. */
export class ClusterPart implements ClusterView {
  readonly engine: ClusterEngine
  readonly nodes: Nodes
  readonly requests: NodeRequests
  /** Where plain streams are published. */
  readonly claims: StreamClaims
  /** One-time tokens that were used on any node. */
  readonly tokens: SharedTokens
  /** Rooms of all nodes. */
  readonly rooms: ClusterRooms
  readonly health: ClusterHealth
  readonly #core: Core
  readonly #relay: NodeRelay
  readonly #stop: () => void
  #cancelStatus: () => void = () => undefined

  private constructor(
    core: Core,
    engine: ClusterEngine,
    nodes: Nodes,
    claims: StreamClaims,
    relay: NodeRelay,
    { stop }: ClusterSeams,
  ) {
    this.#core = core
    this.engine = engine
    this.nodes = nodes
    this.claims = claims
    this.tokens = new SharedTokens({ engine, clock: core.clock, nowMs: Date.now, random: Math.random })
    this.#relay = relay
    this.#stop = stop
    this.requests = new NodeRequests(engine, nodes)
    this.requests.on('drain', () => {
      stop()
      return {}
    })
    const { clock, config, log, metrics } = core
    const isLinked = (tag: string): boolean => relay.isLinked(tag)
    const engineName = core.seat?.engine && 'The parent process'
    const isolated = config.clusterIsolated
    this.health = new ClusterHealth({ engine, engineName, nodes, isLinked, clock, log, isolated })
    this.health.addMetrics(metrics, () => claims.list().length)
    core.gate.wrapPlain((gate) => new ClaimingGate(gate, claims))
    this.#tellStatus(performance.eventLoopUtilization())
    this.rooms = new ClusterRooms(core, { engine, nodes, requests: this.requests, claims })
    relay.start(nodes, this.rooms)
  }

  /**
   * Joins the cluster of the configuration; undefined without one.
   * @throws ConfigError, ClusterError
   */
  static async open(core: Core, seams: ClusterSeams): Promise<ClusterPart | undefined> {
    const { clock, clusterSecrets, config, log, seat } = core
    const { cluster: servers } = config
    if (servers.length === 0 && seat?.engine === undefined) return undefined
    const self = describeSelf(config, clusterSecrets())
    const nats = { servers, name: self.id, clock }
    const engine = seat?.engine ?? (await openNatsEngine({ ...nats, ...readCredentials(config) }, nodeLimits.joinMs))
    let relay: NodeRelay | undefined
    try {
      const media = (relay = await NodeRelay.open(core))
      const { fingerprint, port } = media
      const nodes = await Nodes.join(
        {
          ...{ engine, clock, nowMs: Date.now, isLinked: (tag) => media.isLinked(tag) },
          onReplaced: () => {
            log.error({ node: self.id }, 'Another node has the id of this one now, which stops')
            seams.stop()
          },
        },
        { ...self, relay: relayAddress(config, port), ...(fingerprint !== undefined && { fingerprint }) },
      )
      const { hub, hooks } = core
      const claims = await StreamClaims.open({
        ...{ engine, nodes, hub, clock, nowMs: Date.now, isolated: config.clusterIsolated },
        onNodeLost: (name, claim) => hooks?.unpublished(...endOf(name, claim)),
      })
      log.info({ node: self.id, nodes: nodes.list().map(({ record }) => record.id) }, 'Joined the cluster')
      return new ClusterPart(core, engine, nodes, claims, media, seams)
    } catch (error) {
      relay?.close()
      await engine.close()
      throw error
    }
  }

  /** The name of this node. */
  get id(): string {
    return this.nodes.own.id
  }

  /** For what a client says to the wrong node. */
  get others(): OtherNodes {
    const { nodes, requests } = this
    return {
      tag: nodes.tag,
      has: (tag) => (nodes.get(tag)?.state ?? 'gone') !== 'gone',
      ask: (tag, verb, body) => requests.ask(tag, verb, body),
      on: (verb, answer) => requests.on(verb, answer),
    }
  }

  list(): NodeInfo[] {
    return this.nodes.list().map(({ record, state }) => {
      const { id, tag, version, region, url, relay, startedAt, members, streams, load } = record
      const isSelf = tag === this.nodes.tag
      const clockErrorMs = this.nodes.clockErrorMs(tag)
      return {
        ...{ id, tag, version, state, isSelf, relay, startedAt, members, streams, load },
        ...(region !== undefined && { region }),
        ...(url !== undefined && { url }),
        ...(clockErrorMs !== undefined && { clockErrorMs: Math.round(clockErrorMs) }),
        ...(!isSelf && { isLinked: this.#relay.isLinked(tag) }),
      }
    })
  }

  async drain(id: string): Promise<boolean> {
    const node = this.nodes.list().find(({ record, state }) => record.id === id && state !== 'gone')
    if (node === undefined) return false
    if (node.record.tag === this.nodes.tag) this.#stop()
    else await this.requests.ask(node.record.tag, 'drain')
    return true
  }

  /** New clients should go elsewhere. */
  leave(): void {
    this.nodes.change({ state: 'draining' })
  }

  /** The secrets were read again. */
  renewSecrets(): void {
    this.nodes.change({ secretId: secretIdOf(this.#core.clusterSecrets()) })
  }

  /** Leaves the cluster. Idempotent. */
  async close(): Promise<void> {
    this.#cancelStatus()
    await this.rooms.close()
    this.requests.close()
    this.tokens.close()
    await this.claims.close()
    await this.nodes.close()
    this.#relay.close()
    await this.engine.close()
  }

  #tellStatus(since: EventLoopUtilization): void {
    const { clock, hub } = this.#core
    this.#cancelStatus = clock.after(STATUS_MS * 1000, () => {
      const now = performance.eventLoopUtilization()
      const load = Math.round(performance.eventLoopUtilization(now, since).utilization * 100) / 100
      const own = hub.list().filter(({ publication }) => publication !== undefined && publication.info.isCopy !== true)
      this.nodes.change({ streams: own.length, load })
      this.health.check()
      this.#tellStatus(now)
    })
  }
}

/** What the hook is told of a publication whose node died. */
function endOf(name: string, { since, subject, protocol, remoteAddress, connectionId }: Claim) {
  const [app = '', stream = ''] = name.split('/')
  const from = { protocol: protocol, remoteAddress, connectionId, query: new Map<string, string>() }
  const end = { reason: 'node-lost', durationMs: Math.max(0, Date.now() - since), subject } as const
  return [{ action: 'publish', app, stream, ...from }, end] as const
}
