import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { pushLimits } from '../../config/index.js'
import type { JobNetwork } from '../../jobs/index.js'
import { parsePushAddress, type PushAddress } from '../address.js'
import type { SendFailure } from '../sender.js'

export interface WhipRequest {
  readonly method: 'POST' | 'DELETE'
  readonly address: PushAddress
  readonly bearer: string | undefined
  readonly body?: string
}

/** What the target answered with success. */
export interface WhipResponse {
  readonly body: string
  /** Of the session, where the target says it. */
  readonly resource: PushAddress | undefined
}

/** The target said no; the sentence is for people. */
export class WhipError extends Error {
  readonly failure: SendFailure

  constructor(failure: SendFailure) {
    super(failure.message)
    this.failure = failure
  }
}

const REDIRECTS: readonly number[] = [307, 308]

/**
 * One request of WHIP (RFC 9725), over redirects, each of which is judged as the address was. `opened` is given what ends it.
 * @throws WhipError, or another error with a sentence
 */
export async function askWhip(
  network: JobNetwork,
  asked: WhipRequest,
  opened: (request: ClientRequest) => void,
): Promise<WhipResponse> {
  let { address } = asked
  for (let redirects = 0; ; redirects++) {
    const response = await send(network, { ...asked, address }, opened)
    const { statusCode: status = 0, headers } = response
    if (REDIRECTS.includes(status) && headers.location !== undefined) {
      response.resume()
      if (redirects >= pushLimits.redirects) throw new WhipError({ message: 'The target redirects too often.' })
      const next = addressAt(headers.location, address)
      if (next === undefined) throw new WhipError({ message: 'The target redirects to an address of another kind.' })
      // The token is for the host that it was given for.
      if (next.host !== address.host) asked = { ...asked, bearer: undefined }
      address = next
      continue
    }
    const body = await read(response)
    if (status < 200 || status >= 300) throw refusal(status)
    const resource = headers.location === undefined ? undefined : addressAt(headers.location, address)
    return { body, resource }
  }
}

async function send(
  network: JobNetwork,
  { method, address, bearer, body }: WhipRequest,
  opened: (request: ClientRequest) => void,
): Promise<IncomingMessage> {
  const socket = await network.connect(address)
  return await new Promise((resolve, reject) => {
    const asked = request({
      // TLS is the socket's, whatever the request believes.
      createConnection: () => socket,
      ...{ method, path: address.path },
      headers: {
        host: hostOf(address),
        'user-agent': 'crossroom',
        ...authorizationOf(address, bearer),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/sdp', 'content-length': String(Buffer.byteLength(body)) }),
      },
    })
    opened(asked)
    asked.on('error', reject)
    asked.on('response', resolve)
    asked.end(body)
  })
}

function read(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = []
    let length = 0
    response.on('data', (bytes: Buffer) => {
      length += bytes.length
      pieces.push(bytes)
      if (length > pushLimits.answerBytes) response.destroy(new Error('The answer of the target is too long.'))
    })
    response.on('error', reject)
    response.on('end', () => resolve(Buffer.concat(pieces).toString('utf8')))
  })
}

function refusal(status: number): WhipError {
  const message = `The target answered with HTTP status ${String(status)}.`
  return new WhipError({ message, denied: status === 401 || status === 403 })
}

function addressAt(location: string, from: PushAddress): PushAddress | undefined {
  if (!URL.canParse(location, from.text)) return undefined
  const address = parsePushAddress(new URL(location, from.text).href)
  return address?.kind === 'whip' ? address : undefined
}

function hostOf({ host, port }: PushAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}

function authorizationOf({ user, password }: PushAddress, bearer: string | undefined): Record<string, string> {
  if (bearer !== undefined) return { authorization: `Bearer ${bearer}` }
  if (user === '' && password === '') return {}
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
