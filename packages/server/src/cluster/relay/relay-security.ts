import { createHash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket, type ConnectionOptions, type TlsOptions } from 'node:tls'
import { generate } from 'selfsigned'
import type { NodeRecord } from '../nodes/node-record.js'

/**
 * How nodes know each other. `pinned`: each makes a certificate at its start and puts its fingerprint in its record; `mtls`: by the
 * certificates of an authority; `plain`: by the secret alone, on a network that is private already.
 */
export type RelaySecurityOption =
  | { readonly kind: 'pinned' | 'plain' }
  | { readonly kind: 'mtls'; readonly certPath: string; readonly keyPath: string; readonly caPath: string }

/** The same, ready for listening and dialling. */
export interface RelaySecurity {
  readonly server: TlsOptions | undefined
  readonly client: ConnectionOptions | undefined
  /** SHA-256 of the own certificate, hexadecimal; absent where it is not pinned. */
  readonly fingerprint: string | undefined
  /** Whether the other end of a connection is the node of that record. */
  isOf(socket: Socket, record: Pick<NodeRecord, 'fingerprint'>): boolean
}

const PLAIN: RelaySecurity = { server: undefined, client: undefined, fingerprint: undefined, isOf: () => true }
/** Nobody looks at the end of a pinned certificate: its record says whether it holds. */
const DAYS = 3650

/** Throws a sentence when the files of `mtls` cannot be read or do not fit together. */
export async function loadRelaySecurity(option: RelaySecurityOption): Promise<RelaySecurity> {
  if (option.kind === 'plain') return PLAIN
  if (option.kind === 'mtls') return await byAuthority(option.certPath, option.keyPath, option.caPath)
  const notAfterDate = new Date(Date.now() + DAYS * 86_400_000)
  const made = await generate([{ name: 'commonName', value: 'crossroom-relay' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate,
  })
  const own = { cert: made.cert, key: made.private, minVersion: 'TLSv1.3' } as const
  return {
    server: { ...own, requestCert: true, rejectUnauthorized: false },
    // Trust is the fingerprint: the certificate is signed by itself.
    client: { ...own, rejectUnauthorized: false, checkServerIdentity: () => undefined },
    fingerprint: createHash('sha256').update(new X509Certificate(made.cert).raw).digest('hex'),
    isOf: (socket, { fingerprint }) => fingerprint !== undefined && fingerprintOf(socket) === fingerprint,
  }
}

async function byAuthority(certPath: string, keyPath: string, caPath: string): Promise<RelaySecurity> {
  const read = async (path: string): Promise<Buffer> =>
    await readFile(path).catch((error: Error) => {
      throw new Error(`${path} cannot be read: ${error.message}`)
    })
  const [cert, key, ca] = await Promise.all([read(certPath), read(keyPath), read(caPath)])
  try {
    createSecureContext({ cert, key, ca })
  } catch (error) {
    throw new Error(`${certPath} and ${keyPath} do not make a certificate: ${(error as Error).message}`)
  }
  const own = { cert, key, ca, minVersion: 'TLSv1.3', rejectUnauthorized: true } as const
  const isOf = (socket: Socket): boolean => socket instanceof TLSSocket && socket.authorized
  return { server: { ...own, requestCert: true }, client: own, fingerprint: undefined, isOf }
}

function fingerprintOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined
  const { raw } = socket.getPeerCertificate() as { raw?: Buffer }
  return raw === undefined ? undefined : createHash('sha256').update(raw).digest('hex')
}
