import { isRoomId, isUserId } from '@crossroom/protocol'
import { ALL_PRIVILEGES, makePrivateMapKey, makeRoomJwt, makeTicket, recordRoomOf } from '../auth/index.js'
import { authLimits } from '../config/index.js'
import type { Config } from '../config/index.js'
import { CommandError } from './output.js'
import type { Output } from './output.js'

/** Who `crossroom token --user` makes signatures for. */
export interface EntryTokenWish {
  readonly user: string
  /** With it a privateMapKey for that room is made as well. */
  readonly room: string | undefined
  /** Seconds from now. */
  readonly expire: number
}

/**
 * Prints a UserSig, and with a room a privateMapKey on a second line; or with `--jwt-secret` alone a JWT. `nowMs` is the
 * wall clock.
 */
export async function printEntryToken(
  config: Config,
  wish: EntryTokenWish,
  nowMs: number,
  output: Output,
): Promise<void> {
  const { secret, jwtSecret } = config
  const { user, room } = wish
  if (!isUserId(user)) throw new CommandError('--user must be 1 to 32 characters of A-Z a-z 0-9 _ -.')
  if (room !== undefined && !isRoomId(room))
    throw new CommandError('--room must be a number up to 4294967295, or 1 to 64 characters of A-Z a-z 0-9 _ -.')
  if (secret !== undefined) printTickets(secret, config, wish, nowMs, output)
  else if (jwtSecret !== undefined) await printJwt(jwtSecret, config, wish, nowMs, output)
  else
    throw new CommandError(
      'UserSigs are signed with the secret of the server. Give it by --secret, CROSSROOM_SECRET or --config; or --jwt-secret for a JWT.',
    )
}

function printTickets(secret: string, config: Config, wish: EntryTokenWish, nowMs: number, output: Output): void {
  const { sdkAppId, json } = config
  const { user: userId, room, expire } = wish
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  const userSig = makeTicket(secret, { userId, sdkAppId, issuedAtSeconds, expireSeconds: expire })
  const expiresAtSeconds = issuedAtSeconds + expire
  const record = { userId, sdkAppId, expiresAtSeconds, privileges: ALL_PRIVILEGES }
  const privateMapKey =
    room === undefined ? undefined : makePrivateMapKey(secret, { ...record, room: recordRoomOf(room) }, issuedAtSeconds)
  if (json) {
    const expiresAt = expiresAtSeconds * 1000
    output.print(JSON.stringify({ sdkAppId, userId, userSig, roomId: room, privateMapKey, expiresAt }))
    return
  }
  output.print(userSig)
  if (privateMapKey !== undefined) output.print(privateMapKey)
  const what = privateMapKey === undefined ? 'The UserSig' : 'The UserSig and, below it, the privateMapKey'
  output.complain(`${what} of ${userId} for sdkAppId ${String(sdkAppId)}, good until ${isoOf(expiresAtSeconds)}.`)
}

async function printJwt(
  jwtSecret: string,
  { jwtAudience: audience, json }: Config,
  { user: userId, room, expire }: EntryTokenWish,
  nowMs: number,
  output: Output,
): Promise<void> {
  if (expire * 1000 > authLimits.jwtLifetimeMs)
    throw new CommandError(`--expire of a JWT is at most ${String(authLimits.jwtLifetimeMs / 1000)} s (30 days).`)
  const expiresAtSeconds = Math.floor(nowMs / 1000) + expire
  const userSig = await makeRoomJwt(jwtSecret, { userId, room, expiresAtSeconds, audience })
  if (json) {
    output.print(JSON.stringify({ userId, userSig, roomId: room, expiresAt: expiresAtSeconds * 1000 }))
    return
  }
  output.print(userSig)
  const where = room === undefined ? 'every room' : `room ${room}`
  output.complain(
    `The JWT of ${userId} for ${where}, good until ${isoOf(expiresAtSeconds)}; it goes where a UserSig goes.`,
  )
}

function isoOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
