import { request } from 'node:http'
import type { Config } from '../config/index.js'
import { addressesOf, localHost } from './addresses.js'
import { CommandError } from './output.js'

/** What a user enters with; all absent where the server asks for nothing. */
export interface Signatures {
  readonly sdkAppId?: number
  /** A UserSig or a JWT. */
  readonly userSig?: string
  readonly privateMapKey?: string
}

/** Whose addresses are written, and for which room. */
export interface Guest {
  readonly roomId: string
  readonly userId: string
  /** What the others see; undefined: the user id. */
  readonly name: string | undefined
  readonly signatures: Signatures
}

const ANSWER_TIMEOUT_MS = 3000

/** `rtmp://HOST:1935/push/ROOM?…`: what an encoder publishes to. */
export function pushAddress(config: Config, guest: Guest): string {
  const name = guest.name === undefined ? {} : { name: guest.name }
  return `${addressesOf(config).rtmp}/push/${guest.roomId}?${queryOf({ ...credentialsOf(guest), ...name })}`
}

/** The call page; the signatures stand behind `#`, where no server's log sees them. */
export function callLink(config: Config, guest: Guest): string {
  const { roomId: room, name } = guest
  const query = queryOf({ room, ...(name === undefined ? {} : { name }) })
  return `${addressesOf(config).web}/call?${query}#${queryOf(credentialsOf(guest))}`
}

/** Whose stream an address plays, and how long it may be used. */
export interface PlayWish {
  readonly roomId: string
  readonly userId: string
  readonly expireSeconds: number
}

/**
 * Asks the running server for an HTTP-FLV address of what the user sends.
 * @throws CommandError when the server does not answer, or nothing is sent
 */
export async function requestPlayAddress(config: Config, { roomId, userId, expireSeconds }: PlayWish): Promise<string> {
  const path = `/api/v1/rooms/${roomId}/play-addresses`
  const { status, body } = await postToServer(config, path, { userId, expireSeconds })
  if (status === 201) return `${addressesOf(config).http}/r/${(body as { token: string }).token}.flv`
  const { error } = body as { error?: { code?: string; message?: string } }
  if (status === 404)
    throw new CommandError(
      `${userId} sends nothing in room ${roomId} now. Start to publish first (--push prints the address), then ask again.`,
    )
  const keys = status === 401 || status === 403 ? ' Give the API key of the server by --api-key.' : ''
  throw new CommandError(`The server refused: ${error?.message ?? `status ${String(status)}.`}${keys}`)
}

function postToServer(config: Config, path: string, content: object): Promise<{ status: number; body: unknown }> {
  const { adminHost = '127.0.0.1', adminPort, httpPort } = config
  const host = localHost(adminPort === undefined ? config.host : adminHost)
  const port = adminPort ?? httpPort
  const authorization = config.apiKey === undefined ? {} : { authorization: `Bearer ${config.apiKey}` }
  const headers = { 'content-type': 'application/json', ...authorization }
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    const call = request(`http://${host}:${String(port)}${path}`, { method: 'POST', headers, signal }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: jsonOf(text) }))
    })
    call.on('error', () => {
      const where = `${host}:${String(port)}`
      reject(new CommandError(`No server answers on ${where}. Start it first, or say its port by --http-port.`))
    })
    call.end(JSON.stringify(content))
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return {}
  }
}

function credentialsOf({ userId, signatures }: Guest): Record<string, string> {
  const { sdkAppId, userSig, privateMapKey } = signatures
  return {
    ...(sdkAppId === undefined ? {} : { sdkappid: String(sdkAppId) }),
    userid: userId,
    ...(userSig === undefined ? {} : { usersig: userSig }),
    ...(privateMapKey === undefined ? {} : { privatemapkey: privateMapKey }),
  }
}

/** A blank is `%20`: encoders and WeChat do not read `+` as one. */
function queryOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
}
