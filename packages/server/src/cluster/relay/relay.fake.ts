import { connect, createServer, type Server, type Socket } from 'node:net'
import { CLUSTER_VERSION, type NodeRecord, type NodeState } from '../nodes/node-record.js'
import type { KnownNode, NodeDirectory } from '../nodes/node-directory.js'
import type { StreamLocation, StreamLocations } from '../claims/stream-locations.js'
import { connectionLimits, gopCacheLimits, httpLimits, publisherLimits, socketLimits } from '../../config/index.js'
import { StreamHub, type StreamKey } from '../../hub/index.js'
import { Listeners, SocketWatch, systemClock as clock } from '../../net/index.js'
import { doorForTest } from '../../net/listen.fake.js'
import type { Log } from '../../observe/index.js'
import { loadRelaySecurity, Relay, StreamRelays, type RelaySecurityOption } from './index.js'

type Listener = (node: KnownNode) => void
type LocationListener = (key: StreamKey, location: StreamLocation | undefined) => void

/** Nodes that know each other, and where streams are, without an engine. */
export class RelayCluster {
  readonly nodes = new Map<string, RelayNode>()
  readonly known = new Map<string, KnownNode>()
  readonly watchers = new Set<Listener>()
  readonly locations = new Map<string, StreamLocation>()
  readonly locationWatchers = new Set<LocationListener>()
  readonly cables: Cable[] = []

  async node(tag: string, options: NodeOptions = {}): Promise<RelayNode> {
    const node = new RelayNode(tag, this, options)
    const record = await node.listen(options)
    this.nodes.set(tag, node)
    this.tell({ record, state: 'up' })
    node.start()
    return node
  }

  tell(node: KnownNode): void {
    this.known.set(node.record.tag, node)
    for (const watcher of [...this.watchers]) watcher(node)
  }

  setState(tag: string, state: NodeState): void {
    this.tell({ ...this.known.get(tag)!, state })
  }

  place(key: StreamKey, node: string | undefined): void {
    const location = node === undefined ? undefined : { node, since: 0 }
    if (location === undefined) this.locations.delete(key.text)
    else this.locations.set(key.text, location)
    for (const watcher of [...this.locationWatchers]) watcher(key, location)
  }

  close(): void {
    for (const node of this.nodes.values()) node.close()
    for (const cable of this.cables) cable.close()
  }
}

export interface NodeOptions {
  readonly security?: RelaySecurityOption
  readonly secret?: string
  readonly instance?: string
  /** The address in its record leads through a cable that a test may cut. */
  readonly cable?: boolean
}

export class RelayNode {
  readonly hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...publisherLimits })
  readonly tag: string
  readonly failures: string[] = []
  readonly #cluster: RelayCluster
  readonly #listeners: Listeners
  readonly #sockets = new SocketWatch({ clock, limits: socketLimits, onCut: () => undefined })
  cable: Cable | undefined
  port = 0
  instance = ''
  relay!: Relay
  relays!: StreamRelays

  constructor(tag: string, cluster: RelayCluster, _options: NodeOptions) {
    this.tag = tag
    this.#cluster = cluster
    this.#listeners = new Listeners({
      ...{ host: '127.0.0.1', door: doorForTest(), clock, httpLimits, clientAddress: () => '' },
      ...{ acceptPauseMs: connectionLimits.acceptPauseMs, highWaterMark: 65_536, onError: () => undefined },
    })
  }

  async listen(options: NodeOptions): Promise<NodeRecord> {
    const { instance = `${this.tag}-1`, secret = 'secret', security: kind = { kind: 'pinned' } } = options
    this.instance = instance
    const security = await loadRelaySecurity(kind)
    const note = (fields: object, text: string): void => void this.failures.push(`${text} ${JSON.stringify(fields)}`)
    const log = { info: note, warn: note, error: note, debug: note, trace: note } as unknown as Log
    this.relay = new Relay({
      ...{
        hub: this.hub,
        clock,
        log,
        listeners: this.#listeners,
        sockets: this.#sockets,
      },
      ...{ keys: () => [secret], security, random: Math.random },
    })
    this.port = await this.relay.listen(0)
    if (options.cable === true) {
      this.cable = await Cable.open(this.port)
      this.#cluster.cables.push(this.cable)
    }
    const { fingerprint } = security
    return {
      ...{ v: CLUSTER_VERSION, tag: this.tag, id: `node-${this.tag}`, instance, version: '0', state: 'up' },
      ...{
        relay: `127.0.0.1:${String(this.cable?.port ?? this.port)}`,
        ...(fingerprint !== undefined && { fingerprint }),
      },
      ...{ startedAt: 0, members: 0, streams: 0, load: 0 },
    }
  }

  start(): void {
    this.relay.start({ tag: this.tag, instance: this.instance }, this.#directory())
    this.relays = new StreamRelays({
      ...{ tag: this.tag, hub: this.hub, clock, locations: this.#locations() },
      link: (tag) => this.relay.link(tag),
    })
    this.hub.addResolver(this.relays)
  }

  close(): void {
    this.relays.close()
    this.relay.close()
    this.hub.close('shutdown')
    this.#listeners.close()
    this.#sockets.close()
  }

  #directory(): NodeDirectory {
    const { known, watchers } = this.#cluster
    return {
      tag: this.tag,
      list: () => [...known.values()],
      get: (tag) => known.get(tag),
      observe: (listener) => {
        watchers.add(listener)
        return () => void watchers.delete(listener)
      },
    }
  }

  #locations(): StreamLocations {
    const { locations, locationWatchers } = this.#cluster
    return {
      find: (key) => Promise.resolve(locations.get(key.text)),
      observe: (listener) => {
        locationWatchers.add(listener)
        return () => void locationWatchers.delete(listener)
      },
    }
  }
}

/** A TCP connection to a port that can be cut, and that can stop carrying. */
export class Cable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isHeld = false
  accepted = 0

  private constructor(port: number) {
    this.#server = createServer((near) => {
      this.accepted++
      const far = connect({ host: '127.0.0.1', port })
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one)
        if (this.#isHeld) one.pause()
        one.on('data', (bytes: Buffer) => void other.write(bytes))
        one.on('error', () => undefined)
        one.on('close', () => {
          this.#sockets.delete(one)
          other.destroy()
        })
      }
    })
  }

  static async open(port: number): Promise<Cable> {
    const cable = new Cable(port)
    await new Promise<void>((resolve) => cable.#server.listen(0, '127.0.0.1', resolve))
    return cable
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** Ends what is open; new connections are carried again. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Carries nothing, and closes nothing. */
  hold(): void {
    this.#isHeld = true
    for (const socket of this.#sockets) socket.pause()
  }

  carryOn(): void {
    this.#isHeld = false
    for (const socket of this.#sockets) socket.resume()
  }

  close(): void {
    this.#server.close()
    this.cut()
  }
}
