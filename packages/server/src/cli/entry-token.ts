import { isRoomId, isUserId } from '@crossroom/protocol'
import { ALL_PRIVILEGES, makePrivateMapKey, makeTicket, recordRoomOf } from '../auth/index.js'
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

/** Prints a UserSig, and with a room a privateMapKey on a second line; `nowMs` is the wall clock. */
export function printEntryToken(config: Config, wish: EntryTokenWish, nowMs: number, output: Output): void {
  const { secret, sdkAppId } = config
  if (secret === undefined)
    throw new CommandError(
      'UserSigs are signed with the secret of the server. Give it by --secret, CROSSROOM_SECRET or --config.',
    )
  const { user: userId, room, expire } = wish
  if (!isUserId(userId)) throw new CommandError('--user must be 1 to 32 characters of A-Z a-z 0-9 _ -.')
  if (room !== undefined && !isRoomId(room))
    throw new CommandError('--room must be a number up to 4294967295, or 1 to 64 characters of A-Z a-z 0-9 _ -.')
  const issuedAtSeconds = Math.floor(nowMs / 1000)
  const userSig = makeTicket(secret, { userId, sdkAppId, issuedAtSeconds, expireSeconds: expire })
  const expiresAtSeconds = issuedAtSeconds + expire
  const record = { userId, sdkAppId, expiresAtSeconds, privileges: ALL_PRIVILEGES }
  const privateMapKey =
    room === undefined ? undefined : makePrivateMapKey(secret, { ...record, room: recordRoomOf(room) }, issuedAtSeconds)
  if (config.json) {
    const expiresAt = expiresAtSeconds * 1000
    output.print(JSON.stringify({ sdkAppId, userId, userSig, roomId: room, privateMapKey, expiresAt }))
    return
  }
  output.print(userSig)
  if (privateMapKey !== undefined) output.print(privateMapKey)
  const what = privateMapKey === undefined ? 'The UserSig' : 'The UserSig and, below it, the privateMapKey'
  const until = new Date(expiresAtSeconds * 1000).toISOString()
  output.complain(`${what} of ${userId} for sdkAppId ${String(sdkAppId)}, good until ${until}.`)
}
