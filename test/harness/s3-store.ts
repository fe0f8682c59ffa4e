import { createHash, createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'

export const STORE_KEY = { id: 'S3RVER', secret: 'S3RVER' } as const
export const STORE_BUCKET = 'films'

/** A real S3 server behind a door that checks signatures itself, because the server takes wrong ones. */
export interface S3Store {
  /** With the bucket. */
  readonly url: string
  /** Status and path of each request. */
  readonly requests: { readonly status: number; readonly path: string }[]
  /** Answers every request with this status; undefined lets them through. */
  failWith(status: number | undefined): void
  /** The bytes of an object; undefined when there is none. */
  get(key: string): Promise<Buffer | undefined>
  close(): Promise<void>
}

export async function startS3Store(secret: string = STORE_KEY.secret): Promise<S3Store> {
  const directory = mkdtempSync(join(tmpdir(), 's3-'))
  const s3 = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: STORE_BUCKET, configs: [] }],
  })
  const { port } = await s3.run()
  const requests: { status: number; path: string }[] = []
  let failure: number | undefined
  const door = createServer((incoming, response) => {
    const done = (status: number): void => void requests.push({ status, path: incoming.url ?? '' })
    void receive(incoming).then((body) => {
      const status = failure ?? (isSigned(incoming, body, secret) ? undefined : 403)
      if (status !== undefined) {
        done(status)
        response.writeHead(status).end()
      } else pass(incoming, body, port, response, done)
    })
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((door.address() as AddressInfo).port)}/${STORE_BUCKET}`,
    requests,
    failWith: (status) => (failure = status),
    get: async (key) => {
      const headers = { connection: 'close' }
      const response = await fetch(`http://127.0.0.1:${String(port)}/${STORE_BUCKET}/${key}`, { headers })
      return response.ok ? Buffer.from(await response.arrayBuffer()) : undefined
    },
    close: async () => {
      await closed(door)
      await s3.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

async function receive(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of incoming) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function pass(
  incoming: IncomingMessage,
  body: Buffer,
  port: number,
  response: ServerResponse,
  done: (status: number) => void,
): void {
  const { method, url, headers } = incoming
  const inner = request(
    { host: '127.0.0.1', port, method, path: url, headers: { ...headers, host: `127.0.0.1:${String(port)}` } },
    (answer) => {
      done(answer.statusCode ?? 0)
      response.writeHead(answer.statusCode ?? 500)
      answer.pipe(response)
    },
  )
  inner.on('error', () => response.writeHead(502).end())
  inner.end(body)
}

/** Signature Version 4, written anew from AWS's "Create a signed AWS API request". */
function isSigned({ method = '', url = '', headers }: IncomingMessage, body: Buffer, secret: string): boolean {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
  const [, keyId, date, region, names = '', signature] = pattern.exec(headers.authorization ?? '') ?? []
  const bodyHash = createHash('sha256').update(body).digest('hex')
  if (keyId !== STORE_KEY.id || headers['x-amz-content-sha256'] !== bodyHash) return false
  const canonicalHeaders = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const [path = '', query = ''] = url.split('?')
  const canonical = [method, path, query, canonicalHeaders.join(''), names, bodyHash].join('\n')
  const scope = `${date!}/${region!}/s3/aws4_request`
  const text = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n')
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()
  const signing = [region!, 's3', 'aws4_request'].reduce((key, part) => hmac(key, part), hmac(`AWS4${secret}`, date!))
  return hmac(signing, text).toString('hex') === signature
}
