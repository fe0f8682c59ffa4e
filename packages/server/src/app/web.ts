import fastify, { type FastifyInstance } from 'fastify'
import {
  DEMO_ROOM,
  Elsewhere,
  registerApi,
  registerDemo,
  registerDesktop,
  registerGuest,
  registerHealth,
  registerPageFacts,
  registerRoomService,
  registerRoomSig,
  type ApiDeps,
  type DescriptionDeps,
  type Readiness,
} from '../api/index.js'
import { EntryTickets } from '../auth/index.js'
import { httpLimits, openServiceLimits } from '../config/index.js'
import { AddressRates } from '../net/index.js'
import { registerPages } from '../pages.js'
import { derivedInfo, imageKindOf } from '../transcode/index.js'
import { TicketsOfNodes } from './tickets.js'
import { VERSION } from '../version.js'
import type { ClusterPart } from './cluster.js'
import type { Core } from './core.js'
import type { RoomsPart } from './rooms.js'
import type { Opened } from './opened.js'
import type { PullsPart } from './pulls.js'
import type { PushesPart } from './pushes.js'
import type { Recordings } from '../record/index.js'

/** What the routes are made of besides the core. */
export interface WebParts {
  readonly rooms: RoomsPart
  readonly opened: Opened
  readonly cluster: ClusterPart | undefined
  readonly pulls: PullsPart
  readonly pushes: PushesPart
  readonly recordings: Recordings | undefined
  isDraining(): boolean
}

/** The routes of the public port, and those of REST for each separate listener. */
export class Web {
  readonly public: FastifyInstance = makeFastify()
  /** `--admin-port`: REST is there and not on the public port. */
  readonly admin: FastifyInstance | undefined
  /** `--admin-socket`: REST is there as well. */
  readonly adminSocket: FastifyInstance | undefined
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
    const { adminPort, adminSocket } = core.config
    this.admin = adminPort === undefined ? undefined : makeFastify()
    this.adminSocket = adminSocket === undefined ? undefined : makeFastify()
  }

  async register(parts: WebParts): Promise<void> {
    const readiness = (): Readiness => ({
      ready: !parts.isDraining() && parts.cluster?.health.trouble === undefined,
      parts: {
        ...partsOf(this.#core, parts.opened),
        ...parts.cluster?.health.parts,
        ...processesOf(this.#core),
        ...recordOf(parts),
      },
      ports: publicPortsOf(this.#core),
    })
    for (const web of this.#all) registerHealth(web, readiness)
    await this.#registerApis(parts)
    await this.#registerOpenServices(parts)
    await parts.opened.register(this.public)
    if (!(await registerPages(this.public))) this.#core.log.warn({}, 'The pages are not built: run npm run build')
    await Promise.all(this.#all.map((web) => web.ready()))
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((web) => web.close()))
  }

  get #all(): FastifyInstance[] {
    return [this.public, this.admin, this.adminSocket].filter((web) => web !== undefined)
  }

  /** What a listener is, and so whether it needs the key, the operator said: nothing of it is read from requests. */
  async #registerApis(parts: WebParts): Promise<void> {
    const { config, listeners, pages } = this.#core
    const deps = this.#apiDeps(parts)
    const publicPort = () => {
      const { http, https = 0 } = listeners.ports
      return http === undefined ? { port: https, isSecure: true } : { port: http, isSecure: false }
    }
    const aside = { ...deps, publicPort, servesPages: false }
    const isPrivate = (): boolean => config.adminHost !== undefined && listeners.isLoopback('admin')
    if (this.admin !== undefined) await registerApi(this.admin, { ...aside, isPrivate, listener: 'admin-port' })
    else {
      const keyed = { isPrivate: () => false, servesPages: pages.isOpen, listener: 'public' }
      await registerApi(this.public, { ...deps, ...keyed })
    }
    if (this.adminSocket !== undefined)
      await registerApi(this.adminSocket, { ...aside, isPrivate: () => true, listener: 'admin-socket' })
  }

  /** What pages and old apps ask before they enter a room. */
  async #registerOpenServices({ cluster, opened, rooms: { operations, signatures } }: WebParts): Promise<void> {
    const { addresses: addressOptions } = opened
    const { audit, clientAddress, clock, config, listeners, log, secrets } = this.#core
    const { requestsPerSecond: perSecond, requestBurst: burst, addresses } = openServiceLimits
    const { demo, sdkAppId } = config
    const demoSigner = {
      sdkAppId,
      get secret() {
        return secrets.secret[0]
      },
    }
    const signer = signatures.isOpen || demo ? demoSigner : undefined
    const rates = new AddressRates({ perSecond, burst, addresses })
    const shared = { signer, rates, clock, clientAddress, nowMs: Date.now }
    await registerDemo(this.public, { ...shared, ...addressOptions, log, foreignPages: demo })
    registerPageFacts(this.public, {
      ...{ ...addressOptions, host: config.host, ports: () => listeners.ports, rates, clock, clientAddress },
      demoRoom: demo ? DEMO_ROOM : undefined,
    })
    const own = new EntryTickets(Date.now)
    const tickets = cluster === undefined ? own : new TicketsOfNodes(own, cluster.others)
    await registerDesktop(this.public, { verifier: signatures, tickets, rates, clock, log, audit, clientAddress })
    await registerGuest(this.public, {
      ...{ rates, clock, nowMs: Date.now, log, clientAddress, audit, sdkAppId },
      operations,
      isOpen: signatures.isOpen,
      secret: () => secrets.secret[0],
    })
    await registerRoomService(this.public, { ...shared, operations })
    this.public.get('/signal', { schema: { hide: true } }, (_request, reply) =>
      reply
        .status(426)
        .header('Upgrade', 'websocket')
        .type('text/plain')
        .send('Signaling is a WebSocket: ws://HOST/signal.\n'),
    )
    registerRoomSig(this.public, { ...shared, ...addressOptions, verifier: signatures })
  }

  #apiDeps(parts: WebParts): Omit<ApiDeps, 'isPrivate' | 'listener' | 'servesPages'> {
    const { cluster, opened, rooms } = parts
    const { clock, config, connections, guard, hub } = this.#core
    const { audit, log, metrics, proxies, seat, secrets, snapshots, transcoder } = this.#core
    const { sdkAppId, forwardPrivate } = config
    const described: DescriptionDeps = {
      ...{ hub, connections, clock, nowMs: Date.now, play: opened.addresses.play },
      derivedOf: (key) => derivedInfo(transcoder, key),
    }
    const elsewhere = cluster && new Elsewhere(cluster.requests, cluster.nodes, described)
    return {
      ...described,
      metrics: seat === undefined ? metrics : { contentType: metrics.contentType, scrape: () => seat.scrape() },
      ...{ log, guard, proxies, operations: rooms.operations, calls: rooms.calls },
      ...{ composites: { composites: rooms.composites, isImage: (file) => imageKindOf(file) !== undefined } },
      ...{ ...opened.addresses, sdkAppId, forwardPrivate, audit, snapshots },
      ...{
        forwards: parts.pushes.forwards,
        pulls: parts.pulls.pulls,
        pushes: parts.pushes.pushes,
        recordings: parts.recordings,
        cluster,
        elsewhere,
      },
      apiKeys: () => secrets.apiKeys,
      secret: () => secrets.secret[0],
      version: VERSION,
    }
  }
}

