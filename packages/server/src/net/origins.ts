import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

/** What handed-out addresses begin with; what is undefined is taken from the request. */
export interface AddressOptions {
  readonly publicUrl: string | undefined
  readonly publicRtmpUrl: string | undefined
  /** The RTMP port in use; undefined when it is closed. */
  readonly rtmpPort: () => number | undefined
  /** The RTMPS port in use, for who came by TLS; absent or undefined: there is none that an encoder would trust. */
  readonly rtmpsPort?: () => number | undefined
  /** The public port, when the API is asked on another listener; absent: that of the request. */
  readonly publicPort?: () => { readonly port: number; readonly isSecure: boolean }
}

/** The beginnings of addresses, as the asking client can reach them. No slash at the end. */
export interface Origins {
  readonly http: string
  readonly ws: string
  readonly rtmp: string
  /** The same without TLS, where `rtmp` has it. */
  readonly plainRtmp?: string
}

/** RTMP's own port is not written out: LiteAV on iOS likes short addresses. */
const RTMP_PORT = 1935
const RTMPS_PORT = 443
const HOST = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:\d{1,5})?$/

/** Takes the origins from the options, else from the Host the client asked for. */
export function originsOf(request: IncomingMessage, options: AddressOptions): Origins {
  const { publicUrl, publicRtmpUrl } = options
  const match = HOST.exec(request.headers.host ?? '')
  const own = options.publicPort?.()
  const isSecure = own?.isSecure ?? (request.socket as Partial<TLSSocket>).encrypted === true
  const host = own === undefined ? match?.[0] : `${match?.[1] ?? 'localhost'}:${String(own.port)}`
  const http = publicUrl ?? `${isSecure ? 'https' : 'http'}://${host ?? 'localhost'}`
  const ws = http.replace(/^http/, 'ws')
  if (publicRtmpUrl !== undefined) return { http, ws, rtmp: publicRtmpUrl }
  const hostname = publicUrl === undefined ? (match?.[1] ?? 'localhost') : new URL(publicUrl).hostname
  const [plainPort, isClosed] = [options.rtmpPort() ?? RTMP_PORT, options.rtmpPort() === undefined]
  const plain = `rtmp://${authorityOf(hostname, plainPort, RTMP_PORT)}`
  const securePort = isClosed || (isSecure && publicUrl === undefined) ? options.rtmpsPort?.() : undefined
  if (securePort === undefined) return { http, ws, rtmp: plain }
  const rtmp = `rtmps://${authorityOf(hostname, securePort, RTMPS_PORT)}`
  return { http, ws, rtmp, ...(isClosed ? {} : { plainRtmp: plain }) }
}

function authorityOf(hostname: string, port: number, defaultPort: number): string {
  return port === defaultPort ? hostname : `${hostname}:${String(port)}`
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
