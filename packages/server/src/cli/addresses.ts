import { networkInterfaces } from 'node:os'
import { announceableAddresses } from '@crossroom/webrtc'
import { isPublicAddress } from '../api/index.js'
import { isLoopbackHost, servesTls } from '../config/index.js'
import type { Config } from '../config/index.js'

/** Port numbers by the names of the `listening` line. */
export type Ports = Readonly<Record<string, number | undefined>>

/** The beginnings of a server's addresses, without a slash at the end. */
export interface Addresses {
  /** Where the pages are, by TLS where there is TLS: a camera needs it. */
  readonly web: string
  /** `http://HOST:PORT`, for players; by TLS where the plain port is closed, as `rtmp` is. */
  readonly http: string
  /** `rtmp://HOST:PORT` */
  readonly rtmp: string
  /** The address by which others reach this machine; `localhost` where nobody else does. */
  readonly host: string
}

/** The ports that a configuration asks for. */
export function portsOf(config: Config): Ports {
  const { rtmpPort: rtmp, httpPort: http, httpsPort: https, rtmpsPort: rtmps } = config
  const open = (port: number | 'off'): number | undefined => (port === 'off' ? undefined : port)
  return { rtmp: open(rtmp), http: open(http), ...(servesTls(config) ? { https, rtmps } : {}) }
}

/** How others reach a server that runs with this configuration. */
export function addressesOf(
  config: Config,
  ports: Ports = portsOf(config),
  interfaces = networkInterfaces(),
): Addresses {
  const host = reachableHost(config, interfaces)
  const at = (scheme: string, port: number | undefined): string => `${scheme}://${host}:${String(port)}`
  const secure = ports['https'] === undefined ? undefined : at('https', ports['https'])
  const plain = ports['http'] === undefined ? undefined : at('http', ports['http'])
  const [http, web] = [plain ?? secure ?? at('http', undefined), secure ?? plain ?? at('http', undefined)]
  const rtmp = ports['rtmp'] === undefined ? at('rtmps', ports['rtmps']) : at('rtmp', ports['rtmp'])
  const { publicUrl, publicRtmpUrl } = config
  return { web: publicUrl ?? web, http: publicUrl ?? http, rtmp: publicRtmpUrl ?? rtmp, host }
}

/** Where a program on this machine reaches a server that listens on `host`. */
export function localHost(host: string): string {
  if (host === '0.0.0.0' || isLoopbackHost(host)) return host === '::1' ? '[::1]' : '127.0.0.1'
  if (host === '::') return '[::1]'
  return bracketed(host)
}

/** What WebRTC peers are told is what others reach; else the machine's own address, a public one first. */
function reachableHost({ host, rtcAddress }: Config, interfaces: ReturnType<typeof networkInterfaces>): string {
  if (isLoopbackHost(host)) return 'localhost'
  if (host !== '0.0.0.0' && host !== '::') return bracketed(host)
  const announced = rtcAddress[0]
  if (announced !== undefined) return bracketed(withoutPort(announced))
  const own = Object.entries(interfaces).flatMap(([name, entries]) =>
    (entries ?? []).map(({ address, internal }) => ({ name, address, internal })),
  )
  const reachable = announceableAddresses(own).filter((address) => host === '::' || !address.includes(':'))
  const best = reachable.find(isPublicAddress) ?? reachable[0]
  return best === undefined ? 'localhost' : bracketed(best)
}

/** `IP:PORT` and `[IP]:PORT` → `IP`. */
function withoutPort(address: string): string {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):\d+$/.exec(address)
  return match?.[1] ?? match?.[2] ?? address
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
