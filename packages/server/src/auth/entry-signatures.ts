import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '../config/index.js'
import type { Audit } from '../observe/index.js'
import type { EntryCredentials, EntryRefusal, EntryVerifier, UserCredentials } from './entry-verifier.js'
import type { FailureGuard } from './failure-guard.js'
import { ALL_PERMISSIONS, bothPermit, type Identity, type Permissions } from './identity.js'
import { remoteKeys } from './json-web-keys.js'
import { OneTimeTokens, type UsedTokens } from './one-time-tokens.js'
import { permissionsOf, recordOf, verifyPrivateMapKey } from './private-map-key.js'
import type { Secrets } from './secrets.js'
import { looksLikeJwt, verifyRoomJwt, type JwtKeys, type RoomJwt } from './room-jwt.js'
import { verifyTicket, type Ticket, type TicketKeys } from './user-sig.js'

/** The operator's requirements for entries. */
export interface EntrySignatureOptions {
  readonly sdkAppId: number
  /** Keys of UserSig and privateMapKey. */
  readonly tickets: TicketKeys
  readonly jwt: JwtKeys
  /** Whether a UserSig alone is enough. A JWT names its room itself and needs none. */
  readonly privateMapKey: 'required' | 'optional'
}

/** Dependencies of the verifier. */
export interface EntrySignatureDeps {
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly guard: FailureGuard
  readonly audit: Audit
  /** Default: this process remembers them. */
  readonly usedTokens?: UsedTokens | undefined
}

/** Whether a one-time token is still unused; undefined where that cannot be known now. */
type MayUse = (id: string, expiresAtMs: number) => Promise<boolean | undefined>

const USER_ID = /^[A-Za-z0-9_-]{1,32}$/

const NO_SIGNATURE = 'USER_SIG_MISSING'
/** Whose fault it is: wrong signatures are counted against an address, those that only ran out are not. */
const GUESSES: ReadonlySet<string> = new Set(['USER_SIG_INVALID', 'MAP_KEY_INVALID', 'JWT_INVALID'])

/**
 * The verifier that the configuration asks for.
 * @throws Error with a sentence when `--user-sig-public-key` cannot be read
 */
export function entrySignaturesOf(config: Config, secrets: Secrets, deps: EntrySignatureDeps): EntrySignatures {
  const { sdkAppId, userSigPublicKey, privateMapKey, jwksUrl, jwtAudience: audience } = config
  const publicKey = userSigPublicKey === undefined ? undefined : readPublicKey(userSigPublicKey)
  const keys = jwksUrl === undefined ? undefined : remoteKeys(jwksUrl, deps.nowMs)
  const options = {
    ...{ sdkAppId, privateMapKey },
    // Read at each use, for secrets change.
    get tickets() {
      const [secret, previous] = secrets.secret
      return { secret, previous, publicKey }
    },
    get jwt() {
      const [secret, previous] = secrets.jwtSecret
      return { secret, previous, keys, audience }
    },
  }
  return new EntrySignatures(options, deps)
}

/**
 * Verifies users by UserSig (with or without privateMapKey) or JWT. Without any key the server is open, on this machine
 * only, and accepts every claimed user id.
 */
export class EntrySignatures implements EntryVerifier {
  readonly #options: EntrySignatureOptions
  readonly #deps: EntrySignatureDeps
  readonly #used: UsedTokens

  constructor(options: EntrySignatureOptions, deps: EntrySignatureDeps) {
    this.#options = options
    this.#deps = deps
    this.#used = deps.usedTokens ?? new OneTimeTokens(deps.nowMs)
  }

  /** Whether entries need no proof. */
  get isOpen(): boolean {
    const { tickets, jwt } = this.#options
    return [tickets.secret, tickets.publicKey, jwt.secret, jwt.keys].every((key) => key === undefined)
  }

  /** One-time tokens that were used and are remembered. */
  get usedTokens(): number {
    return this.#used.size
  }

  verify(credentials: EntryCredentials): Promise<Identity | EntryRefusal> {
    return this.#guarded(credentials, () => this.#read(credentials, (id, expiresAt) => this.#used.use(id, expiresAt)))
  }

  check(credentials: EntryCredentials): Promise<Identity | EntryRefusal> {
    return this.#guarded(credentials, () => this.#read(credentials, (id) => this.#isUnused(id)))
  }

  identify(credentials: UserCredentials): Promise<Identity | EntryRefusal> {
    return this.#guarded(credentials, () => this.#readUser(credentials))
  }

