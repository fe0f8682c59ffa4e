import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refusal } from '../../auth/index.js'
import { httpLimits, nameLimits } from '../../config/index.js'
import type { ByteTransport, Clock } from '../../hub/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { FLV_NEEDS } from '../flv-needs.js'
import { PlayAttempt } from '../play-attempt.js'
import { parseFlvAddress, type FlvAddress } from './address.js'
import { flvRecipe, flvVariantOf } from './variant.js'

const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Range',
  'Access-Control-Max-Age': '86400',
} as const

/** No length and no chunks: the stream ends with the connection. Proxies are asked not to hold it back. */
const STREAM_HEADERS = {
  'Content-Type': 'video/x-flv',
  'Cache-Control': 'no-cache, no-store',
  'X-Accel-Buffering': 'no',
  Connection: 'close',
  ...CORS,
} as const

/** `GET http://HOST/APP/STREAM.flv`. */
export class HttpFlvEndpoint {
  readonly #environment: EndpointEnvironment
  readonly #clientAddress: (request: IncomingMessage) => string
  /** Connections with a play that is waiting or running. */
  readonly #busy = new WeakSet<Socket>()

  constructor(environment: EndpointEnvironment, clientAddress: (request: IncomingMessage) => string) {
    this.#environment = environment
    this.#clientAddress = clientAddress
  }

  /** True when the request was for an FLV stream and is taken care of. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const address = parseFlvAddress(request.url ?? '', nameLimits.queryFields)
    if (address === undefined) return false
    if (request.method === 'OPTIONS') response.writeHead(204, CORS).end()
    else if (request.method === 'GET' || request.method === 'HEAD') this.#play(address, request, response)
    else {
      const sentence = `${String(request.method)} is not served here: an FLV stream takes GET, HEAD and OPTIONS.`
      answer(response, 405, sentence, { Allow: 'GET, HEAD, OPTIONS' })
    }
    return true
  }

  #play(address: FlvAddress, request: IncomingMessage, response: ServerResponse): void {
    const socket = request.socket
    // Tags go to the socket itself: a second play behind the first (pipelining) would mix its bytes into them.
    if (this.#busy.has(socket)) {
      socket.destroy()
      return
    }
    this.#busy.add(socket)
    const transport = socketTransport(socket, this.#environment.clock)
    const attempt = new PlayAttempt(
      this.#environment,
      {
        action: 'play',
        protocol: 'http-flv',
        app: address.app,
        stream: address.stream,
        query: address.query,
        bearer: bearerOf(request),
        remoteAddress: this.#clientAddress(request),
        connectionId: this.#environment.newConnectionId(),
      },
      {
        refused: (refusal) => refuse(response, refusal),
        notFound: () => {
          // The headers of a play that waited are out.
          if (response.headersSent) transport.close('ended')
          else answer(response, 404, `${address.app}/${address.stream} has no publisher.`)
        },
        waiting: () => begin(request, response),
        ready: () => {
          // The status line goes out with the first tags: one segment instead of two.
          socket.cork()
          if (begin(request, response)) this.#stream(attempt, address, request, transport)
          socket.uncork()
        },
      },
      FLV_NEEDS,
    )
    const leave = (): void => attempt.close('client')
    socket.once('close', leave)
    // The end of an answer without a stream: the connection may ask again.
    response.once('finish', () => {
      this.#busy.delete(socket)
      socket.off('close', leave)
      leave()
    })
  }

  #stream(attempt: PlayAttempt, address: FlvAddress, request: IncomingMessage, transport: ByteTransport): void {
    const { socket } = request
    const variant = flvVariantOf(address.query, attempt.filters, isByPage(request))
    const viewer = attempt.attach(transport, variant.name, () => flvRecipe(variant, this.#environment))
    socket.on('drain', () => viewer.handleDrain())
  }
}

/** Sends the status and the headers, once; false when nothing follows them. */
function begin(request: IncomingMessage, response: ServerResponse): boolean {
  if (response.headersSent) return request.method !== 'HEAD'
  if (request.method === 'HEAD') {
    response.writeHead(200, STREAM_HEADERS).end()
    return false
  }
  response.useChunkedEncodingByDefault = false
  response.writeHead(200, STREAM_HEADERS).flushHeaders()
  return true
}

/** Writes past the response object: the body is raw bytes, and a response costs time at every write. */
function socketTransport(socket: Socket, clock: Clock): ByteTransport {
  return {
    write: (bytes) => socket.write(bytes),
    get buffered() {
      return socket.writableLength
    },
    close: (reason) => {
      if (reason === 'stalled') {
        socket.destroy()
        return
      }
      socket.end()
      // A player that neither reads the rest nor hangs up would keep the socket for ever.
      const cancel = clock.after(httpLimits.farewellMicros, () => socket.destroy())
      socket.once('close', cancel)
    },
  }
}

/** Pages of other origins are known by `Origin`, all pages of today's browsers by `Sec-Fetch-Mode` (W3C Fetch Metadata). */
function isByPage({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-mode'] !== undefined || headers.origin !== undefined
}

export function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  answer(response, refusal.httpStatus, refusal.sentence, {
    ...(refusal.httpStatus === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(refusal.httpStatus === 503 ? { 'Retry-After': '5' } : {}),
  })
}

function answer(
  response: ServerResponse,
  status: number,
  sentence: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent) return
  response.writeHead(status, STATUS_CODES[status], {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    ...CORS,
    ...headers,
  })
  response.end(`${sentence}\n`)
}
