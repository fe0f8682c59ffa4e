import type { FastifyInstance, FastifyRequest } from 'fastify'
import { canonicalRoomId, isRoomId, isUserId } from '@crossroom/protocol'
import type { EntryVerifier } from '../auth/index.js'
import { originsOf, type AddressOptions, type AddressRates } from '../net/index.js'

/**
 * `POST /v4/openim/jsonvideoapp`: the `<webrtc-room>` component of 2018 requests a roomsig here and puts it into a
 * `room://` address. This roomsig is the JSON `{signal, sdkAppId, roomId, userId, userSig, privateMapKey}`: the input
 * of signaling, taken from the request. A user that could not enter gets no roomsig, but the code that the component
 * knows.
 */
export interface RoomSigDeps extends AddressOptions {
  readonly verifier: EntryVerifier
  readonly rates: AddressRates
  readonly clock: { now(): number }
  readonly clientAddress: (request: FastifyRequest['raw']) => string
}

interface Query {
  readonly sdkappid?: string
  readonly identifier?: string
  readonly usersig?: string
}

/** Codes of the room service that Tencent documents: 80 no privateMapKey, 82 a parameter, 86 it ran out, 87 it is wrong. */
const PARAMETER = 82
const CODES: Readonly<Record<string, number>> = {
  MAP_KEY_MISSING: 80,
  MAP_KEY_EXPIRED: 86,
  MAP_KEY_INVALID: 87,
  MAP_KEY_OTHER_ROOM: 87,
  MAP_KEY_OTHER_USER: 87,
  NO_PERMISSION: 87,
  // Codes of the messaging service, whose gateway checks the UserSig before the room service sees it.
  USER_SIG_EXPIRED: 70_001,
  USER_SIG_INVALID: 70_003,
  USER_SIG_MISSING: 70_003,
  USER_SIG_OTHER_USER: 70_013,
  USER_SIG_OTHER_APP: 70_014,
}
/** Other reasons for refusing an entry. */
const REFUSED = 70_003

/** Adds the route to a web server. */
export function registerRoomSig(app: FastifyInstance, deps: RoomSigDeps): void {
  app.post<{ Querystring: Query }>('/v4/openim/jsonvideoapp', { schema: { hide: true } }, async (request) => {
    if (deps.rates.take(deps.clock.now(), deps.clientAddress(request.raw)) > 0)
      return refused(REFUSED, 'Too many requests; wait a moment.')
    const { sdkappid, identifier, usersig } = request.query
    const { roomId, privateMapKey } = readBody(request.body)
    const sdkAppId = sdkappid === undefined || !/^\d{1,10}$/.test(sdkappid) ? undefined : Number(sdkappid)
    if (!isUserId(identifier)) return refused(PARAMETER, 'identifier must be 1 to 32 characters of A-Z a-z 0-9 _ -.')
    if (!isRoomId(roomId)) return refused(PARAMETER, 'GroupId must be a number up to 4294967295.')
    const remoteAddress = deps.clientAddress(request.raw)
    const credentials = { sdkAppId, userId: identifier, userSig: usersig, privateMapKey, remoteAddress }
    const answer = await deps.verifier.check({ ...credentials, roomId: canonicalRoomId(roomId) })
    if ('code' in answer) return refused(CODES[answer.code] ?? REFUSED, answer.sentence)
    const signal = `${originsOf(request.raw, deps).ws}/signal`
    return {
      ErrorCode: 0,
      RspHead: { ErrorCode: 0, ErrorInfo: '' },
      RspBody: { signal, sdkAppId, roomId, userId: identifier, userSig: usersig, privateMapKey },
    }
  })
}

function readBody(body: unknown): { readonly roomId: unknown; readonly privateMapKey: string | undefined } {
  const { ReqHead, ReqBody } = (body ?? {}) as { ReqHead?: unknown; ReqBody?: unknown }
  const { GroupId } = (ReqHead ?? {}) as { GroupId?: unknown }
  const { PrivMapEncrypt } = (ReqBody ?? {}) as { PrivMapEncrypt?: unknown }
  const privateMapKey = typeof PrivMapEncrypt === 'string' && PrivMapEncrypt !== '' ? PrivMapEncrypt : undefined
  return { roomId: GroupId, privateMapKey }
}

function refused(code: number, sentence: string) {
  return { ErrorCode: code, ErrorInfo: sentence, RspHead: { ErrorCode: code, ErrorInfo: sentence } }
}