  async #guarded(
    credentials: UserCredentials & Partial<EntryCredentials>,
    read: () => Promise<Identity | EntryRefusal>,
  ): Promise<Identity | EntryRefusal> {
    if (this.isOpen) return openIdentity(credentials)
    const { remoteAddress: from, roomId: room, userId: who } = credentials
    const { guard, audit } = this.#deps
    const answer = guard.isBlocked(from) ? await this.#holdBack(from) : await read()
    if ('code' in answer && answer.code !== NO_SIGNATURE)
      audit.refused({ what: 'enter', who, from, ...(room === undefined ? {} : { room }), code: answer.code })
    if ('code' in answer && GUESSES.has(answer.code)) guard.fail(from)
    return answer
  }

  async #holdBack(from: string): Promise<EntryRefusal> {
    await this.#deps.guard.holdBack(from)
    return refuse('TOO_MANY_FAILURES', 'Too many wrong signatures from this address; try again in a minute.')
  }

  async #read(credentials: EntryCredentials, mayUse: MayUse): Promise<Identity | EntryRefusal> {
    const { userSig } = credentials
    if (userSig === undefined || userSig === '')
      return refuse(NO_SIGNATURE, 'Entering requires a UserSig or a JWT; none was sent.')
    if (looksLikeJwt(userSig)) return this.#checkJwt(userSig, credentials, mayUse)
    const signed = this.#checkUserSig(userSig, credentials)
    return 'code' in signed ? signed : this.#checkRoom(signed, credentials)
  }

  async #readUser({ userSig, userId, sdkAppId }: UserCredentials): Promise<Identity | EntryRefusal> {
    if (userSig === undefined || userSig === '')
      return refuse(NO_SIGNATURE, 'Going online requires a UserSig or a JWT; none was sent.')
    if (looksLikeJwt(userSig)) {
      const jwt = await this.#openJwt(userSig, userId)
      if ('code' in jwt) return jwt
      const isUnused = jwt.onceId === undefined || (await this.#isUnused(jwt.onceId))
      if (isUnused !== true) return isUnused === false ? replayed() : unknown()
      return identity(jwt.userId, ALL_PERMISSIONS, jwt.expiresAt)
    }
    const signed = this.#checkUserSig(userSig, { sdkAppId, userId })
    return 'code' in signed ? signed : identity(signed.userId, ALL_PERMISSIONS, signed.expiresAt)
  }

  #checkUserSig(
    userSig: string,
    { sdkAppId, userId }: Pick<EntryCredentials, 'sdkAppId' | 'userId'>,
  ): Ticket | EntryRefusal {
    const checked = verifyTicket(this.#options.tickets, userSig, this.#deps.nowMs())
    switch (checked.verdict) {
      case 'expired':
        return refuse('USER_SIG_EXPIRED', 'The UserSig has expired; request a new one.')
      case 'no-key':
        return refuse('USER_SIG_INVALID', 'This server has no key for UserSigs of this version.')
      case 'invalid':
        return refuse('USER_SIG_INVALID', "The UserSig is malformed or not signed with this server's key.")
      case 'valid':
    }
    const { ticket } = checked
    if (ticket.userbuf !== undefined && recordOf(ticket)?.isBound !== true)
      return refuse('USER_SIG_INVALID', 'The UserSig field holds a privateMapKey; send both, each in its own field.')
    const own = this.#options.sdkAppId
    if (ticket.sdkAppId !== own || (sdkAppId !== undefined && sdkAppId !== own))
      return refuse('USER_SIG_OTHER_APP', `The sdkAppId or the UserSig does not match application ${String(own)}.`)
    if (userId !== undefined && ticket.userId !== userId)
      return refuse('USER_SIG_OTHER_USER', 'The UserSig is for another userId.')
    return ticket
  }

  /** A bound UserSig is its own privateMapKey; with a second one, the permissions of both are intersected. */
  #checkRoom(signed: Ticket, credentials: EntryCredentials): Identity | EntryRefusal {
    const bound = recordOf(signed)
    if (bound === undefined) return this.#checkPrivateMapKey(signed, credentials)
    if (String(bound.room) !== credentials.roomId)
      return refuse('MAP_KEY_OTHER_ROOM', 'The UserSig is for another room.')
    const permissions = permissionsOf(bound.privileges)
    const expiresAt = Math.min(signed.expiresAt, bound.expiresAtSeconds * 1000)
    if (!permissions.enter) return refuse('NO_PERMISSION', 'The UserSig does not allow entering the room.')
    if (isAbsent(credentials.privateMapKey)) return identity(signed.userId, permissions, expiresAt)
    const keyed = this.#checkPrivateMapKey({ ...signed, expiresAt }, credentials)
    return 'code' in keyed ? keyed : { ...keyed, permissions: bothPermit(permissions, keyed.permissions) }
  }

  #checkPrivateMapKey(signed: Ticket, { roomId, privateMapKey }: EntryCredentials): Identity | EntryRefusal {
    if (isAbsent(privateMapKey))
      return this.#options.privateMapKey === 'optional'
        ? identity(signed.userId, ALL_PERMISSIONS, signed.expiresAt)
        : refuse('MAP_KEY_MISSING', 'Entering requires a privateMapKey in addition to the UserSig; none was sent.')
    const checked = verifyPrivateMapKey(this.#options.tickets, privateMapKey, this.#deps.nowMs())
    if (checked.verdict === 'expired')
      return refuse('MAP_KEY_EXPIRED', 'The privateMapKey has expired; request a new one.')
    if (checked.verdict !== 'valid')
      return refuse('MAP_KEY_INVALID', "The privateMapKey is malformed or not signed with this server's key.")
    const { record } = checked
    if (record.userId !== signed.userId || record.sdkAppId !== signed.sdkAppId)
      return refuse('MAP_KEY_OTHER_USER', 'The privateMapKey is for another user or application.')
    if (String(record.room) !== roomId) return refuse('MAP_KEY_OTHER_ROOM', 'The privateMapKey is for another room.')
    const permissions = permissionsOf(record.privileges)
    if (!permissions.enter) return refuse('NO_PERMISSION', 'The privateMapKey does not allow entering the room.')
    return identity(signed.userId, permissions, Math.min(signed.expiresAt, record.expiresAtSeconds * 1000))
  }

  async #checkJwt(
    text: string,
    { roomId, userId }: EntryCredentials,
    mayUse: MayUse,
  ): Promise<Identity | EntryRefusal> {
    const jwt = await this.#openJwt(text, userId)
    if ('code' in jwt) return jwt
    if (jwt.room !== undefined && String(jwt.room) !== roomId)
      return refuse('JWT_OTHER_ROOM', 'The token is for another room.')
    const { onceId } = jwt
    const isUsed = onceId === undefined || (await mayUse(onceId, jwt.expiresAt))
    if (isUsed !== true) return isUsed === false ? replayed() : unknown()
    return {
      ...identity(jwt.userId, jwt.permissions, jwt.expiresAt),
      isOwner: jwt.isOwner,
      notEntered: onceId === undefined ? undefined : () => this.#used.giveBack(onceId),
    }
  }

  async #isUnused(id: string): Promise<boolean | undefined> {
    const isUsed = await this.#used.has(id)
    return isUsed === undefined ? undefined : !isUsed
  }

  async #openJwt(text: string, userId: string | undefined): Promise<RoomJwt | EntryRefusal> {
    const checked = await verifyRoomJwt(this.#options.jwt, text, this.#deps.nowMs())
    switch (checked.verdict) {
      case 'expired':
        return refuse('JWT_EXPIRED', 'The token has expired; request a new one.')
      case 'unavailable':
        return refuse('INTERNAL', `The token ${checked.why}; try again in a moment.`)
      case 'invalid':
        return refuse('JWT_INVALID', `The token ${checked.why}.`)
      case 'valid':
    }
    const { jwt } = checked
    if (userId !== undefined && jwt.userId !== userId)
      return refuse('JWT_OTHER_USER', 'The token is for another userId.')
    return jwt
  }
}

function replayed(): EntryRefusal {
  return refuse('TOKEN_REPLAYED', 'The token is valid for one entry and was already used.')
}

function unknown(): EntryRefusal {
  return refuse('CLUSTER_UNAVAILABLE', 'Whether the token was used cannot be known now; try again in a few seconds.')
}

function openIdentity({ userId }: Pick<EntryCredentials, 'userId'>): Identity | EntryRefusal {
  return userId !== undefined && USER_ID.test(userId)
    ? identity(userId, ALL_PERMISSIONS, undefined)
    : refuse('BAD_USER_ID', 'The userId must be 1 to 32 letters, digits, dashes or underscores.')
}

function isAbsent(text: string | undefined): text is undefined | '' {
  return text === undefined || text === ''
}

function identity(userId: string, permissions: Permissions, expiresAt: number | undefined): Identity {
  return { userId, permissions, expiresAt, isOwner: false }
}

function refuse(code: string, sentence: string): EntryRefusal {
  return { code, sentence }
}

function readPublicKey(path: string): KeyObject {
  try {
    return createPublicKey(readFileSync(path))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`The key of --user-sig-public-key cannot be read: ${why}`, { cause: error })
  }
}
