import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { PlayAddresses } from '@crossroom/protocol'

/** How a client reached the server: what addresses begin with that it is told. No slash at the end. */
export interface Reached {
  readonly http: string
  readonly ws: string
  /** In brackets where it is an IPv6 address. */
  readonly hostname: string
  /** It came to the server itself by TLS. */
  readonly isSecure: boolean
}

/** Where encoders publish. */
export interface EncoderOrigins {
  readonly rtmp: string
  /** The same without TLS, where `rtmp` has it. */
  readonly plainRtmp?: string
  /** The operator says it, for everybody. */
  readonly isGiven?: true
}

export interface Origins extends Reached, EncoderOrigins {}

/** How addresses are written that are handed out. */
export interface AddressOptions {
  /** What they begin with; undefined: it is taken from the request. */
  readonly publicUrl: string | undefined
  /** The public port, when the API is asked on another listener; absent: that of the request. */
  readonly publicPort?: () => { readonly port: number; readonly isSecure: boolean }
  /** Where encoders publish that can reach the server like this client. */
  readonly encoders: (reached: Reached) => EncoderOrigins
  /** The play addresses of a stream, by every protocol that has one. */
  readonly play: (origins: Origins, name: string) => PlayAddresses & Readonly<Record<string, string>>
}

const HOST = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?$/

/** Takes the origins from the options, else from the Host the client asked for. */
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
