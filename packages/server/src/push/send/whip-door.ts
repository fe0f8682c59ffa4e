import { randomBytes } from 'node:crypto'
import { createServer, type ClientRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pushLimits } from '../../config/index.js'
import type { JobNetwork } from '../../jobs/index.js'
import type { PushAddress } from '../address.js'
import type { SendFailure } from '../sender.js'
import { answerWith, reachableTarget, type MediaTarget } from './whip-answer.js'
import { askWhip, WhipError } from './whip-request.js'

const HOST = '127.0.0.1'
const BAD_GATEWAY = 502

export interface WhipDoorOptions {
  readonly network: JobNetwork
  readonly address: PushAddress
  readonly bearer: string | undefined
  /** The port of this machine by which the child reaches the target of its media. */
  readonly relay: (target: MediaTarget) => Promise<number>
}

export interface WhipSession {
  /** Where a child posts its offer. */
  readonly url: string
  /** Why the target did not take it, where that is known better than by the child. */
  readonly failure: SendFailure | undefined
  /** Takes leave of the target. Idempotent. */
  close(): void
}

/**
 * The way of the offers of push children to their targets. It is the server that asks, so that addresses and redirects are
 * judged, tokens stay here, and the answer names no candidate that may not be reached.
 */
export class WhipDoor {
  readonly #sessions = new Map<string, Session>()
  #server: Promise<Server> | undefined

  /** Opens a way to a target. */
  async open(options: WhipDoorOptions): Promise<WhipSession> {
    const { port } = (await (this.#server ??= this.#listen())).address() as AddressInfo
    const path = `/${randomBytes(16).toString('hex')}`
    const url = `http://${HOST}:${String(port)}${path}`
    const session = new Session(options, url, () => this.#sessions.delete(path))
    this.#sessions.set(path, session)
    return session
  }

  /** Idempotent. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.close()
    void this.#server?.then((server) => server.close())
  }

  #listen(): Promise<Server> {
    const server = createServer((incoming, response) => {
      const session = this.#sessions.get(incoming.url ?? '')
      if (session === undefined) response.writeHead(404).end()
      else void session.handle(incoming, response)
    })
    // It keeps no server alive that has nothing else to do.
    server.unref()
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, HOST, () => resolve(server))
    })
  }
}

class Session implements WhipSession {
  readonly url: string
  readonly #options: WhipDoorOptions
  readonly #onClosed: () => void
  #resource: PushAddress | undefined
  #asked: ClientRequest | undefined
  #isClosed = false
  failure: SendFailure | undefined

  constructor(options: WhipDoorOptions, url: string, onClosed: () => void) {
    this.#options = options
    this.url = url
    this.#onClosed = onClosed
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#onClosed()
    this.#asked?.destroy()
    this.#leave()
  }

  async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.method !== 'POST') {
      // The child takes its leave; the session does so at its close.
      response.writeHead(200).end()
      return
    }
    try {
      const answer = await this.#ask(await readOffer(incoming))
      response.writeHead(201, { 'content-type': 'application/sdp', location: this.url }).end(answer)
    } catch (error) {
      this.failure = error instanceof WhipError ? error.failure : { message: String((error as Error).message) }
      response.writeHead(BAD_GATEWAY).end()
    }
  }

  async #ask(offer: string): Promise<string> {
    const { network, address, bearer } = this.#options
    const asked = { method: 'POST', address, bearer, body: offer } as const
    const { body, resource } = await askWhip(network, asked, (request) => (this.#asked = request))
    this.#resource = resource
    if (this.#isClosed) this.#leave()
    const { targets } = network
    const target = reachableTarget(body, (address) => targets.allows(address))
    if (target !== undefined) return answerWith(body, { address: HOST, port: await this.#options.relay(target) })
    throw new WhipError({
      message: `The target names no address of IPv4 and UDP outside of private networks; ${targets.option} allows those.`,
    })
  }

  /** RFC 9725 section 4.2: DELETE ends the session. */
  #leave(): void {
    const address = this.#resource
    this.#resource = undefined
    if (address === undefined) return
    const { network, bearer } = this.#options
    const leaving = { method: 'DELETE', address, bearer } as const
    askWhip(network, leaving, (request) => request.setTimeout(pushLimits.leaveMs, () => request.destroy())).catch(
      () => undefined,
    )
  }
}

function readOffer(incoming: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let length = 0
    incoming.on('data', (bytes: Buffer) => {
      length += bytes.length
      if (length > pushLimits.answerBytes) incoming.destroy(new Error('The offer is too long.'))
      else pieces.push(bytes)
    })
    incoming.on('error', reject)
    incoming.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')))
  })
}
