import type { Micros } from '@crossroom/media'
import type { Call, CallMedia, CallMemberState } from '@crossroom/protocol'

/** One user of a call. */
export interface CallSide {
  readonly userId: string
  state: CallMemberState
  /** Of the device on which the user accepted. */
  device: string | undefined
  /** When it stops ringing. */
  ringsUntil: Micros
  /** A device of the user was online while it rang. */
  wasReached: boolean
  /** The user has blocked the caller: no device rings. */
  isBlocked: boolean
}

export interface CallOptions {
  readonly callId: string
  readonly roomId: string
  /** The room is the call's own, and ends with it. */
  readonly ownsRoom: boolean
  readonly media: CallMedia
  readonly inviter: string | null
  /** Made by a backend: it rings for everybody, and nobody can cancel it. */
  readonly isByServer: boolean
  readonly data: string
  readonly ringMicros: Micros
}

/** A call that rings or goes on. Changed by `CallBook` only. */
export class ActiveCall {
  readonly options: CallOptions
  readonly sides = new Map<string, CallSide>()
  media: CallMedia
  /** Unix milliseconds. */
  startedAt: number | null = null

  constructor(options: CallOptions) {
    this.options = options
    this.media = options.media
  }

  get callId(): string {
    return this.options.callId
  }

  side(userId: string): CallSide {
    const present = this.sides.get(userId)
    if (present !== undefined) return present
    const side: CallSide = {
      userId,
      state: 'left',
      device: undefined,
      ringsUntil: Infinity,
      wasReached: false,
      isBlocked: false,
    }
    this.sides.set(userId, side)
    return side
  }

  in(...states: readonly CallMemberState[]): CallSide[] {
    return [...this.sides.values()].filter(({ state }) => states.includes(state))
  }

  /** Fewer than two could ever talk, or the inviter left before anybody accepted. */
  get isOver(): boolean {
    const accepted = this.in('accepted').length
    const ringing = this.in('ringing').length
    return accepted + ringing < 2 || (accepted === 0 && !this.options.isByServer)
  }

  toJSON(): Call {
    const { callId, roomId, inviter, data } = this.options
    const members = [...this.sides.values()].map(({ userId, state }) => ({ userId, state }))
    return { callId, roomId, media: this.media, inviter, members, data, startedAt: this.startedAt }
  }
}
