import type { ErrorCode } from '@crossroom/protocol'

/** Codes of the protocol's error table that rooms raise; the compiler refuses others. */
export type RoomErrorCode = ErrorCode &
  (
    | 'BAD_REQUEST'
    | 'BANNED'
    | 'CLUSTER_UNAVAILABLE'
    | 'DRAINING'
    | 'INTERNAL'
    | 'MEDIA_CAPACITY'
    | 'MIX_OFF'
    | 'NO_PERMISSION'
    | 'RECORD_OFF'
    | 'RECORDED_BY_SERVER'
    | 'RESUME_FAILED'
    | 'ROLE_FORBIDDEN'
    | 'ROOM_FULL'
    | 'ROOM_NOT_FOUND'
    | 'ROOMS_FULL'
    | 'SDP_INVALID'
    | 'TOO_MANY_ANCHORS'
    | 'TOO_MANY_REQUESTS'
    | 'USER_NOT_FOUND'
    | 'WEBRTC_OFF'
  )

/** A refusal with its stable code; the message is a sentence for people and repeats no secret. */
export class RoomError extends Error {
  readonly code: RoomErrorCode

  constructor(code: RoomErrorCode, sentence: string) {
    super(sentence)
    this.name = 'RoomError'
    this.code = code
  }
}
