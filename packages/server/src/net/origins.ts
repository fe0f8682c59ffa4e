import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

/** What handed-out addresses begin with; what is undefined is taken from the request. */
export interface AddressOptions {
  readonly publicUrl: string | undefined
  readonly publicRtmpUrl: string | undefined
  /** The RTMP port in use. */
  readonly rtmpPort: () => number
  /** The HTTP port in use, when the API is asked on another one; absent or undefined: the port of the request. */
  readonly httpPort?: () => number | undefined
}

/** The beginnings of addresses, as the asking client can reach them. No slash at the end. */
export interface Origins {
  readonly http: string
  readonly ws: string
  readonly rtmp: string
}

/** RTMP's own port is not written out: LiteAV on iOS likes short addresses. */
const RTMP_PORT = 1935
const HOST = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?$/

/** Takes the origins from the options, else from the Host the client asked for. */
export function originsOf(request: IncomingMessage, options: AddressOptions): Origins {
  const match = HOST.exec(request.headers.host ?? '')
  const scheme = (request.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http'
  const httpPort = options.httpPort?.()
  const host = httpPort === undefined ? match?.[0] : `${match?.[1] ?? 'localhost'}:${String(httpPort)}`
  const http = options.publicUrl ?? `${scheme}://${host ?? 'localhost'}`
  const hostname = options.publicUrl === undefined ? (match?.[1] ?? 'localhost') : new URL(options.publicUrl).hostname
  const port = options.rtmpPort()
  const rtmp = options.publicRtmpUrl ?? `rtmp://${hostname}${port === RTMP_PORT ? '' : `:${String(port)}`}`
  return { http, ws: http.replace(/^http/, 'ws'), rtmp }
}

/** The play addresses of a stream. */
export function playAddresses(origins: Origins, name: string) {
  return {
    rtmp: `${origins.rtmp}/${name}`,
    flv: `${origins.http}/${name}.flv`,
    wsFlv: `${origins.ws}/${name}.flv`,
    whep: `${origins.http}/whep/${name}`,
  }
}
