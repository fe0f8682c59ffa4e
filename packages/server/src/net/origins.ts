import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { PlayAddresses } from '@crossroom/protocol'

/** How a client reached the server: the origins of the addresses it gets. No trailing slash. */
export interface Reached {
  readonly http: string
  readonly ws: string
  /** An IPv6 address is in brackets. */
  readonly hostname: string
  /** It came to the server itself by TLS. */
  readonly isSecure: boolean
}

/** Origin for encoders. */
export interface EncoderOrigins {
  readonly rtmp: string
  /** The same without TLS if `rtmp` uses TLS. */
  readonly plainRtmp?: string
  /** Configured by the operator, for all clients. */
  readonly isGiven?: true
}

export interface Origins extends Reached, EncoderOrigins {}

/** How addresses are written that are handed out. */
export interface AddressOptions {
  /** The configured origins; undefined: from the request. */
  readonly publicUrl: string | undefined
  /** The public port, when the API is asked on another listener; absent: that of the request. */
  readonly publicPort?: () => { readonly port: number; readonly isSecure: boolean }
  /** The RTMP origin for encoders that reach the server as this client does. */
  readonly encoders: (reached: Reached) => EncoderOrigins
  /** The play addresses of a stream, by every protocol that has one. */
  readonly play: (origins: Origins, name: string) => PlayAddresses & Readonly<Record<string, string>>
}

const HOST = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?$/

/** The origins from the options, else from the Host header of the client. */
export function originsOf(request: IncomingMessage, options: AddressOptions): Origins {
  const { publicUrl } = options
  const match = HOST.exec(request.headers.host ?? '')
  const own = options.publicPort?.()
  const isTls = own?.isSecure ?? (request.socket as Partial<TLSSocket>).encrypted === true
  const host = own === undefined ? match?.[0] : `${match?.[1] ?? 'localhost'}:${String(own.port)}`
  const http = publicUrl ?? `${isTls ? 'https' : 'http'}://${host ?? 'localhost'}`
  const ws = http.replace(/^http/, 'ws')
  const hostname = publicUrl === undefined ? (match?.[1] ?? 'localhost') : new URL(publicUrl).hostname
  const reached = { http, ws, hostname, isSecure: isTls && publicUrl === undefined }
  return { ...reached, ...options.encoders(reached) }
}
