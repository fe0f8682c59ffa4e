import { authLimits } from '../config/index.js'
import type { Permissions } from './identity.js'
import { makeTicket, verifyTicket, type Ticket, type TicketKeys } from './user-sig.js'

/**
 * The privateMapKey: a ticket (user-sig.ts) around a record that names one user, one room, an expiry and a map of privileges.
 *
 *     offset  size  field, all numbers big-endian
 *     0       1     version: 0 the room is a number, 1 it is a text
 *     1       2     length L of the user id
 *     3       L     user id
 *     3+L     4     sdkAppId
 *     7+L     4     room number (0 when the room is a text)
 *     11+L    4     expires at, unix seconds
 *     15+L    4     privilege map
 *     19+L    4     account type: 0 in a privateMapKey, BOUND in a UserSig that is bound to the room and the privileges
 *     23+L    2     length M of the room text     version 1 only
 *     25+L    M     room text                     version 1 only
 */
export interface RoomRecord {
  readonly userId: string
  readonly sdkAppId: number
  /** A number up to 2^32-1, or a text: a number and its decimal text are one room, but two spellings on the wire. */
  readonly room: number | string
  readonly expiresAtSeconds: number
  readonly privileges: number
  /** Part of a UserSig, and the permissions of its holder without a privateMapKey. */
  readonly isBound?: boolean
}

/** The bits of the privilege map. */
export const PRIVILEGES = {
  createRoom: 1,
  enter: 2,
  sendAudio: 4,
  receiveAudio: 8,
  sendVideo: 16,
  receiveVideo: 32,
  sendAux: 64,
  receiveAux: 128,
} as const satisfies Record<keyof Permissions, number>

/** All of them. */
export const ALL_PRIVILEGES = 255

const FIXED_BYTES = 23
/** Tencent's records have 0: neither ticket passes for the other. */
const BOUND = 0x4352_0001

