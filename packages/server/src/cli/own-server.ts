import { request as requestPlain, type IncomingMessage } from 'node:http'
import { request as requestSecure } from 'node:https'
import type { ServerConfig } from '../endpoints/index.js'
import { localHost, numbersOf } from './addresses.js'
import { CommandError } from './output.js'

/** Requests of a command to the server that runs with the same configuration. */
export interface OwnQuestion {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  /** Origin of REST: the admin port, if there is one. */
  readonly asksRest?: boolean
  readonly timeoutMs: number
}

export interface OwnAnswer {
  readonly status: number
  /** `{}` when it was no JSON. */
  readonly body: unknown
}

/** Origin of that server on this machine: HTTP, or HTTPS if the plain port is closed. */
export function ownServer(
  config: ServerConfig,
  asksRest = false,
): { scheme: 'http' | 'https'; host: string; port: number } {
  const { adminPort, adminHost = '127.0.0.1' } = config
  if (asksRest && adminPort !== undefined) return { scheme: 'http', host: localHost(adminHost), port: adminPort }
  const { http, https } = numbersOf(config)
  const scheme = http === undefined ? 'https' : 'http'
  return { scheme, host: localHost(config.host), port: (http ?? https)! }
}

/** Rejects if the server does not answer in time. */
export function askOwnServer(config: ServerConfig, question: OwnQuestion): Promise<OwnAnswer> {
  const { scheme, host, port } = ownServer(config, question.asksRest)
  const { method, path, body, headers, timeoutMs } = question
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const options = { method, headers: { ...type, ...headers }, signal: AbortSignal.timeout(timeoutMs) }
  const url = `${scheme}://${host}:${String(port)}${path}`
  return new Promise((resolve, reject) => {
    const handle = (response: IncomingMessage): void => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: jsonOf(text) }))
    }
    // Its certificate is for the name that others use. The address is one of this machine's own, as without TLS.
    const call =
      scheme === 'https'
        ? requestSecure(url, { ...options, rejectUnauthorized: false }, handle)
        : requestPlain(url, options, handle)
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/**
 * The same for REST, with the API key.
 * @throws CommandError when nobody answers
 */
export async function askRest(
  config: ServerConfig,
  question: Pick<OwnQuestion, 'method' | 'path' | 'body' | 'timeoutMs'>,
): Promise<OwnAnswer> {
  const headers: Record<string, string> =
    config.apiKey === undefined ? {} : { authorization: `Bearer ${config.apiKey}` }
  try {
    return await askOwnServer(config, { ...question, headers, asksRest: true })
  } catch (error) {
    const { scheme, host, port } = ownServer(config, true)
    const sentence = `No server answers on ${host}:${String(port)}. Start it first, or set its port with --${scheme}-port.`
    throw new CommandError(sentence, { cause: error })
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return {}
  }
}
