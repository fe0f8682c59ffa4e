import { ALL_PERMISSIONS } from '../auth/index.js'
import { PublishAttempt } from '../endpoints/index.js'
import { jobChildSpawner, JobStore, Targets } from '../jobs/index.js'
import {
  FetchNetwork,
  fetcherOpener,
  HttpProxy,
  orderOf,
  parsePullOption,
  PullChildren,
  pullKind,
  Pulls,
  type PullSpec,
} from '../pull/index.js'
import type { Core } from './core.js'
import type { RoomsPart } from './rooms.js'

/** Streams that the server fetches, and what they publish by. */
export class PullsPart {
  readonly pulls: Pulls
  readonly #children: PullChildren
  readonly #proxy: HttpProxy
  readonly #configured: readonly PullSpec[]

  /**
   * Nothing is fetched yet.
   * @throws ConfigError
   */
  constructor(core: Core, { directory }: RoomsPart) {
    const { clock, config, environment, hub, log, metrics, sockets, state } = core
    this.#configured = config.pull.map(parsePullOption)
    metrics.addProtocol('pull')
    const targets = new Targets({ allowed: config.pullPrivate, option: '--pull-private' })
    const network = new FetchNetwork(clock, targets, sockets)
    const proxy = (this.#proxy = new HttpProxy(network))
    this.#children = new PullChildren({
      ...{ clock, log, spawn: jobChildSpawner('pull', log) },
      orderOf: (options) => orderOf(options, { targets, proxy, folders: config.pullFiles }),
    })
    this.pulls = new Pulls({
      ...{ clock, hub, log, nowMs: Date.now, random: Math.random },
      store: new JobStore(state, pullKind),
      openFetcher: fetcherOpener(network, this.#children.open),
      newPublish: (publisher) => new PublishAttempt(environment, publisher),
      enterRoom: (roomId, userId, remoteAddress) =>
        directory.push({
          ...{ roomId, streamType: 'main', userName: undefined, kind: 'rtmp', remoteAddress },
          identity: { userId, permissions: ALL_PERMISSIONS, expiresAt: undefined, isOwner: false },
        }),
    })
    const pulled = (state: 'connecting' | 'live' | 'waiting') =>
      this.pulls.list().filter((pull) => pull.state === state).length
    metrics.addGauge(
      'pulls',
      'Streams that the server fetches',
      () => (['connecting', 'live', 'waiting'] as const).map((state) => ({ labels: { state }, value: pulled(state) })),
      ['state'],
    )
    metrics.addGauge('pull_processes', 'Child processes that fetch streams', () => this.#children.size)
    metrics.addCounter(
      'pull_failures_total',
      'Attempts to fetch a stream that failed or ended',
      () => this.pulls.failures,
    )
  }

  /** Fetches from now on. */
  open(): void {
    this.pulls.open(this.#configured)
  }

  /** Idempotent. */
  close(): void {
    this.pulls.close()
    this.#children.close()
    this.#proxy.close()
  }
}
