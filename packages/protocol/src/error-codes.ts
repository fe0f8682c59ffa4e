/**
 * The meaning of one error for all clients.
 *
 * `pusher` and `roomEvent` are what the Mini Program components say to old apps. The pusher raises 1022 (entering failed),
 * 1019 (put out of the room) or -100018 (the signature is wrong); `<webrtc-room>` raises a RoomEvent `error`: -8 (too many
 * members), -9 (no roomsig: every key and signature), -10 (could not join). Both are undefined where an old app has no
 * notion of the error: the promise of the call that failed tells it.
 */
export interface ErrorFacts {
  /** JSON-RPC's `error.code`. Below -32000 as JSON-RPC 2.0 section 5.1 has it, else ours. */
  readonly rpc: number
  /** The default sentence of the error. */
  readonly sentence: string
  readonly pusher?: 1019 | 1022 | -100018
  readonly roomEvent?: -8 | -9 | -10
  /** The same request may succeed later without anything being changed. */
  readonly retryable: boolean
}

const atEntry = { pusher: 1022, roomEvent: -10 } as const
const tooMany = { pusher: 1022, roomEvent: -8 } as const
const badSignature = { pusher: -100018, roomEvent: -9 } as const
const badKey = { pusher: 1022, roomEvent: -9 } as const
const putOut = { pusher: 1019, roomEvent: -10 } as const

