import type { ConnectionHandlers, PlayConnection, PushConnection } from './connection.js'
import { FlvConnection } from './flv-connection.js'
import { RtmpConnection } from './rtmp-connection.js'

/** Opens a connection that publishes at `url`. Throws when that is no RTMP address. */
export type OpenPush = (url: string, handlers: ConnectionHandlers) => PushConnection

/** Opens a connection that plays `url`, RTMP or HTTP-FLV. */
export type OpenPlay = (url: string, handlers: ConnectionHandlers) => PlayConnection

export const openPush: OpenPush = (url, handlers) => new RtmpConnection('publish', url, handlers)

export const openPlay: OpenPlay = (url, handlers) => {
  if (/^rtmps?:/i.test(url)) return new RtmpConnection('play', url, handlers)
  return new FlvConnection(url, {
    agreed: () => {
      handlers.connected()
      handlers.agreed()
    },
    tag: (type, timestampMs, body) => handlers.media(type, timestampMs, body),
    closed: (code) => handlers.closed(code),
  })
}
