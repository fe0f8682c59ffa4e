export { AddressRanges, plainAddress } from './address-ranges.js'
export { TrustedProxies } from './client-address.js'
export { inListenedTime, ListeningClock, systemClock } from './clock.js'
export { AddressRates } from './address-rates.js'
export { KeyedRates } from './keyed-rates.js'
export { addressGroup, isLoopbackAddress } from '../config/index.js'
export { FrontDoor, Guest } from './front-door.js'
export { PendingConnections, type PendingConnection, type PendingLimits } from './pending-connections.js'
export { connectOut, type OutgoingTarget } from './outgoing.js'
export { SocketWatch, type SocketWatchLimits, type TcpKernel } from './socket-watch.js'
export { loadTcpKernel } from './load-tcp-kernel.js'
export { isPublicAddress } from './public-address.js'
export { parseUrl } from './parse-url.js'
export { RateLimiter, type RateLimits } from './rate-limiter.js'
export { TcpServer, type TcpListenOptions } from './tcp-server.js'
export { certificateSourceOf, loadCertificate, watchCertificate, type CertificateSource } from './certificate.js'
export { HttpServer, refuseUpgrade, type HttpLimits, type HttpListenOptions } from './http-server.js'
export { type ListeningPlace } from './listening-port.js'
export { Listeners, type HttpHandlers, type ListenersOptions } from './listeners.js'
export { originsOf } from './origins.js'
export type { AddressOptions, EncoderOrigins, Origins, Reached } from './origins.js'
export {
  FOREIGN_PAGE,
  isHostAllowed,
  isOriginAllowed,
  refusePage,
  type PageRefusal,
  type PageRules,
} from './page-rules.js'
