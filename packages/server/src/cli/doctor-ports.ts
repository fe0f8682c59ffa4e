import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { ofAllProcesses, portsOf, type PortUse } from '../config/index.js'
import type { Finding, ServerConfig } from '../endpoints/index.js'
import { askOwnServer } from './own-server.js'

const ASK_TIMEOUT_MS = 2000

type Transport = PortUse['transports'][number]

/** Whether the ports are free, or used by a running Crossroom, whose HTTP port lists them. */
export async function checkPorts(config: ServerConfig): Promise<Finding[]> {
  const all = ofAllProcesses(portsOf(config), config.processes)
  const own = await portsOfRunningServer(config, all)
  const checks = all.flatMap(({ name, port, transports, host = config.host }) =>
    port === 'off' || port === 0 ? [] : transports.map((transport) => checkPort({ name, port, transport, host }, own)),
  )
  return Promise.all(checks)
}

interface UsedPort {
  readonly name: string
  readonly port: number
  readonly transport: Transport
  readonly host: string
}

async function checkPort({ name, port, transport, host }: UsedPort, own: ReadonlySet<number>): Promise<Finding> {
  const check = `${name} port`
  const what = `Port ${String(port)} (${transport.toUpperCase()})`
  try {
    await (transport === 'tcp' ? tryTcp(host, port) : tryUdp(host, port))
    return { check, state: 'ok', message: `${what} is free on ${host}.` }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE' && own.has(port))
      return { check, state: 'ok', message: `${what} is in use by the Crossroom that runs here.` }
    const why =
      code === 'EADDRINUSE'
        ? `is used by another program: stop it, or choose another --${name}-port.`
        : code === 'EACCES'
          ? `needs more rights than this user has: choose --${name}-port above 1023.`
          : `cannot be opened on ${host} (${code ?? String(error)}).`
    return { check, state: 'fail', message: `${what} ${why}` }
  }
}

/** The ports of the Crossroom that answers at the configured address; empty without one. */
async function portsOfRunningServer(config: ServerConfig, all: readonly PortUse[]): Promise<ReadonlySet<number>> {
  try {
    const { body } = await askOwnServer(config, { method: 'GET', path: '/readyz', timeoutMs: ASK_TIMEOUT_MS })
    const { ports, parts } = body as { ports?: unknown; parts?: { webrtc?: unknown; processes?: unknown } }
    if (parts?.webrtc === undefined || typeof ports !== 'object' || ports === null) return new Set()
    const told = Object.values(ports).filter((port): port is number => typeof port === 'number')
    // One of its processes answers, and names its own.
    const ofOthers = parts.processes === undefined ? [] : all.filter(({ ofEachProcess }) => ofEachProcess === true)
    return new Set([...told, ...ofOthers.map(({ port }) => Number(port))])
  } catch {
    return new Set()
  }
}

function tryTcp(host: string, port: number): Promise<void> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.close(() => {
        resolve()
      })
    })
  })
}

function tryUdp(host: string, port: number): Promise<void> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close()
      reject(error)
    })
    socket.bind(port, host, () => {
      socket.close(resolve)
    })
  })
}
