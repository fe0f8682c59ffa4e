import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Micros } from '@crossroom/media'
import type { Clock, StreamHub } from '../../hub/index.js'
import { connectOut, type Guest, type Listeners, type SocketWatch } from '../../net/index.js'
import type { Log } from '../../observe/index.js'
import type { KnownNode, NodeDirectory } from '../nodes/node-directory.js'
import type { NodeRecord } from '../nodes/node-record.js'
import type { Hello, NodeName, ProofKeys } from './greeting.js'
import { Lane } from './lane.js'
import { PeerSession } from './peer-session.js'
import type { RelayConnectionEvent } from './relay-connection.js'
import { RelayLink } from './relay-link.js'
import type { RelaySecurity } from './relay-security.js'

export interface RelayOptions {
  readonly hub: StreamHub
  readonly clock: Clock
  readonly log: Log
  readonly listeners: Listeners
  readonly sockets: SocketWatch
  readonly keys: ProofKeys
  readonly security: RelaySecurity
  readonly random: () => number
}

/** One link as metrics and REST see it. */
export interface LinkStatus {
  readonly node: string
  readonly isOpen: boolean
  readonly rtt: Micros | undefined
  /** How far the clocks may be apart after the mapping. */
  readonly clockError: Micros | undefined
  /** Streams pulled from it, and bytes that came. */
  readonly pulled: number
  readonly bytesIn: number
  /** Streams served to it. */
  readonly served: number
  readonly bytesOut: number
  readonly queuedBytes: number
  readonly droppedFrames: number
}

/** The door to the other nodes: its listener, the links that this node dials, and the sessions of those that dial it. */
export class Relay {
  readonly #options: RelayOptions
  readonly #links = new Map<string, RelayLink>()
  /** By tag. A newer life of a peer's link replaces the former. */
  readonly #sessions = new Map<string, { readonly id: string; readonly session: PeerSession }>()
  readonly #listeners = new Set<(tag: string, isOpen: boolean) => void>()
  #self: NodeName | undefined
  #directory: NodeDirectory | undefined
  #stopObserving: () => void = () => undefined
  #isClosed = false

  constructor(options: RelayOptions) {
    this.#options = options
  }

  /** Rejects when the port is not available. The answer is the port in use. */
  async listen(port: number, host?: string): Promise<number> {
    const { listeners, security } = this.#options
    const accept = (socket: Socket, guest: Guest): void => this.#accept(socket, guest)
    const listener = await listeners.openTcp('relay', port, accept, {
      ...{ tls: security.server, hasOwnCertificate: true, exclusive: true, host },
    })
    return listener.port
  }

  /** This node is in the cluster: from now on every other node has a link, and may dial. */
  start(self: NodeName, directory: NodeDirectory): void {
    this.#self = self
    this.#directory = directory
    this.#stopObserving = directory.observe((node) => this.#follow(node))
    for (const node of directory.list()) this.#follow(node)
  }

  /** The link to a node; undefined when the node is not known, or is this one. */
  link(tag: string): RelayLink | undefined {
    return this.#links.get(tag)
  }

  /** Whether a node answers on its link, for liveness. */
  isOpen(tag: string): boolean {
    return this.#links.get(tag)?.isClosed === false
  }