const table = {
  BAD_JSON: { rpc: -32700, sentence: 'The message is not JSON.', retryable: false },
  BAD_ENVELOPE: { rpc: -32600, sentence: 'The message is not a JSON-RPC 2.0 request.', retryable: false },
  UNKNOWN_METHOD: { rpc: -32601, sentence: 'The server does not know this method.', retryable: false },
  BAD_REQUEST: { rpc: -32602, sentence: 'A field of the request is wrong.', ...atEntry, retryable: false },
  INTERNAL: { rpc: -32603, sentence: 'The server failed; its log says why.', ...atEntry, retryable: true },

  NOT_ENTERED: { rpc: 1001, sentence: 'Enter a room first.', retryable: false },
  ALREADY_ENTERED: { rpc: 1002, sentence: 'This connection has already entered a room.', retryable: false },
  PROTOCOL_VERSION: {
    rpc: 1003,
    sentence: 'Client and server speak different versions of the protocol: update the older one.',
    ...atEntry,
    retryable: false,
  },
  BAD_ROOM_ID: {
    rpc: -32602,
    sentence: 'A room id is a number from 0 to 4294967295, or 1 to 64 characters of A-Z a-z 0-9 _ -.',
    ...atEntry,
    retryable: false,
  },
  BAD_USER_ID: {
    rpc: -32602,
    sentence: 'A user id is 1 to 32 characters of A-Z a-z 0-9 _ -.',
    ...atEntry,
    retryable: false,
  },
  RESUME_FAILED: {
    rpc: 1004,
    sentence: 'The session to resume has ended: enter the room again.',
    retryable: false,
  },
  TOO_LARGE: { rpc: 1005, sentence: 'The message exceeds the limits on size or nesting.', retryable: false },

  USER_SIG_MISSING: { rpc: 1101, sentence: 'This server requires a userSig.', ...badSignature, retryable: false },
  USER_SIG_INVALID: {
    rpc: 1102,
    sentence: 'The userSig was not signed with the secret of this server.',
    ...badSignature,
    retryable: false,
  },
  USER_SIG_EXPIRED: { rpc: 1103, sentence: 'The userSig has expired.', ...badSignature, retryable: false },
  USER_SIG_OTHER_APP: {
    rpc: 1104,
    sentence: 'The userSig is for another sdkAppId.',
    ...badSignature,
    retryable: false,
  },
  USER_SIG_OTHER_USER: {
    rpc: 1105,
    sentence: 'The userSig is for another user.',
    ...badSignature,
    retryable: false,
  },
  JWT_INVALID: {
    rpc: 1106,
    sentence: 'The JWT is malformed or has an invalid signature.',
    ...badSignature,
    retryable: false,
  },
  JWT_EXPIRED: { rpc: 1107, sentence: 'The JWT has expired.', ...badSignature, retryable: false },
  JWT_OTHER_USER: { rpc: 1108, sentence: 'The JWT is for another user.', ...badSignature, retryable: false },
  JWT_OTHER_ROOM: { rpc: 1109, sentence: 'The JWT is for another room.', ...badKey, retryable: false },
  MAP_KEY_MISSING: { rpc: 1111, sentence: 'This server requires a privateMapKey.', ...badKey, retryable: false },
  MAP_KEY_INVALID: {
    rpc: 1112,
    sentence: 'The privateMapKey was not signed with the secret of this server.',
    ...badKey,
    retryable: false,
  },
  MAP_KEY_EXPIRED: { rpc: 1113, sentence: 'The privateMapKey has expired.', ...badKey, retryable: false },
  MAP_KEY_OTHER_ROOM: {
    rpc: 1114,
    sentence: 'The privateMapKey is for another room.',
    ...badKey,
    retryable: false,
  },
  MAP_KEY_OTHER_USER: {
    rpc: 1115,
    sentence: 'The privateMapKey is for another user.',
    ...badKey,
    retryable: false,
  },
  TOKEN_REPLAYED: { rpc: 1116, sentence: 'The token is valid once and was already used.', ...badKey, retryable: false },

  NO_PERMISSION: { rpc: 1201, sentence: 'The signature does not allow this.', ...atEntry, retryable: false },
  ROLE_FORBIDDEN: { rpc: 1202, sentence: 'The role in the room does not allow this.', retryable: false },
  BANNED: { rpc: 1203, sentence: 'The owner has banned this user for a while.', ...atEntry, retryable: false },
  KICKED: { rpc: 1204, sentence: 'The owner removed this user from the room.', ...putOut, retryable: false },
  REPLACED: {
    rpc: 1205,
    sentence: 'The same user entered from another connection.',
    ...putOut,
    retryable: false,
  },
  DISBANDED: { rpc: 1206, sentence: 'The room was disbanded.', ...putOut, retryable: false },
  ROOM_NOT_FOUND: { rpc: 1207, sentence: 'There is no such room.', ...atEntry, retryable: false },
  USER_NOT_FOUND: { rpc: 1208, sentence: 'There is no such user in the room.', retryable: false },

  ROOM_FULL: { rpc: 1301, sentence: 'The room is full.', ...tooMany, retryable: false },
  TOO_MANY_ANCHORS: {
    rpc: 1302,
    sentence: 'The room has no free place for another speaker; enter as audience.',
    ...tooMany,
    retryable: false,
  },
  ROOMS_FULL: { rpc: 1303, sentence: 'The server has reached its limit of rooms.', ...atEntry, retryable: true },
  TOO_MANY_REQUESTS: { rpc: 1304, sentence: 'Too many requests in a short time.', ...atEntry, retryable: true },
  TOO_MANY_FAILURES: {
    rpc: 1305,
    sentence: 'Too many failed attempts from this address; wait before the next.',
    ...atEntry,
    retryable: false,
  },
  MEDIA_CAPACITY: { rpc: 1306, sentence: 'The server has no capacity for more media.', retryable: true },
  DRAINING: {
    rpc: 1307,
    sentence: 'The server is shutting down and admits no new members.',
    ...atEntry,
    retryable: true,
  },
  CLUSTER_UNAVAILABLE: {
    rpc: 1308,
    sentence: 'The nodes of the cluster cannot reach each other; try again in a few seconds.',
    ...atEntry,
    retryable: true,
  },

  SDP_INVALID: { rpc: 1401, sentence: 'The SDP could not be used.', retryable: false },
  WEBRTC_OFF: { rpc: 1402, sentence: 'WebRTC is off on this server; its log says why.', retryable: false },
  MIX_OFF: { rpc: 1403, sentence: 'This server has no codec engine for mixing audio.', retryable: false },
  RECORD_OFF: { rpc: 1404, sentence: 'This server has no folder for recordings.', retryable: false },
  RECORDED_BY_SERVER: {
    rpc: 1405,
    sentence: 'The operator of the server records this room, and only the operator can stop that.',
    retryable: false,
  },

  NOT_ONLINE: {
    rpc: 1601,
    sentence: 'Go online first: only users who are online make and take calls.',
    retryable: false,
  },
  CALL_NOT_FOUND: { rpc: 1602, sentence: 'There is no such call, or this user is not in it.', retryable: false },
  CALL_EXISTS: { rpc: 1603, sentence: 'There is another call with this id.', retryable: false },
  CALL_ANSWERED: {
    rpc: 1604,
    sentence: 'The call was answered on another device, or does not ring any more.',
    retryable: false,
  },
  CALL_FULL: { rpc: 1605, sentence: 'The call has no free place.', retryable: false },
  CALLS_FULL: { rpc: 1606, sentence: 'The server has reached its limit of calls.', retryable: true },
  LINE_BUSY: { rpc: 1607, sentence: 'This user is in another call.', retryable: false },

  /** Raised by the client's own side; TIMEOUT also by a server whose room does not answer in time. */
  TIMEOUT: { rpc: 1501, sentence: 'The server did not answer in time.', ...atEntry, retryable: true },
  CONNECTION_LOST: {
    rpc: 1502,
    sentence: 'The connection to the server was lost.',
    ...atEntry,
    retryable: true,
  },
  BAD_RESPONSE: {
    rpc: 1503,
    sentence: 'The server sent an invalid response.',
    ...atEntry,
    retryable: false,
  },
} as const satisfies Record<string, ErrorFacts>

/** The values of `error.data.code` in a JSON-RPC error. Names are stable; new ones may be added. */
export type ErrorCode = keyof typeof table

/** Every error: its number in JSON-RPC, its sentence, and the codes of the Mini Program components. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorFacts>> = table

/** Whether a string of the wire is one of ours; a newer server may have codes that this package has not. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.prototype.hasOwnProperty.call(table, code)
}
