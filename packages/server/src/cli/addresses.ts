import { networkInterfaces } from 'node:os'
import { announceableAddresses } from '@crossroom/webrtc'
import { isLoopbackHost, portsOf } from '../config/index.js'
import type { Ports, ServerConfig } from '../endpoints/index.js'
import { isPublicAddress } from '../net/index.js'

/** The beginnings of a server's addresses, without a slash at the end. */
export interface Addresses {
  /** Origin of the pages, with TLS if available: a camera requires it. */
  readonly web: string
  /** `http://HOST:PORT`, for players; with TLS if the plain port is closed, as for `rtmp`. */
  readonly http: string
  /** `rtmp://HOST:PORT` */
  readonly rtmp: string
  /** The address by which other machines reach this one; `localhost` if none can. */
  readonly host: string
}

/** The ports that a configuration asks for. */
export function numbersOf(config: ServerConfig): Ports {
  return Object.fromEntries(portsOf(config).flatMap(({ name, port }) => (port === 'off' ? [] : [[name, port]])))
}

/** How others reach a server that runs with this configuration. */
export function addressesOf(
  config: ServerConfig,
  ports: Ports = numbersOf(config),
  interfaces = networkInterfaces(),
): Addresses {
  const host = reachableHost(config, interfaces)
  const at = (scheme: string, port: number | undefined): string => `${scheme}://${host}:${String(port)}`
  const secure = ports['https'] === undefined ? undefined : at('https', ports['https'])
  const plain = ports['http'] === undefined ? undefined : at('http', ports['http'])
  const [http, web] = [plain ?? secure ?? at('http', undefined), secure ?? plain ?? at('http', undefined)]
  const [rtmp = ''] = config.protocols.flatMap((protocol) => protocol.encoderOrigin?.(host, ports) ?? [])
  const { publicUrl } = config
  return { web: publicUrl ?? web, http: publicUrl ?? http, rtmp, host }
}

/** The host by which a program on this machine reaches a server that listens on `host`. */
export function localHost(host: string): string {
  if (host === '0.0.0.0' || isLoopbackHost(host)) return host === '::1' ? '[::1]' : '127.0.0.1'
  if (host === '::') return '[::1]'
  return bracketed(host)
}

/** The host announced to WebRTC peers, else the machine's own address, a public one first. */
function reachableHost({ host, protocols }: ServerConfig, interfaces: ReturnType<typeof networkInterfaces>): string {
  if (isLoopbackHost(host)) return 'localhost'
  if (host !== '0.0.0.0' && host !== '::') return bracketed(host)
  const announced = protocols.find((protocol) => protocol.announced !== undefined)?.announced
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
