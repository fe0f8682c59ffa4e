import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { limits } from '@crossroom/protocol'
import { signalingLimits } from '../config/index.js'
import {
  isOriginAllowed,
  refuseUpgrade,
  type ListeningClock,
  type PageRules,
  type PendingConnection,
  type PendingConnections,
} from '../net/index.js'
import type { AddressBook } from '../rooms/index.js'
import { SignalingCounters } from './counters.js'
import { Outbox } from './outbox.js'
import { SignalingSession, type SessionDeps, type SessionOrigin } from './session.js'

/** Dependencies from the composition root. */
export interface SignalingOptions extends Omit<SessionDeps, 'outbox' | 'counters' | 'clock'> {
  readonly clock: Pick<ListeningClock, 'listened' | 'after'>
  readonly pages: PageRules
  /** Counts sockets before their entry, with those of other protocols. */
  readonly pending: PendingConnections
  clientAddress(request: IncomingMessage): string
  /** Writes addresses as the client that sent this request can reach them. */
  addressesFor(request: IncomingMessage): AddressBook
}

const PATH = /^\/signal\/?(?:\?|$)/

/** `ws://HOST/signal`. */
export class SignalingServer {
  readonly #options: SignalingOptions
  readonly #deps: SessionDeps
  readonly #sessions = new Set<SignalingSession>()
  readonly #server = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false, autoPong: false },
    maxPayload: limits.messageBytes,
    maxFragments: signalingLimits.fragments,
  })
  readonly counters = new SignalingCounters()
  #cancelSweep: () => void

  constructor(options: SignalingOptions) {
    this.#options = options
    this.#deps = { ...options, outbox: new Outbox(), counters: this.counters, iceServers: () => options.iceServers() }
    this.#cancelSweep = options.clock.after(signalingLimits.sweepMicros, () => this.#sweep())
  }

  /** Sockets that are open. */
  get sockets(): number {
    return this.#sessions.size
  }

  /** True when the upgrade was for signaling and is taken care of. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (!PATH.test(request.url ?? '')) return false
    if (!isOriginAllowed(request, this.#options.pages)) {
      this.#refuse(
        socket,
        '403 Forbidden',
        'ORIGIN',
        'Pages of this origin may not open signaling: see --allow-origin.',
      )
    } else if (this.#sessions.size >= signalingLimits.sockets) {
      this.#refuse(socket, '503 Service Unavailable', 'SOCKETS_FULL', 'The server has reached its limit of sockets.')
    } else {
      this.#upgrade(request, socket, head)
    }
    return true
  }

  /** Ends the remaining sockets. Idempotent. */
  close(): void {
    this.#cancelSweep()
    for (const session of this.#sessions) session.end(1001, 'shutdown')
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const remoteAddress = this.#options.clientAddress(request)
    const pending = this.#options.pending.add(remoteAddress, () => socket.destroy())
    socket.once('close', () => pending.settle())
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#open(webSocket, socket, pending, { remoteAddress, addresses: this.#options.addressesFor(request) })
    })
  }

  #open(webSocket: WebSocket, socket: Duplex, pending: PendingConnection, from: Omit<SessionOrigin, 'entered'>): void {
    let strangerBytes = 0
    const countBytes = (bytes: Buffer): void => {
      strangerBytes += bytes.length
      pending.received(bytes.length)
      if (strangerBytes > signalingLimits.bytesBeforeEntry) session.end(1009, 'Too many bytes arrived before an entry.')
    }
    const entered = (): void => {
      pending.settle()
      socket.off('data', countBytes)
    }
    const session = new SignalingSession(webSocket, { ...from, entered }, this.#deps)
    this.#sessions.add(session)
    socket.on('data', countBytes)
    webSocket.on('message', (data, isBinary) => session.handleMessage(isBinary ? undefined : textOf(data)))
    webSocket.on('ping', (data) => session.handlePing(data))
    webSocket.on('error', () => webSocket.terminate())
    webSocket.on('close', () => {
      this.#sessions.delete(session)
      session.handleClose()
    })
  }

  #refuse(socket: Duplex, status: string, code: string, sentence: string): void {
    this.counters.refused(code)
    refuseUpgrade(socket, status, sentence)
  }

  #sweep(): void {
    const now = this.#options.clock.listened()
    for (const session of this.#sessions) session.handleTimeout(now)
    this.#deps.outbox.clear()
    this.#cancelSweep = this.#options.clock.after(signalingLimits.sweepMicros, () => this.#sweep())
  }
}

/** A message is a Buffer: ws uses its default type. */
function textOf(data: RawData): string {
  return (data as Buffer).toString('utf8')
}
