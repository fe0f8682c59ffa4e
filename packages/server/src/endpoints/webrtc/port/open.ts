import { randomBytes } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { announceableAddresses, hostCandidates, type AnnouncedAddress, type WebRtcEngine } from '@crossroom/webrtc'
import type { Clock } from '../../../hub/index.js'
import type { Listeners } from '../../../net/index.js'
import { RtcGateway } from './gateway.js'

export interface RtcOpenOptions {
  readonly engine: WebRtcEngine
  readonly host: string
  /** UDP, and TCP on the same number; 0 takes a free one. */
  readonly port: number
  /** IP, NAME or IP:PORT to announce; empty: the machine's own addresses. */
  readonly announce: readonly string[]
  readonly clock: Clock
  readonly listeners: Listeners
}

/** A free UDP port may be taken for TCP: another one is tried so often. */
const FREE_PORT_TRIES = 10

/** Opens the media port, UDP and TCP, and determines the announced addresses. Rejects when a port is not available. */
export async function openRtc(options: RtcOpenOptions): Promise<RtcGateway> {
  for (let tries = 1; ; tries++) {
    try {
      return await openOnce(options)
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (options.port === 0 && isTaken && tries < FREE_PORT_TRIES) continue
      // The engine's errors do not name the port, and the reader of the message needs it.
      throw Object.assign(error as Error, { port: options.port })
    }
  }
}

async function openOnce(options: RtcOpenOptions): Promise<RtcGateway> {
  const { engine, host, clock, listeners } = options
  const port = engine.udp.open({ host, port: options.port })
  let gateway: RtcGateway | undefined
  try {
    const addresses = await announcedAddresses(options.announce, host, port.port)
    const cname = randomBytes(12).toString('base64url')
    const made = new RtcGateway({ engine, port, candidates: hostCandidates(addresses), clock, cname })
    gateway = made
    await listeners.openTcp('rtc', port.port, (socket, guest) => made.handleTcp(socket, guest), {
      exclusive: true,
    })
    return made
  } catch (error) {
    if (gateway === undefined) port.close()
    else gateway.close()
    throw error
  }
}

/** What browsers are told to reach us by. A name is looked up once, at start. */
export async function announcedAddresses(
  announce: readonly string[],
  host: string,
  port: number,
): Promise<AnnouncedAddress[]> {
  if (announce.length > 0) return Promise.all(announce.map((entry) => announced(entry, port)))
  const isAny = host === '0.0.0.0' || host === '::'
  if (!isAny) return [{ ip: host === 'localhost' ? '127.0.0.1' : host, udpPort: port, tcpPort: port }]
  const own = Object.entries(networkInterfaces()).flatMap(([name, entries]) =>
    (entries ?? []).map(({ address, internal }) => ({ name, address, internal })),
  )
  const reachable = announceableAddresses(own).filter((ip) => host === '::' || !ip.includes(':'))
  return reachable.map((ip) => ({ ip, udpPort: port, tcpPort: port }))
}

async function announced(entry: string, port: number): Promise<AnnouncedAddress> {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:]+)):(\d{1,5})$/i.exec(entry)
  const name = match?.[1] ?? match?.[2] ?? entry
  const announcedPort = match?.[3] === undefined ? port : Number(match[3])
  const ip = isIP(name) !== 0 ? name : await resolveName(name)
  return { ip, udpPort: announcedPort, tcpPort: announcedPort }
}

async function resolveName(name: string): Promise<string> {
  try {
    return (await lookup(name)).address
  } catch {
    throw new Error(`--rtc-address names "${name}", which is no IP address and cannot be looked up.`)
  }
}
