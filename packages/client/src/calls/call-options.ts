import type { CallMedia, RoomId } from '@crossroom/protocol'
import * as take from '../arguments.js'
import type { Rule, Rules } from '../arguments.js'

/** Options of `Calls.online`. */
export interface OnlineOptions {
  /** Up to 32 of `A-Za-z0-9_-`. */
  readonly userId: string
  /** Up to 64 characters that others see in a call. */
  readonly userName?: string
  readonly sdkAppId?: number
  /** A UserSig or a JWT; not needed by a server in open mode. */
  readonly userSig?: string
  /** Opens the microphone, and the camera for a video call, when a call goes on, and closes them after it. Default true. */
  readonly autoCapture?: boolean
  /** The same for one device at each visit. By default a new one, so that a page that was loaded again joins its call anew. */
  readonly deviceId?: string
}

interface Invitation {
  /** Default `video`. */
  readonly media?: CallMedia
  /** Up to 8 KiB for the application on the other side. */
  readonly data?: string
  /** How long it rings: 1000 to 300000, default 30000. */
  readonly timeoutMs?: number
  /** An existing room instead of one of the call's own. */
  readonly roomId?: RoomId
}

/** Options of `Calls.call`. */
export interface CallOptions extends Invitation {
  readonly userId: string
}

/** Options of `Calls.groupCall`. */
export interface GroupCallOptions extends Invitation {
  /** 1 to 49 different users, not oneself. */
  readonly userIds: readonly string[]
}

export const userIds: Rule = {
  fits: (value) => Array.isArray(value) && value.length > 0 && value.every(take.userId.fits),
  expected: 'a list of user ids',
}
export const media: Rule = {
  fits: (value) => value === 'audio' || value === 'video',
  expected: '"audio" or "video"',
}
export const onlineRules: Rules = {
  ...{ userId: take.userId, userName: take.userName, sdkAppId: take.positive, userSig: take.anyText },
  ...{ autoCapture: take.yesOrNo, deviceId: take.text },
}
const invitation: Rules = { media, data: take.anyText, timeoutMs: take.positive, roomId: take.roomId }
export const callRules: Rules = { ...invitation, userId: take.userId }
export const groupCallRules: Rules = { ...invitation, userIds }
