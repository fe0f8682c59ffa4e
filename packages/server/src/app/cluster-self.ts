import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { deriveKey } from '../auth/index.js'
import type { NodeRecord } from '../cluster/index.js'
import { ConfigError, isLoopbackHost, type Config } from '../config/index.js'
import { VERSION } from '../version.js'

/** What a node says of itself when it joins, but where its relay listens. */
export type Self = Omit<NodeRecord, 'tag' | 'v' | 'relay' | 'fingerprint'>

export function describeSelf(config: Config, secrets: readonly string[]): Self {
  const { region, publicUrl: url, nodeId } = config
  const instance = randomBytes(9).toString('base64url')
  return {
    id: nodeId ?? `${hostname().replaceAll(/[^\w-]/g, '-')}-${instance.slice(0, 4)}`,
    ...{ instance, version: VERSION },
    ...(region !== undefined && { region }),
    ...(url !== undefined && { url }),
    secretId: secretIdOf(secrets),
    ...{ state: 'up', startedAt: Date.now(), members: 0, streams: 0, load: 0 },
  }
}

/** Tells whether two nodes share a secret, and nothing about it: that of now, then the previous one. */
export function secretIdOf(secrets: readonly string[]): string {
  const idOf = (secret: string): string =>
    createHash('sha256').update(deriveKey(secret, 'secret-id')).digest('hex').slice(0, 16)
  return secrets.map(idOf).join(',')
}

/** @throws ConfigError */
export function readCredentials({ clusterCreds: path }: Config): { readonly credentials?: Uint8Array } {
  if (path === undefined) return {}
  try {
    return { credentials: readFileSync(path) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
    throw new ConfigError(`--cluster-creds: ${path} cannot be read (${code}).`)
  }
}

/** Where other nodes reach the relay listener of this one, which listens on this port. */
export function relayAddress({ relayAddress: given, host }: Config, port: number): string {
  if (given !== undefined) return /(^[^:]+|\]):\d+$/.test(given) ? given : withPort(given, port)
  if (isLoopbackHost(host)) return withPort('127.0.0.1', port)
  return withPort(host === '0.0.0.0' || host === '::' ? firstAddress() : host, port)
}

function withPort(host: string, port: number): string {
  return `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${String(port)}`
}

function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1'
}
