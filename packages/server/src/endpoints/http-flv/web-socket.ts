import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { httpLimits, nameLimits, webSocketLimits } from '../../config/index.js'
import type { ByteTransport, EndReason } from '../../hub/index.js'
import { isOriginAllowed, refuseUpgrade, type PageRules } from '../../net/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { FLV_NEEDS } from '../flv-needs.js'
import { PlayAttempt } from '../play-attempt.js'
import { parseFlvAddress, type FlvAddress } from './address.js'
import { bearerOf } from './play.js'
import { flvRecipe, flvVariantOf } from './variant.js'

/** RFC 6455 section 7.4: 1001 going away, 1008 policy; 4404 is in the range for applications. */
const CLOSE_CODES: Record<EndReason | 'stalled', number> = { ended: 1001, kicked: 1008, shutdown: 1001, stalled: 1008 }
const CLOSE_NOT_FOUND = 4404
const CLOSE_REFUSED = 1008

/** `ws://HOST/APP/STREAM.flv`: the bytes of HTTP-FLV in binary messages, cut anywhere. */
export class WebSocketFlvEndpoint {
  readonly #environment: EndpointEnvironment
  readonly #clientAddress: (request: IncomingMessage) => string
  readonly #pages: PageRules
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: webSocketLimits.maxPayloadBytes,
    // Some players name a subprotocol out of habit; the first one is taken.
    handleProtocols: (protocols) => [...protocols][0] ?? false,
  })

  constructor(environment: EndpointEnvironment, clientAddress: (request: IncomingMessage) => string, pages: PageRules) {
    this.#environment = environment
    this.#clientAddress = clientAddress
    this.#pages = pages
  }

  /** True when the upgrade was for an FLV stream and is taken care of. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const address = parseFlvAddress(request.url ?? '', nameLimits.queryFields)
    if (address === undefined) return false
    // CORS does not reach WebSockets: the server itself has to look whose page asks.
    if (!isOriginAllowed(request, this.#pages)) {
      refuseUpgrade(socket, '403 Forbidden', 'Pages of this origin may not play here: see --allow-origin.')
      return true
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#play(address, request, socket, webSocket)
    })
    return true
  }

  #play(address: FlvAddress, request: IncomingMessage, socket: Duplex, webSocket: WebSocket): void {
    const attempt = new PlayAttempt(
      this.#environment,
      {
        action: 'play',
        protocol: 'ws-flv',
        app: address.app,
        stream: address.stream,
        query: address.query,
        bearer: bearerOf(request),
        remoteAddress: this.#clientAddress(request),
        connectionId: this.#environment.newConnectionId(),
      },
      {
        refused: (refusal) => this.#sayGoodbye(webSocket, CLOSE_REFUSED, refusal.sentence),
        notFound: () =>
          this.#sayGoodbye(webSocket, CLOSE_NOT_FOUND, `${address.app}/${address.stream} has no publisher.`),
        ready: () => {
          const variant = flvVariantOf(address.query, attempt.filters, true)
          const recipe = () => flvRecipe(variant, this.#environment)
          const viewer = attempt.attach(this.#transport(webSocket, socket), variant.name, recipe)
          socket.on('drain', () => viewer.handleDrain())
        },
      },
      FLV_NEEDS,
    )
    webSocket.on('close', () => attempt.close('client'))
    webSocket.on('error', () => webSocket.terminate())
  }

  #transport(webSocket: WebSocket, socket: Duplex): ByteTransport {
    const options = { binary: true, compress: false }
    return {
      write: (bytes) => {
        if (webSocket.readyState === webSocket.OPEN) webSocket.send(bytes, options)
        return !socket.writableNeedDrain
      },
      get buffered() {
        return socket.writableLength
      },
      close: (reason) => {
        if (reason === 'stalled') webSocket.terminate()
        else this.#sayGoodbye(webSocket, CLOSE_CODES[reason], reason)
      },
    }
  }

  /** A close reason holds 123 bytes (RFC 6455 section 5.5). A player that does not say goodbye itself is let go all the same. */
  #sayGoodbye(webSocket: WebSocket, code: number, reason: string): void {
    const cancel = this.#environment.clock.after(httpLimits.farewellMicros, () => webSocket.terminate())
    webSocket.once('close', cancel)
    webSocket.close(code, Buffer.from(reason).subarray(0, 123).toString())
  }
}
