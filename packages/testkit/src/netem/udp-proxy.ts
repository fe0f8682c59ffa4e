import { createSocket, type Socket } from 'node:dgram'
import { Link, type LinkCounters, type LinkOptions } from './link.js'

export interface UdpProxyOptions {
  /** Address that clients send to; default 127.0.0.1. */
  readonly host?: string
  /** Where the server listens on 127.0.0.1. May be set later with `setTarget`. */
  readonly targetPort?: number
  /** From client to server. */
  readonly up?: LinkOptions
  /** From server to client. */
  readonly down?: LinkOptions
}

/** One client, and the socket that stands for it towards the server. */
interface Session {
  readonly clientPort: number
  readonly clientIp: string
  upstream: Socket | undefined
}

interface Carried {
  readonly session: Session
  readonly bytes: Uint8Array
}

/**
 * A bad network between real programs: UDP datagrams pass through two seeded links in real time. To the server every client
 * is a port of this proxy, as behind a NAT; `rebind` gives them new ports in mid-session.
 */
export class UdpProxy {
  readonly #socket: Socket
  readonly #up: Link<Carried>
  readonly #down: Link<Carried>
  readonly #sessions = new Map<string, Session>()
  #targetPort: number
  #timer: NodeJS.Timeout | undefined
  #isBlocked = false
  #isClosed = false

  private constructor(socket: Socket, options: UdpProxyOptions) {
    this.#socket = socket
    this.#targetPort = options.targetPort ?? 0
    this.#up = new Link(options.up ?? { seed: 1 })
    this.#down = new Link(options.down ?? { seed: 2 })
    socket.on('message', (bytes, from) => {
      const session = this.#sessionOf(from.address, from.port)
      this.#send(this.#up, { session, bytes })
    })
  }

  /** Opens the proxy on a free port. */
  static async open(options: UdpProxyOptions = {}): Promise<UdpProxy> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, options.host ?? '127.0.0.1', resolve)
    })
    return new UdpProxy(socket, options)
  }

  /** The port clients send to. */
  get port(): number {
    return this.#socket.address().port
  }

  get counters(): { readonly up: LinkCounters; readonly down: LinkCounters } {
    return { up: this.#up.counters, down: this.#down.counters }
  }

  setTarget(port: number): void {
    this.#targetPort = port
  }

  /** Changes both directions from now on. */
  change(change: Partial<Omit<LinkOptions, 'seed'>>): void {
    this.#up.change(change)
    this.#down.change(change)
  }

  /** While blocked, nothing passes, as on networks that allow TCP alone. */
  block(isBlocked: boolean): void {
    this.#isBlocked = isBlocked
  }

  /** Gives every client a new port towards the server; packets in flight to the old ones are lost. */
  rebind(): void {
    for (const session of this.#sessions.values()) {
      session.upstream?.close()
      session.upstream = this.#openUpstream(session)
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#socket.close()
    for (const session of this.#sessions.values()) session.upstream?.close()
  }

  #sessionOf(clientIp: string, clientPort: number): Session {
    const key = `${clientIp}:${clientPort}`
    let session = this.#sessions.get(key)
    if (session === undefined) {
      session = { clientIp, clientPort, upstream: undefined }
      session.upstream = this.#openUpstream(session)
      this.#sessions.set(key, session)
    }
    return session
  }

  #openUpstream(session: Session): Socket {
    const upstream = createSocket('udp4')
    upstream.on('message', (bytes) => this.#send(this.#down, { session, bytes }))
    upstream.on('error', () => undefined)
    return upstream
  }

  #send(link: Link<Carried>, carried: Carried): void {
    if (this.#isBlocked) return
    link.send(nowMicros(), carried, carried.bytes.length)
    this.#deliver()
  }

  #deliver(): void {
    if (this.#isClosed) return
    const now = nowMicros()
    for (let next = this.#up.receive(now); next !== undefined; next = this.#up.receive(now)) {
      next.item.session.upstream?.send(next.item.bytes, this.#targetPort, '127.0.0.1')
    }
    for (let next = this.#down.receive(now); next !== undefined; next = this.#down.receive(now)) {
      this.#socket.send(next.item.bytes, next.item.session.clientPort, next.item.session.clientIp)
    }
    clearTimeout(this.#timer)
    const at = Math.min(this.#up.pollTimeout() ?? Infinity, this.#down.pollTimeout() ?? Infinity)
    if (at !== Infinity) this.#timer = setTimeout(() => this.#deliver(), Math.max(0, (at - now) / 1000))
  }
}

function nowMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
