import type { ConfigWith, serverOptions } from '../config/index.js'
import { hls } from './hls/index.js'
import { httpFlv } from './http-flv/index.js'
import type { ConfiguredProtocol, Protocol } from './protocol.js'
import { rtmp } from './rtmp/index.js'
import { webrtc } from './webrtc/index.js'

export type { EndpointEnvironment } from './environment.js'
export type * from './protocol.js'
export { PublishAttempt } from './publish-attempt.js'
export { RtmpEndpoint } from './rtmp/index.js'
export { WebRtcEndpoint } from './webrtc/index.js'

/** Every protocol there is: a new one is a folder and its name here. */
export const protocols = [httpFlv, hls, rtmp, webrtc] as const satisfies readonly Protocol[]

/** Everything the server is told at start. */
export type ServerConfig = ConfigWith<Protocol & ConfiguredProtocol>

/** First path segments that no plain stream may have as its app. */
export function reservedApps({ protocols: all }: ServerConfig): string[] {
  return all.flatMap(({ reserves }) => reserves)
}

type NamesOf<One> = One extends Protocol ? keyof One['options'] : never
/** The options of the server and of its protocols. */
export type OptionName = keyof typeof serverOptions | NamesOf<(typeof protocols)[number]>
