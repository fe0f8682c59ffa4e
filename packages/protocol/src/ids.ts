import { isShortLine } from './text.js'
import { limits } from './limits.js'
import type { RoomId } from './model.js'

const MAX_UINT32 = 2 ** 32 - 1
const ID = /^[A-Za-z0-9_-]+$/

/** Whether it is 1 to 32 characters of `[A-Za-z0-9_-]`. */
export function isUserId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.userIdLength && ID.test(value)
}

/** Whether it is a uint32, or 1 to 64 characters of `[A-Za-z0-9_-]`. */
export function isRoomId(value: unknown): value is RoomId {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value <= MAX_UINT32
  return typeof value === 'string' && value.length <= limits.roomIdLength && ID.test(value)
}

/** The one name of a room: a number and its decimal string are the same room, `7` and `"007"` are not. */
export function canonicalRoomId(roomId: RoomId): string {
  return String(roomId)
}

/** Whether a value can be what a user is called: 1 to 64 printable characters. */
export function isUserName(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && isShortLine(value, limits.userNameLength)
}