  /** Told when a link opens or closes. The answer ends it. */
  observe(listener: (tag: string, isOpen: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  list(): LinkStatus[] {
    const now = this.#options.clock.now()
    return [...new Set([...this.#links.keys(), ...this.#sessions.keys()])].map((node) => {
      const link = this.#links.get(node)
      const session = this.#sessions.get(node)?.session
      return {
        ...{ node, isOpen: link?.isClosed === false, rtt: link?.clock?.rtt, clockError: link?.clock?.error(now) },
        ...{ pulled: link?.wants ?? 0, bytesIn: link?.bytesIn ?? 0 },
        ...{ served: session?.served.length ?? 0, bytesOut: session?.bytesOut ?? 0 },
        ...{ queuedBytes: session?.queuedBytes ?? 0, droppedFrames: session?.droppedFrames ?? 0 },
      }
    })
  }

  /** Idempotent. The listener closes with all others. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopObserving()
    for (const link of this.#links.values()) link.close()
    for (const { session } of [...this.#sessions.values()]) session.close()
  }

  #follow({ record, state }: KnownNode): void {
    const self = this.#self
    if (self === undefined || record.tag === self.tag || this.#isClosed) return
    const present = this.#links.get(record.tag)
    const isSame = present?.peer.instance === record.instance
    // A node that is gone may be behind a broken network: its link is tried until its record is another.
    if (isSame || (state === 'gone' && present === undefined)) return
    this.#links.delete(record.tag)
    present?.close()
    this.#links.set(record.tag, this.#linkTo(self, record))
  }

  #linkTo(self: NodeName, record: NodeRecord): RelayLink {
    const { clock, keys, log, random } = this.#options
    const { id, instance, tag } = record
    return new RelayLink({
      ...{ self, peer: { tag, instance }, keys, clock, random },
      dial: () => this.#dial(record),
      onChange: (link) => {
        if (this.#links.get(tag) === link || link.isClosed) this.#tell(tag, !link.isClosed)
      },
      onFailed: (end, why) => log.warn({ node: id, code: end, why }, 'A link between nodes failed'),
    })
  }

  #dial(record: NodeRecord): Socket {
    const { security, sockets } = this.#options
    const at = record.relay.lastIndexOf(':')
    const host = record.relay.slice(0, at).replace(/^\[|\]$/g, '')
    const secure = security.client
    const target = { address: host, host, port: Number(record.relay.slice(at + 1)), tls: secure !== undefined }
    const socket = connectOut({ ...target, ...(secure !== undefined && { secure }) }, 'relay', sockets, () => {
      if (!security.isOf(socket, record)) socket.destroy()
    })
    return socket
  }

  #accept(socket: Socket, guest: Guest): void {
    const self = this.#self
    if (self === undefined) return void socket.destroy()
    const { clock, keys } = this.#options
    const nonce = randomBytes(16).toString('hex')
    let member: { readonly session: PeerSession; readonly number: number } | undefined
    const lane = new Lane(socket, { self, keys, nonce }, clock, (event: RelayConnectionEvent) => {
      if (event.type === 'hello') {
        member = this.#admit(event.hello, socket, lane)
        if (member !== undefined) guest.settle()
      } else if (event.type === 'message' && member !== undefined) {
        if (!member.session.handleMessage(event.message)) {
          lane.connection.refuse('garbage', 'A message arrived that no node sends.')
          lane.drain()
          member.session.close()
        }
      } else if (event.type === 'ended') member?.session.detach(member.number, lane)
    })
  }

  /** The secret is right; now it has to be a node of this cluster, on the connection that it says. */
  #admit(hello: Hello, socket: Socket, lane: Lane): { session: PeerSession; number: number } | undefined {
    const refusal = this.#refusalOf(hello, socket)
    if (refusal !== undefined) {
      lane.connection.refuse('refused', refusal)
      lane.drain()
      return undefined
    }
    const session = this.#sessionOf(hello)
    if (session === undefined) {
      lane.connection.refuse('refused', 'The connection for sound has to come first.')
      lane.drain()
      return undefined
    }
    lane.connection.accept()
    lane.drain()
    session.attach(hello.lane, lane)
    return { session, number: hello.lane }
  }

  #refusalOf({ instance, tag }: Hello, socket: Socket): string | undefined {
    const known = this.#directory?.get(tag)
    if (known === undefined) return `The node ${tag} is not known here yet.`
    if (known.record.instance !== instance) return `Another node is called ${tag}.`
    if (!this.#options.security.isOf(socket, known.record)) return 'The certificate is not that of the node.'
    return undefined
  }

  #sessionOf({ lane, session: id, tag }: Hello): PeerSession | undefined {
    const present = this.#sessions.get(tag)
    if (present?.id === id) return present.session
    if (lane !== 0) return undefined
    present?.session.close()
    const { clock, hub } = this.#options
    const session = new PeerSession(tag, hub, clock, () => {
      if (this.#sessions.get(tag)?.session === session) this.#sessions.delete(tag)
    })
    this.#sessions.set(tag, { id, session })
    return session
  }

  #tell(tag: string, isOpen: boolean): void {
    for (const listener of [...this.#listeners]) listener(tag, isOpen)
  }
}
