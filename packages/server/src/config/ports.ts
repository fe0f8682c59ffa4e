import { ConfigError } from './config-error.js'
import type { ParsedOptions } from './schema.js'

/** A port that the server listens on with its present configuration. */
export interface PortUse {
  /** `rtmp` for the port of `--rtmp-port`: its name in the `listening` line, in `/readyz` and for the doctor. */
  readonly name: string
  /** 0 takes a free one. */
  readonly port: number | 'off'
  readonly transports: readonly ('tcp' | 'udp')[]
  /** Absent: `--host`. */
  readonly host?: string
  /** Each of several processes has one of its own, counted up from this. */
  readonly ofEachProcess?: true
}

type TlsOptions = Pick<ParsedOptions, 'tls' | 'tlsCert'>

/** Whether HTTPS and RTMPS are served. */
export function servesTls(config: TlsOptions): boolean {
  return config.tls !== undefined || config.tlsCert !== undefined
}

/** A port of TCP. */
export function tcpPort(name: string, port: number | 'off', host?: string): PortUse {
  return { name, port, transports: ['tcp'], ...(host === undefined ? {} : { host }) }
}

/** The ports that are no protocol's: of everything that goes by HTTP, and between nodes. */
export function serverPorts(
  config: Pick<ParsedOptions, 'httpPort' | 'httpsPort' | 'adminPort' | 'adminHost' | 'cluster' | 'relayPort'> &
    TlsOptions,
): PortUse[] {
  const { httpPort, httpsPort, adminPort, adminHost = '127.0.0.1', cluster, relayPort } = config
  return [
    tcpPort('http', httpPort),
    ...(servesTls(config) ? [tcpPort('https', httpsPort)] : []),
    ...(cluster.length === 0 ? [] : [{ ...tcpPort('relay', relayPort), ofEachProcess: true as const }]),
    ...(adminPort === undefined ? [] : [tcpPort('admin', adminPort, adminHost)]),
  ]
}

/**
 * A plain port may be closed only with TLS; the phone of the demo needs HTTP.
 * @throws ConfigError
 */
export function refuseClosedPorts(
  ports: readonly PortUse[],
  config: TlsOptions & Pick<ParsedOptions, 'httpPort' | 'demo'>,
): void {
  const closed = ports.find(({ port }) => port === 'off')
  if (closed !== undefined && !servesTls(config))
    throw new ConfigError(`--${closed.name}-port off requires TLS: set --tls-cert and --tls-key.`)
  if (config.httpPort === 'off' && config.demo)
    throw new ConfigError('--http-port off and --demo exclude each other: the simulated phone uses HTTP.')
}

/** The ports of all processes of the server. */
export function ofAllProcesses(ports: readonly PortUse[], processes: number): PortUse[] {
  return ports.flatMap((use) => {
    const { ofEachProcess = false, port } = use
    if (!ofEachProcess || port === 'off' || port === 0) return [use]
    return Array.from({ length: processes }, (_, place) => ({ ...use, port: port + place }))
  })
}

/** @throws ConfigError */
export function refuseSharedPorts(ports: readonly PortUse[], processes = 1): void {
  const used = new Map<number, string>()
  const each = processes === 1 ? '' : `; each of the ${String(processes)} processes needs a media port of its own`
  for (const { name, port } of ofAllProcesses(ports, processes)) {
    if (port === 'off' || port === 0) continue
    const other = used.get(port)
    if (other !== undefined)
      throw new ConfigError(`--${other}-port and --${name}-port are both ${String(port)}: choose two ports${each}.`)
    if (port > 65_535) throw new ConfigError(`--${name}-port is too high for ${String(processes)} processes.`)
    used.set(port, name)
  }
}
