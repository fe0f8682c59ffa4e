import type { Micros } from '@crossroom/media'
import type { Readiness } from '../api/index.js'
import type { ClusterEngine, Nodes } from '../cluster/index.js'
import { nodeLimits, type Config } from '../config/index.js'
import type { Log, Metrics } from '../observe/index.js'

export interface ClusterHealthDeps {
  readonly engine: ClusterEngine
  /** Default: NATS. */
  readonly engineName?: string | undefined
  readonly nodes: Nodes
  /** Absent without a relay. */
  readonly isLinked: ((tag: string) => boolean) | undefined
  readonly clock: { listened(): Micros }
  readonly log: Log
  readonly isolated: Config['clusterIsolated']
}

/** What is wrong with this node's place in the cluster: for `/readyz`, the log and metrics. */
export class ClusterHealth {
  readonly #deps: ClusterHealthDeps
  readonly #unlinkedSince = new Map<string, Micros>()
  /** Sentences that the log has. */
  #told = new Set<string>()
  #unwritableSince: Micros | undefined
  #losses = 0

  constructor(deps: ClusterHealthDeps) {
    this.#deps = deps
    deps.engine.onState(() => this.#handleEngine())
  }

  /** Why nobody new should come here now. */
  get trouble(): string | undefined {
    const { clock, engine, engineName = 'NATS', isolated, nodes } = this.#deps
    if (nodes.isReplaced) return 'Another node has the id of this one: give each node its own --node-id.'
    if (isolated === 'local') return undefined
    if (engine.state === 'lost') return `${engineName} cannot be reached: calls go on, new ones are refused.`
    const since = this.#unwritableSince
    if (since === undefined || clock.listened() - since < nodeLimits.electionMs * 1000) return undefined
    return 'NATS takes no writes: fewer than two of its three servers are up.'
  }

  /** Without the names and addresses of nodes, which the log has: anybody may ask. */
  get parts(): Readiness['parts'] {
    const { trouble } = this
    const partOf = (why: string | undefined) => (why === undefined ? { on: true } : { on: false, why })
    const misfits = this.#deps.nodes.misfits().length
    const unlinked = this.#unlinked().length
    const nodesOf = (count: number): string => (count === 1 ? 'one other node' : `${String(count)} other nodes`)
    return {
      cluster: partOf(trouble),
      ...(misfits > 0 && { nodes: partOf(`This node does not fit to ${nodesOf(misfits)}: the log says why.`) }),
      ...(unlinked > 0 && { relay: partOf(`No link leads to ${nodesOf(unlinked)}: the log says where.`) }),
    }
  }

  /** Tells the log what is new. */
  check(): void {
    const { clock, isLinked, log, nodes } = this.#deps
    const now = clock.listened()
    for (const { record, state } of nodes.list()) {
      if (record.tag === nodes.tag || state === 'gone' || isLinked?.(record.tag) !== false)
        this.#unlinkedSince.delete(record.tag)
      else if (!this.#unlinkedSince.has(record.tag)) this.#unlinkedSince.set(record.tag, now)
    }
    for (const tag of this.#unlinkedSince.keys()) if (nodes.get(tag) === undefined) this.#unlinkedSince.delete(tag)
    const unlinked = this.#unlinked().map(
      ({ id, relay }) => `Node ${id} cannot be reached at ${relay}: open that port, or set its --relay-address.`,
    )
    const sentences = [...nodes.misfits().map(({ message }) => message), ...unlinked]
    // Clocks drift: their sentences differ by a second.
    const keyOf = (sentence: string): string => sentence.replaceAll(/\d+ s/g, '')
    for (const sentence of sentences)
      if (!this.#told.has(keyOf(sentence)))
        log.warn({ why: sentence }, 'A node of the cluster cannot work with this one')
    this.#told = new Set(sentences.map(keyOf))
  }

  addMetrics(metrics: Metrics, claims: () => number): void {
    const { engine, nodes } = this.#deps
    metrics.addGauge(
      'cluster_nodes',
      'Nodes of the cluster as this one sees them, by `state`',
      () => {
        const states = nodes.list().map(({ state }) => state)
        const countOf = (state: string): number => states.filter((each) => each === state).length
        return ['up', 'draining', 'gone'].map((state) => ({ labels: { state }, value: countOf(state) }))
      },
      ['state'],
    )
    const writableHelp = 'Whether the engine of the cluster takes writes: 1 or 0'
    metrics.addGauge('cluster_engine_writable', writableHelp, () => (engine.isWritable ? 1 : 0))
    metrics.addCounter('cluster_engine_losses_total', 'Times it took none', () => this.#losses)
    metrics.addCounter(
      'cluster_conflicts_total',
      'Writes of this node that came second: another node had the name, the owner or the token',
      () => engine.conflicts,
    )
    metrics.addGauge(
      'cluster_heartbeat_age_seconds',
      'How long the least heard of the other living nodes was not heard',
      () => {
        const living = nodes.list().filter(({ state }) => state !== 'gone')
        return Math.max(0, ...living.map(({ record }) => nodes.silence(record.tag) ?? 0)) / 1_000_000
      },
    )
    metrics.addGauge(
      'cluster_unlinked_nodes',
      'Nodes that are heard and cannot be reached',
      () => this.#unlinked().length,
    )
    metrics.addGauge('cluster_clock_error_seconds', 'The largest difference to the clock of another node', () => {
      const errors = nodes.list().map(({ record }) => Math.abs(nodes.clockErrorMs(record.tag) ?? 0))
      return Math.max(0, ...errors) / 1000
    })
    metrics.addGauge('cluster_streams', 'Plain streams that are published on all nodes', claims)
  }

  #unlinked(): { readonly id: string; readonly relay: string }[] {
    const { clock, nodes } = this.#deps
    const now = clock.listened()
    return [...this.#unlinkedSince]
      .filter(([, since]) => now - since > nodeLimits.unlinkedMs * 1000)
      .flatMap(([tag]) => nodes.get(tag)?.record ?? [])
  }

  #handleEngine(): void {
    const { clock, engine, log } = this.#deps
    const { state, isWritable } = engine
    if (isWritable === (this.#unwritableSince === undefined)) return
    this.#unwritableSince = isWritable ? undefined : clock.listened()
    if (isWritable) log.info({}, 'The engine of the cluster is back')
    else {
      this.#losses++
      log.warn({ state }, 'The engine of the cluster takes no writes; calls go on')
    }
  }
}
