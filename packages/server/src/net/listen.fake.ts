import { connectionLimits, FairShare, httpLimits, socketLimits } from '../config/index.js'
import { TrustedProxies } from './client-address.js'
import { systemClock as clock } from './clock.js'
import { FrontDoor } from './front-door.js'
import { HttpServer } from './http-server.js'
import type { HttpHandlers } from './listeners.js'
import { PendingConnections } from './pending-connections.js'
import { SocketWatch } from './socket-watch.js'

/** A door with so many places. */
export function doorForTest({ places = 1000, proxies = [] as string[], handshakeMicros = 5_000_000 } = {}): FrontDoor {
  return new FrontDoor({
    ...{ clock, handshakeMicros, proxies: new TrustedProxies(proxies), places: new FairShare(places) },
    pending: new PendingConnections({ total: connectionLimits.unauthorised, perAddress: 64, totalBytes: 1_000_000 }),
    watch: new SocketWatch({ clock, limits: socketLimits, onCut: () => undefined }),
  })
}

/** An HTTP server on a free port of loopback. */
export function listenForTest(handlers: HttpHandlers): Promise<HttpServer> {
  return HttpServer.listen({
    ...{
      name: 'http',
      place: { host: '127.0.0.1', port: 0 },
      limits: httpLimits,
      highWaterMark: 65_536,
      acceptPauseMs: 100,
    },
    ...{ clock, door: doorForTest(), onError: () => undefined, ...handlers },
    clientAddress: (request) => request.socket.remoteAddress ?? '',
  })
}