function partsOf({ transcoder }: Core, { readiness }: Opened): Readiness['parts'] {
  const lanes = transcoder.lanes.map(({ lane, state, engine, reasons }) => [
    `codecs-${lane}`,
    engine === undefined ? { on: false, why: reasons.join(' ') || state } : { on: true },
  ])
  return { ...readiness, ...Object.fromEntries(lanes) } as Readiness['parts']
}

function processesOf({ seat }: Core): Readiness['parts'] {
  if (seat === undefined) return {}
  const { running, wanted } = seat.counts
  const why = `${String(running)} of ${String(wanted)} processes run; the others are being started.`
  return { processes: running === wanted ? { on: true } : { on: false, why } }
}

/** Who records nothing is told nothing. */
function recordOf({ recordings }: WebParts): Readiness['parts'] {
  if (recordings === undefined || (recordings.running === 0 && recordings.trouble === undefined)) return {}
  const { trouble: why } = recordings
  return { record: why === undefined ? { on: true } : { on: false, why } }
}

/** Operators alone are told where the admin port is. */
function publicPortsOf({ listeners }: Core): Readiness['ports'] {
  return Object.fromEntries(Object.entries(listeners.ports).filter(([name]) => name !== 'admin'))
}

/** Routes only: the listeners are our own, so that one set of routes serves the plain and the TLS port. */
function makeFastify(): FastifyInstance {
  return fastify({
    logger: false,
    bodyLimit: httpLimits.bodyBytes,
    routerOptions: { ignoreTrailingSlash: true },
  })
}
