import { readFile } from 'node:fs/promises'
import { watch, type FSWatcher } from 'node:fs'
import { dirname } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'
import { generate } from 'selfsigned'
import { servesTls, type Config } from '../config/index.js'

/** Source of the certificate for HTTPS and RTMPS. */
export type CertificateSource =
  | { readonly kind: 'self-signed'; readonly host: string }
  | { readonly kind: 'files'; readonly certPath: string; readonly keyPath: string }

/** The configured certificate; undefined without TLS. */
export function certificateSourceOf(config: Config): CertificateSource | undefined {
  if (!servesTls(config)) return undefined
  const { tlsCert, tlsKey, host } = config
  if (tlsCert !== undefined && tlsKey !== undefined) return { kind: 'files', certPath: tlsCert, keyPath: tlsKey }
  return { kind: 'self-signed', host }
}

const SELF_SIGNED_DAYS = 30
/** Several files change when a certificate is renewed: they are read once it has been quiet for this long. */
const SETTLE_MS = 500

/** Reads or makes the certificate. Throws a sentence when the files cannot be read or do not fit together. */
export async function loadCertificate(source: CertificateSource): Promise<SecureContextOptions> {
  if (source.kind === 'self-signed') return makeSelfSigned(source.host)
  const [cert, key] = await Promise.all([readPem(source.certPath), readPem(source.keyPath)])
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new Error(`${source.certPath} and ${source.keyPath} do not make a certificate: ${(error as Error).message}`)
  }
  return { cert, key, minVersion: 'TLSv1.2' }
}

/** Calls back after the files changed. The answer stops watching. */
export function watchCertificate(source: CertificateSource, onChange: () => void): () => void {
  if (source.kind === 'self-signed') return () => undefined
  let timer: NodeJS.Timeout | undefined
  const settle = () => {
    clearTimeout(timer)
    timer = setTimeout(onChange, SETTLE_MS)
  }
  // The folders, for tools replace the files, and often a link above them.
  const folders = new Set([dirname(source.certPath), dirname(source.keyPath)])
  const watchers: FSWatcher[] = [...folders].map((folder) => watch(folder, settle))
  for (const watcher of watchers) watcher.on('error', () => watcher.close())
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new Error(`${path} cannot be read: ${(error as Error).message}`)
  }
}

async function makeSelfSigned(host: string): Promise<SecureContextOptions> {
  const notAfterDate = new Date(Date.now() + SELF_SIGNED_DAYS * 86_400_000)
  const names = [
    { type: 2 as const, value: 'localhost' },
    { type: 7 as const, ip: '127.0.0.1' },
    ...(/^[0-9.]+$/.test(host) ? [{ type: 7 as const, ip: host }] : []),
  ]
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    notAfterDate,
    extensions: [{ name: 'subjectAltName', altNames: names }],
  })
  return { cert: made.cert, key: made.private, minVersion: 'TLSv1.2' }
}