/** Reads the record; undefined when its lengths do not fit each other or its texts are not ASCII. */
export function parseRoomRecord(bytes: Uint8Array): RoomRecord | undefined {
  if (bytes.length < FIXED_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint8(0)
  const account = view.getUint16(1)
  if (version > 1 || bytes.length < FIXED_BYTES + account + 2 * version) return undefined
  const roomChars = version === 1 ? view.getUint16(FIXED_BYTES + account) : 0
  if (bytes.length !== FIXED_BYTES + account + (version === 1 ? 2 + roomChars : 0)) return undefined
  const accountType = view.getUint32(19 + account)
  if (accountType !== 0 && accountType !== BOUND) return undefined
  const userId = ascii(bytes.subarray(3, 3 + account))
  const roomText = ascii(bytes.subarray(bytes.length - roomChars))
  if (userId === undefined || roomText === undefined) return undefined
  return {
    userId,
    sdkAppId: view.getUint32(3 + account),
    room: version === 1 ? roomText : view.getUint32(7 + account),
    expiresAtSeconds: view.getUint32(11 + account),
    privileges: view.getUint32(15 + account),
    ...(accountType === BOUND ? { isBound: true } : {}),
  }
}

/** How long the record is. */
export function byteLengthOfRoomRecord(record: RoomRecord): number {
  return FIXED_BYTES + record.userId.length + (typeof record.room === 'string' ? 2 + record.room.length : 0)
}

/** Writes the record; its texts must be ASCII. The answer is the offset behind it. */
export function writeRoomRecord(record: RoomRecord, out: Uint8Array, offset: number): number {
  const view = new DataView(out.buffer, out.byteOffset + offset, byteLengthOfRoomRecord(record))
  const { userId, room } = record
  const account = userId.length
  view.setUint8(0, typeof room === 'string' ? 1 : 0)
  view.setUint16(1, account)
  for (let i = 0; i < account; i++) view.setUint8(3 + i, userId.charCodeAt(i))
  view.setUint32(3 + account, record.sdkAppId)
  view.setUint32(7 + account, typeof room === 'string' ? 0 : room)
  view.setUint32(11 + account, record.expiresAtSeconds)
  view.setUint32(15 + account, record.privileges)
  view.setUint32(19 + account, record.isBound === true ? BOUND : 0)
  if (typeof room === 'string') {
    view.setUint16(FIXED_BYTES + account, room.length)
    for (let i = 0; i < room.length; i++) view.setUint8(FIXED_BYTES + account + 2 + i, room.charCodeAt(i))
  }
  return offset + view.byteLength
}

/** The permissions of a privilege map. */
export function permissionsOf(privileges: number): Permissions {
  const has = (bit: number): boolean => (privileges & bit) !== 0
  return {
    createRoom: has(PRIVILEGES.createRoom),
    enter: has(PRIVILEGES.enter),
    sendAudio: has(PRIVILEGES.sendAudio),
    receiveAudio: has(PRIVILEGES.receiveAudio),
    sendVideo: has(PRIVILEGES.sendVideo),
    receiveVideo: has(PRIVILEGES.receiveVideo),
    sendAux: has(PRIVILEGES.sendAux),
    receiveAux: has(PRIVILEGES.receiveAux),
  }
}

/** The privilege map that allows the named permissions. */
export function privilegesOf(permissions: readonly (keyof Permissions)[]): number {
  return permissions.reduce((map, name) => map | PRIVILEGES[name], 0)
}

/** Result of {@link verifyPrivateMapKey}; a valid one has the record with the earlier of its two expiries. */
export type PrivateMapKeyVerdict =
  | { readonly verdict: 'valid'; readonly record: RoomRecord }
  | { readonly verdict: 'invalid' | 'expired' | 'no-key'; readonly record?: undefined }

/**
 * Checks a privateMapKey: its signature, and that ticket and record name the same user and application. Whether they are
 * the right ones is for the caller to compare. `nowMs` is the wall clock, 60 s of difference are forgiven.
 */
export function verifyPrivateMapKey(keys: TicketKeys, text: string, nowMs: number): PrivateMapKeyVerdict {
  const checked = verifyTicket(keys, text, nowMs)
  if (checked.verdict !== 'valid') return checked
  const { ticket } = checked
  const record = recordOf(ticket)
  if (record === undefined || record.isBound === true) return { verdict: 'invalid' }
  const expiresAtSeconds = Math.min(record.expiresAtSeconds, Math.floor(ticket.expiresAt / 1000))
  if (expiresAtSeconds * 1000 + authLimits.clockLeewayMs < nowMs) return { verdict: 'expired' }
  return { verdict: 'valid', record: { ...record, expiresAtSeconds } }
}

/** The record in a ticket; undefined if there is none, or if it names another user than the ticket. */
export function recordOf({ userbuf, userId, sdkAppId }: Ticket): RoomRecord | undefined {
  const record = userbuf === undefined ? undefined : parseRoomRecord(userbuf)
  return record?.userId === userId && record.sdkAppId === sdkAppId ? record : undefined
}

/** Makes a UserSig that opens one room, with the record's privileges, whatever else its holder has. */
export function makeBoundUserSig(secret: string, record: RoomRecord, issuedAtSeconds: number): string {
  return makePrivateMapKey(secret, { ...record, isBound: true }, issuedAtSeconds)
}

/** Makes a privateMapKey (version 2) that is valid until the record's expiry. */
export function makePrivateMapKey(secret: string, record: RoomRecord, issuedAtSeconds: number): string {
  const userbuf = new Uint8Array(byteLengthOfRoomRecord(record))
  writeRoomRecord(record, userbuf, 0)
  const { userId, sdkAppId, expiresAtSeconds } = record
  const expireSeconds = Math.max(0, expiresAtSeconds - issuedAtSeconds)
  return makeTicket(secret, { userId, sdkAppId, issuedAtSeconds, expireSeconds, userbuf })
}

const MAX_UINT32 = 2 ** 32 - 1

/** The room name in a record: decimal text becomes a number, because Tencent's back ends sign numbers. */
export function recordRoomOf(roomId: number | string): number | string {
  const number = Number(roomId)
  const isNumber = Number.isInteger(number) && number <= MAX_UINT32 && String(number) === String(roomId)
  return isNumber && number >= 0 ? number : roomId
}

function ascii(bytes: Uint8Array): string | undefined {
  let text = ''
  for (const byte of bytes) {
    if (byte < 0x20 || byte > 0x7e) return undefined
    text += String.fromCharCode(byte)
  }
  return text
}
