import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { Place } from '../../jobs/index.js'
import type { FetchNetwork } from '../fetch/network.js'

const HOST = '127.0.0.1'
const USER = 'crossroom'
/** What FFmpeg tells apart from refused credentials. */
const MISDIRECTED = 421
/** Of one hop (RFC 9110 section 7.6.1), and what is for this proxy alone. */
const HOP_HEADERS = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'transfer-encoding',
  'upgrade',
]

/**
 * The only way of FFmpeg's HTTP to anywhere: a proxy on this machine that asks about every host, whether it stands in an
 * address, a redirection or a playlist, and connects to the address that was judged.
 */
export class HttpProxy {
  readonly #network: FetchNetwork
  readonly #password = randomBytes(18).toString('base64url')
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #opened: Promise<string> | undefined

  constructor(network: FetchNetwork) {
    this.#network = network
  }

  /** The address of the proxy, with credentials that nobody else on this machine has. It listens from the first call on. */
  url(): Promise<string> {
    return (this.#opened ??= this.#open())
  }

  /** Idempotent. */
  close(): void {
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #open(): Promise<string> {
    return new Promise((resolve, reject) => {
      const server = (this.#server = createServer((asked, answer) => void this.#handleRequest(asked, answer)))
      server.on('connect', (asked, socket: Socket, head: Buffer) => void this.#handleConnect(asked, socket, head))
      server.on('connection', (socket) => {
        this.#sockets.add(socket)
        socket.once('close', () => this.#sockets.delete(socket))
      })
      server.once('error', reject)
      server.listen(0, HOST, () => {
        // The pulls that use it keep the server alive, not the proxy.
        server.unref()
        resolve(`http://${USER}:${this.#password}@${HOST}:${String((server.address() as AddressInfo).port)}`)
      })
    })
  }

  async #handleRequest(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (!this.#knows(asked)) {
      answer.writeHead(407, { 'proxy-authenticate': 'Basic realm="pull"' }).end()
      return
    }
    const place = placeOf(asked.url ?? '', 'http:')
    if (place === undefined) return void answer.writeHead(400).end()
    const socket = await this.#network.connect(place).catch(() => undefined)
    if (socket === undefined) return void answer.writeHead(MISDIRECTED).end()
    const { pathname, search } = new URL(asked.url!)
    const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => !HOP_HEADERS.includes(name)))
    const passed = request({
      ...{ createConnection: () => socket, method: asked.method ?? 'GET', path: pathname + search },
      headers: { ...headers, connection: 'close' },
    })
    answer.once('close', () => passed.destroy())
    passed.on('error', () => (answer.headersSent ? answer.destroy() : answer.writeHead(502).end()))
    passed.on('response', (response) => {
      const { connection: _connection, 'transfer-encoding': _encoding, ...kept } = response.headers
      answer.writeHead(response.statusCode ?? 502, kept)
      pipeline(response, answer, () => undefined)
    })
    asked.pipe(passed)
  }

  async #handleConnect(asked: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    client.on('error', () => undefined)
    const refuse = (status: string): void => void client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)
    if (!this.#knows(asked)) return refuse('407 No\r\nProxy-Authenticate: Basic realm="pull"')
    const place = placeOf(`https://${asked.url ?? ''}`, 'https:')
    if (place === undefined) return refuse('400 Bad Request')
    const ready = (): void => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n')
      pipeline(client, source, () => undefined)
      pipeline(source, client, () => undefined)
    }
    // The client speaks TLS through it.
    const connected = await this.#network.connect({ ...place, tls: false }, () => ready()).catch(() => undefined)
    if (connected === undefined) return refuse(`${String(MISDIRECTED)} Misdirected`)
    const source = connected
    if (head.length > 0) source.write(head)
    source.on('error', () => client.destroy())
    client.once('close', () => source.destroy())
  }

  #knows({ headers }: IncomingMessage): boolean {
    const expected = Buffer.from(`Basic ${Buffer.from(`${USER}:${this.#password}`).toString('base64')}`)
    const given = Buffer.from(headers['proxy-authorization'] ?? '')
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}

function placeOf(text: string, protocol: 'http:' | 'https:'): Place | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== protocol || url.hostname === '') return undefined
  const port = url.port === '' ? (protocol === 'http:' ? 80 : 443) : Number(url.port)
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, tls: false }
}
