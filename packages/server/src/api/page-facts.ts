import { networkInterfaces } from 'node:os'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLoopbackHost } from '../config/index.js'
import { originsOf, type AddressOptions, type AddressRates } from '../net/index.js'
import { ApiError } from './errors.js'

export interface PageFactsDeps extends AddressOptions {
  /** The room with the phone of `--demo`; absent without it. */
  readonly demoRoom: string | undefined
  /** The configured listeners. */
  readonly host: string
  /** The ports in use; `https` is absent without a certificate. */
  readonly ports: () => Readonly<Record<string, number>>
  readonly rates: AddressRates
  readonly clock: { now(): number }
  readonly clientAddress: (request: FastifyRequest['raw']) => string
}

/** The address for other machines. Null: reachable only on this machine. */
export interface Reach {
  readonly origin: string | null
  readonly rtmp: string | null
}

/** Networks that end inside this machine: containers and virtual machines. */
const INSIDE = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|cni|podman)/

/** The IPv4 address by which the machine's network knows it; undefined when it is in none. */
export function lanAddressOf(interfaces: ReturnType<typeof networkInterfaces>): string | undefined {
  for (const [name, entries = []] of Object.entries(interfaces)) {
    if (INSIDE.test(name)) continue
    const found = entries.find(({ family, internal, address }) => {
      return family === 'IPv4' && !internal && !address.startsWith('169.254.')
    })
    if (found !== undefined) return found.address
  }
  return undefined
}

/**
 * The base of invitations. A page keeps the name by which it was opened if others know it. A page opened on the
 * server's machine gets the machine's own address, if the server listens there.
 */
export function reachOf(
  request: FastifyRequest['raw'],
  deps: Pick<PageFactsDeps, keyof AddressOptions | 'host' | 'ports'>,
  interfaces = networkInterfaces(),
): Reach {
  const { http, rtmp, plainRtmp = rtmp, isGiven } = originsOf(request, deps)
  if (deps.publicUrl !== undefined || !isLoopbackHost(new URL(http).hostname.replace(/^\[|\]$/g, '')))
    return { origin: http, rtmp }
  const lan = isLoopbackHost(deps.host) ? undefined : lanAddressOf(interfaces)
  if (lan === undefined) return { origin: null, rtmp: isGiven === true ? rtmp : null }
  const { http: plain, https } = deps.ports()
  // Browsers give pages of other machines a camera by https:// only.
  const origin = https === undefined ? `http://${lan}:${String(plain)}` : `https://${lan}:${String(https)}`
  return { origin, rtmp: isGiven === true ? rtmp : plainRtmp.replace(/\/\/(\[[^\]]*\]|[^:/]+)/, `//${lan}`) }
}

/** `GET /api/v1/page`, on the public port: the facts that the server's own pages need first. */
export function registerPageFacts(app: FastifyInstance, deps: PageFactsDeps): void {
  app.get('/api/v1/page', { schema: { hide: true } }, (request, reply) => {
    if (deps.rates.take(deps.clock.now(), deps.clientAddress(request.raw)) > 0)
      throw new ApiError(429, 'TOO_MANY_REQUESTS', 'Too many pages are asking at once. Wait a moment.')
    void reply.header('cache-control', 'no-store')
    return { ...(deps.demoRoom === undefined ? {} : { demoRoom: deps.demoRoom }), ...reachOf(request.raw, deps) }
  })
}
