import type { ServerConfig } from '../endpoints/index.js'
import { tokenPath } from '../rooms/index.js'
import { addressesOf } from './addresses.js'
import { CommandError } from './output.js'
import { askRest } from './own-server.js'

/** Credentials of a user; all absent in open mode. */
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
  /** Display name; undefined: the user id. */
  readonly name: string | undefined
  readonly signatures: Signatures
}

const ANSWER_TIMEOUT_MS = 3000

/** `rtmp://HOST:1935/push/ROOM?…`: the address for encoders. */
export function pushAddress(config: ServerConfig, guest: Guest): string {
  const name = guest.name === undefined ? {} : { name: guest.name }
  return `${addressesOf(config).rtmp}/push/${guest.roomId}?${queryOf({ ...credentialsOf(guest), ...name })}`
}

/** The call page; the signatures are after `#`, invisible to server logs. */
export function callLink(config: ServerConfig, guest: Guest): string {
  const { roomId: room, name } = guest
  const query = queryOf({ room, ...(name === undefined ? {} : { name }) })
  return `${addressesOf(config).web}/call?${query}#${queryOf(credentialsOf(guest))}`
}

/** Whose stream an address plays, and how long it may be used. */
export interface PlayAddressOptions {
  readonly roomId: string
  readonly userId: string
  readonly expireSeconds: number
}

/**
 * Asks the running server for an HTTP-FLV address of the user's stream.
 * @throws CommandError if the server does not answer, or the user sends nothing
 */
export async function requestPlayAddress(
  config: ServerConfig,
  { roomId, userId, expireSeconds }: PlayAddressOptions,
): Promise<string> {
  const path = `/api/v1/rooms/${roomId}/play-addresses`
  const { status, body } = await askRest(config, {
    ...{ method: 'POST', path, body: { userId, expireSeconds } },
    timeoutMs: ANSWER_TIMEOUT_MS,
  })
  if (status === 201) return `${addressesOf(config).http}/${tokenPath((body as { token: string }).token)}.flv`
  const { error } = body as { error?: { code?: string; message?: string } }
  if (status === 404)
    throw new CommandError(
      `${userId} sends nothing in room ${roomId} now. Start publishing (--push prints the address), then try again.`,
    )
  const keys = status === 401 || status === 403 ? ' Pass the API key of the server with --api-key.' : ''
  throw new CommandError(`The server refused: ${error?.message ?? `status ${String(status)}.`}${keys}`)
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
