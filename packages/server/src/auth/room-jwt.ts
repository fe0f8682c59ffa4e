import { decodeProtectedHeader, errors, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { authLimits } from '../config/index.js'
import { ALL_PERMISSIONS, type Permissions } from './identity.js'

/**
 * A JSON Web Token (RFC 7519) that admits one user to one room, for applications without Tencent's signatures. Claims:
 *
 * - `sub`: the user id. `exp`: required, at most 30 days away. `nbf`: honoured. `aud`: must be `--jwt-audience`, where set.
 * - `room`: the room's id, a number or a text, or `"*"` for every room.
 * - `role`: `"owner"` makes its holder the room's owner, regardless of who entered first; default `"member"`.
 * - `permissions`: `{roomCreate, canPublish, canPublishSources, canSubscribe}`, each true where absent; `canPublishSources`
 *   lists some of `"microphone"`, `"camera"`, `"screen_share"`.
 * - `once: true` with a `jti`: valid for one entry.
 *
 * HS256 with the shared secret, RS256 or ES256 with a key of the key set; no other algorithm is accepted (RFC 8725).
 */
export interface RoomJwt {
  readonly userId: string
  /** `undefined` is every room. */
  readonly room: number | string | undefined
  readonly permissions: Permissions
  readonly isOwner: boolean
  /** Unix milliseconds. */
  readonly expiresAt: number
  /** Present if the token is valid for one entry only. */
  readonly onceId: string | undefined
}

/** The keys for verification; an algorithm without its key is refused. */
export interface JwtKeys {
  /** HS256. */
  readonly secret?: string | undefined
  /** The one before, whose tokens are still taken. */
  readonly previous?: string | undefined
  /** RS256, ES256. */
  readonly keys?: JWTVerifyGetKey | undefined
  readonly audience?: string | undefined
}

/** Result of {@link verifyRoomJwt}; `why` ends a sentence that begins with "The token". */
export type JwtVerdict =
  | { readonly verdict: 'valid'; readonly jwt: RoomJwt }
  | { readonly verdict: 'expired' }
  | { readonly verdict: 'invalid' | 'unavailable'; readonly why: string }

const USER_ID = /^[A-Za-z0-9_-]{1,32}$/
const ROLES = ['owner', 'member']
const FORM = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Whether a text has the form of a JWT; a UserSig has no dots. */
export function looksLikeJwt(text: string): boolean {
  return FORM.test(text)
}

/** Checks a token; never rejects. `nowMs` is the wall clock, 60 s of difference are forgiven. */
export async function verifyRoomJwt(options: JwtKeys, text: string, nowMs: number): Promise<JwtVerdict> {
  if (text.length > authLimits.jwtChars || !looksLikeJwt(text)) return invalid('is no JWT')
  try {
    const payload = await verifySignature(options, text, nowMs)
    return payload === undefined ? invalid('is signed in a way this server has no key for') : readClaims(payload, nowMs)
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { verdict: 'expired' }
    if (error instanceof errors.JWTClaimValidationFailed) return invalid(`has a wrong "${error.claim}"`)
    if (error instanceof errors.JWSSignatureVerificationFailed) return invalid("is not signed by this server's key")
    if (error instanceof errors.JWKSNoMatchingKey) return invalid('names a key that is not in the key set')
    if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return invalid('is malformed')
    if (error instanceof errors.JOSENotSupported || error instanceof TypeError) return invalid('is malformed')
    return { verdict: 'unavailable', why: 'cannot be checked: the key set could not be fetched' }
  }
}

/** The contents of a token; `room` undefined is every room. */
export interface RoomJwtOptions {
  readonly userId: string
  readonly room: string | undefined
  /** Unix seconds. */
  readonly expiresAtSeconds: number
  readonly audience: string | undefined
}

/** Makes a token (HS256) with every permission. */
export function makeRoomJwt(secret: string, options: RoomJwtOptions): Promise<string> {
  const { userId: sub, room = '*', expiresAtSeconds: exp, audience: aud } = options
  return new SignJWT({ sub, room, exp, ...(aud === undefined ? {} : { aud }) })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secret))
}

async function verifySignature(options: JwtKeys, text: string, nowMs: number): Promise<JWTPayload | undefined> {
  const { secret, previous, keys, audience } = options
  const { alg } = decodeProtectedHeader(text)
  const common = {
    currentDate: new Date(nowMs),
    clockTolerance: authLimits.clockLeewayMs / 1000,
    requiredClaims: ['sub', 'exp', 'room'],
    ...(audience === undefined ? {} : { audience }),
  }
  if (alg === 'HS256') {
    if (secret === undefined) return undefined
    const verify = (key: string) => jwtVerify(text, new TextEncoder().encode(key), { ...common, algorithms: ['HS256'] })
    try {
      return (await verify(secret)).payload
    } catch (error) {
      if (previous === undefined || !(error instanceof errors.JWSSignatureVerificationFailed)) throw error
      return (await verify(previous)).payload
    }
  }
  if (keys === undefined || (alg !== 'RS256' && alg !== 'ES256')) return undefined
  return (await jwtVerify(text, keys, { ...common, algorithms: ['RS256', 'ES256'] })).payload
}

function readClaims(payload: JWTPayload, nowMs: number): JwtVerdict {
  const { sub, exp, jti, room, role = 'member', once = false, permissions = {} } = payload
  if (sub === undefined || !USER_ID.test(sub))
    return invalid('has a "sub" that is no user id (1 to 32 of A-Z a-z 0-9 _ -)')
  if (typeof room !== 'string' && typeof room !== 'number')
    return invalid('has a "room" that is neither number nor text')
  if (typeof role !== 'string' || !ROLES.includes(role))
    return invalid(`has a "role" that is none of ${ROLES.join(', ')}`)
  if (typeof once !== 'boolean' || (once && typeof jti !== 'string')) return invalid('has a "once" without a "jti"')
  const read = readPermissions(permissions)
  if (read === undefined) return invalid('has "permissions" that make no sense')
  const expiresAt = exp! * 1000
  if (expiresAt > nowMs + authLimits.jwtLifetimeMs) return invalid('has an "exp" more than 30 days away')
  return {
    verdict: 'valid',
    jwt: {
      userId: sub,
      room: room === '*' ? undefined : room,
      permissions: read,
      isOwner: role === 'owner',
      expiresAt,
      onceId: once ? jti : undefined,
    },
  }
}

function readPermissions(claim: unknown): Permissions | undefined {
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return undefined
  const { roomCreate = true, canPublish = true, canSubscribe = true } = claim as Record<string, unknown>
  const { canPublishSources: sources = ['microphone', 'camera', 'screen_share'] } = claim as Record<string, unknown>
  if (![roomCreate, canPublish, canSubscribe].every((value) => typeof value === 'boolean')) return undefined
  if (!Array.isArray(sources)) return undefined
  const sends = canPublish === true
  const receives = canSubscribe === true
  return {
    ...ALL_PERMISSIONS,
    createRoom: roomCreate === true,
    sendAudio: sends && sources.includes('microphone'),
    sendVideo: sends && sources.includes('camera'),
    sendAux: sends && sources.includes('screen_share'),
    receiveAudio: receives,
    receiveVideo: receives,
    receiveAux: receives,
  }
}

function invalid(why: string): JwtVerdict {
  return { verdict: 'invalid', why }
}
