import { isRoomId, isUserId, isUserName } from '@crossroom/protocol'
import { ALL_PRIVILEGES, makePrivateMapKey, makeRoomJwt, makeTicket, recordRoomOf } from '../auth/index.js'
import { authLimits } from '../config/index.js'
import type { ServerConfig } from '../endpoints/index.js'
import { callLink, pushAddress, requestPlayAddress, type Signatures } from './room-addresses.js'
import { CommandError } from './output.js'
import type { Output } from './output.js'

/** Output of `crossroom token --user` besides or instead of signatures. */
export type AddressKind = 'push' | 'play' | 'link'

/** The user for whom `crossroom token --user` signs. */
export interface EntryTokenOptions {
  readonly user: string
  /** With it a privateMapKey for that room is made as well. */
  readonly room: string | undefined
  /** Display name. */
  readonly name: string | undefined
  /** Seconds from now. */
  readonly expire: number
  /** One whole address instead of signatures. */
  readonly address: AddressKind | undefined
}

const NO_SECRET =
  'UserSigs are signed with the secret of the server. Set --secret, CROSSROOM_SECRET or --config; or --jwt-secret for a JWT.'

/**
 * Prints a UserSig, and with a room a privateMapKey on a second line; or with `--jwt-secret` alone a JWT; or the
 * requested address; or with `--json` all of it. `nowMs` is the wall clock.
 */
export async function printEntryToken(
  config: ServerConfig,
  options: EntryTokenOptions,
  nowMs: number,
  output: Output,
): Promise<void> {
  checkOptions(options)
  const expiresAtMs = (Math.floor(nowMs / 1000) + options.expire) * 1000
  const signatures = await sign(config, options, expiresAtMs)
  if (config.json) {
    output.print(JSON.stringify(await everythingOf(config, options, signatures, expiresAtMs)))
    return
  }
  const until = new Date(expiresAtMs).toISOString()
  if (options.address !== undefined) {
    const address = await addressOf(options.address, config, options, signatures)
    output.print(address)
    output.complain(describeAddress(options, signatures, until))
    if (options.address === 'push') output.complain(describeForObs(address))
    return
  }
  if (signatures.userSig === undefined) throw new CommandError(NO_SECRET)
  output.print(signatures.userSig)
  if (signatures.privateMapKey !== undefined) output.print(signatures.privateMapKey)
  output.complain(describeSignatures(options, signatures, until))
  if (options.room !== undefined) output.complain('For complete addresses add --push, --play or --link.')
}

function checkOptions({ user, room, name, address }: EntryTokenOptions): void {
  if (!isUserId(user)) throw new CommandError('--user must be 1 to 32 characters of A-Z a-z 0-9 _ -.')
  if (room !== undefined && !isRoomId(room))
    throw new CommandError('--room must be a number up to 4294967295, or 1 to 64 characters of A-Z a-z 0-9 _ -.')
  if (name !== undefined && !isUserName(name)) throw new CommandError('--name must be 1 to 64 printable characters.')
  if (address !== undefined && room === undefined) throw new CommandError(`--${address} needs a room: add --room ID.`)
}

async function sign(config: ServerConfig, options: EntryTokenOptions, expiresAtMs: number): Promise<Signatures> {
  const { secret, jwtSecret, jwtAudience: audience } = config
  const { user: userId, room } = options
  if (secret !== undefined) return signTickets(secret, config.sdkAppId, options, expiresAtMs)
  if (jwtSecret === undefined) {
    // A server in open mode asks for no signature: its addresses are whole without one.
    if (options.address === undefined) throw new CommandError(NO_SECRET)
    return {}
  }
  if (options.expire * 1000 > authLimits.jwtLifetimeMs)
    throw new CommandError(`--expire of a JWT is at most ${String(authLimits.jwtLifetimeMs / 1000)} s (30 days).`)
  return { userSig: await makeRoomJwt(jwtSecret, { userId, room, expiresAtSeconds: expiresAtMs / 1000, audience }) }
}

function signTickets(
  secret: string,
  sdkAppId: number,
  { user: userId, room, expire }: EntryTokenOptions,
  expiresAtMs: number,
): Signatures {
  const expiresAtSeconds = expiresAtMs / 1000
  const issuedAtSeconds = expiresAtSeconds - expire
  const userSig = makeTicket(secret, { userId, sdkAppId, issuedAtSeconds, expireSeconds: expire })
  if (room === undefined) return { sdkAppId, userSig }
  const record = { userId, sdkAppId, room: recordRoomOf(room), expiresAtSeconds, privileges: ALL_PRIVILEGES }
  return { sdkAppId, userSig, privateMapKey: makePrivateMapKey(secret, record, issuedAtSeconds) }
}

async function addressOf(
  kind: AddressKind,
  config: ServerConfig,
  { user: userId, room, name, expire }: EntryTokenOptions,
  signatures: Signatures,
): Promise<string> {
  const guest = { roomId: room!, userId, name, signatures }
  if (kind === 'push') return pushAddress(config, guest)
  if (kind === 'link') return callLink(config, guest)
  return requestPlayAddress(config, { roomId: room!, userId, expireSeconds: expire })
}

/** Without a room there are no addresses, and without media none to play. */
async function everythingOf(
  config: ServerConfig,
  options: EntryTokenOptions,
  signatures: Signatures,
  expiresAt: number,
) {
  const { user: userId, room: roomId } = options
  const { sdkAppId, userSig, privateMapKey } = signatures
  const signed = { sdkAppId, userId, userSig, roomId, privateMapKey, expiresAt }
  if (roomId === undefined) return signed
  const play = await addressOf('play', config, options, signatures).catch((error: unknown) => {
    if (options.address === 'play' || !(error instanceof CommandError)) throw error
    return undefined
  })
  const push = await addressOf('push', config, options, signatures)
  return { ...signed, push, play, link: await addressOf('link', config, options, signatures) }
}

function describeSignatures({ user, room }: EntryTokenOptions, { sdkAppId, privateMapKey }: Signatures, until: string) {
  if (sdkAppId === undefined)
    return `The JWT of ${user} for ${room === undefined ? 'every room' : `room ${room}`}, valid until ${until}; use it in place of a UserSig.`
  const what = privateMapKey === undefined ? 'The UserSig' : 'The UserSig and, below it, the privateMapKey'
  return `${what} of ${user} for sdkAppId ${String(sdkAppId)}, valid until ${until}.`
}

function describeAddress({ user, room, address }: EntryTokenOptions, { userSig }: Signatures, until: string): string {
  const what = {
    push: `${user} publishes to room ${room!} with this address`,
    play: `This address plays what ${user} sends in room ${room!}`,
    link: `${user} joins room ${room!} with this link; anyone who has it can join as ${user}`,
  }[address!]
  if (userSig === undefined && address !== 'play')
    return `${what}. It has no signature, because there is no secret: it works with a server in open mode.`
  return `${what}, until ${until}.`
}

/** OBS asks for an address in two parts. */
function describeForObs(address: string): string {
  const at = address.indexOf('/push/') + '/push'.length
  return `In OBS: server ${address.slice(0, at)}   stream key ${address.slice(at + 1)}`
}
