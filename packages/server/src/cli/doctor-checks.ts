import { createPublicKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { authLimits, isLoopbackHost } from '../config/index.js'
import type { Config } from '../config/index.js'
import type { Finding } from '../endpoints/index.js'
import { describeMode } from './serve.js'

const OLDEST_NODE = [20, 19] as const
const DAY_MS = 86_400_000
const EXPIRY_WARNING_DAYS = 14

/** The runtime. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNew = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  return isNew
    ? { check: 'node', state: 'ok', message: `Node.js ${version}.` }
    : { check: 'node', state: 'fail', message: `Node.js ${version} is too old: install 20.19 or newer.` }
}

/** Access to the server. */
export function checkSecret(config: Config): Finding[] {
  const findings: Finding[] = [{ check: 'access', state: 'ok', message: describeMode(config) }]
  if (config.secret !== undefined && Buffer.byteLength(config.secret) < authLimits.minSecretBytes)
    findings.push({
      check: 'secret',
      state: 'warn',
      message: `The secret has fewer than ${String(authLimits.minSecretBytes)} bytes, so the server accepts it only on loopback: use a random one (openssl rand -hex 32).`,
    })
  if (config.publish === 'open' && !isLoopbackHost(config.host))
    findings.push({
      check: 'access',
      state: 'warn',
      message: 'Anyone who reaches this machine may publish (--publish open).',
    })
  findings.push({ check: 'api', state: 'ok', message: describeRestAccess(config) })
  return findings
}

function describeRestAccess({ adminHost, adminSocket, apiKey }: Config): string {
  const aside = adminSocket ?? (adminHost !== undefined && isLoopbackHost(adminHost) ? '--admin-port' : undefined)
  const key = apiKey === undefined ? 'the API key, which is generated at the first start' : 'the API key'
  return `REST and /metrics require ${key}${aside === undefined ? '' : `, but not on ${aside}`}.`
}

/** Whether the keys that let people into rooms are readable. */
export async function checkKeys(config: Config): Promise<Finding[]> {
  const findings: Finding[] = []
  if (config.userSigPublicKey !== undefined) findings.push(await checkPublicKey(config.userSigPublicKey))
  if (config.jwksUrl !== undefined) findings.push(await checkKeySet(config.jwksUrl))
  return findings
}

async function checkPublicKey(path: string): Promise<Finding> {
  try {
    const { asymmetricKeyType } = createPublicKey(await readFile(path))
    if (asymmetricKeyType === 'ec') return { check: 'keys', state: 'ok', message: `${path} holds a public key.` }
    return { check: 'keys', state: 'fail', message: `${path} does not hold an elliptic-curve key.` }
  } catch (error) {
    return { check: 'keys', state: 'fail', message: `The key in ${path} cannot be read: ${messageOf(error)}.` }
  }
}

async function checkKeySet(url: string): Promise<Finding> {
  try {
    const signal = AbortSignal.timeout(authLimits.jwksTimeoutMs)
    const response = await fetch(url, { signal, redirect: 'manual' })
    await response.body?.cancel()
    if (response.status === 200) return { check: 'keys', state: 'ok', message: `${url} answers.` }
    return { check: 'keys', state: 'warn', message: `${url} answers ${String(response.status)}, not a key set.` }
  } catch (error) {
    return { check: 'keys', state: 'warn', message: `${url} cannot be fetched (${messageOf(error)}).` }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Whether the certificate can be used, and how long. */
export async function checkTls(config: Config): Promise<Finding[]> {
  const check = 'tls'
  if (config.tls !== undefined)
    return [
      {
        check,
        state: 'warn',
        message: 'The certificate is self-signed: browsers show a warning, and Mini Programs and encoders refuse it.',
      },
    ]
  if (config.tlsCert === undefined || config.tlsKey === undefined) return [describeNoTls(config)]
  try {
    const [cert, key] = await Promise.all([readFile(config.tlsCert), readFile(config.tlsKey)])
    createSecureContext({ cert, key })
    return [describeExpiry(new X509Certificate(cert), Date.now())]
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [{ check, state: 'fail', message: `${config.tlsCert} and ${config.tlsKey} cannot be used: ${why}.` }]
  }
}

/** Without TLS everything works on this machine; elsewhere calls do not. */
function describeNoTls({ host, publicUrl }: Config): Finding {
  const check = 'tls'
  if (publicUrl?.startsWith('https:') === true)
    return { check, state: 'ok', message: `The proxy at ${publicUrl} (--public-url) terminates TLS.` }
  if (isLoopbackHost(host))
    return { check, state: 'ok', message: 'No TLS: browsers allow camera and microphone on localhost without it.' }
  return {
    check,
    state: 'warn',
    message: `No TLS on ${host}: browsers on other machines cannot use camera and microphone, and Mini Programs cannot connect. Set --tls-cert and --tls-key, or use a proxy with TLS and set --public-url https://…; for a trial use --tls self-signed.`,
  }
}

function describeExpiry(certificate: X509Certificate, nowMs: number): Finding {
  const check = 'tls'
  const days = Math.floor((Date.parse(certificate.validTo) - nowMs) / DAY_MS)
  const names = certificate.subjectAltName ?? certificate.subject
  if (days < 0)
    return { check, state: 'fail', message: `The certificate (${names}) expired on ${certificate.validTo}.` }
  const state = days < EXPIRY_WARNING_DAYS ? 'warn' : 'ok'
  return { check, state, message: `The certificate (${names}) is valid for ${String(days)} days.` }
}
