import type { CallMethod, EnterResult, ParamsOf, RequestMethod, ResultOf } from '@crossroom/protocol'
import type { Identity } from '../../auth/index.js'

/** The result of entering or resuming, without the fields that signaling adds. */
export type RoomEnterResult = Omit<EnterResult, 'iceServers'>

/** Requests that a member makes of its room. The others make, move or end the membership itself. */
export type MemberMethod = Exclude<
  RequestMethod,
  'room.enter' | 'room.resume' | 'room.renew' | 'room.ping' | 'room.leave' | CallMethod
>

/** The answer to a request: of what concerns another member it may come from the node that serves it. */
export type RequestAnswer<Method extends MemberMethod> = Method extends
  'room.kick' | 'room.mute' | 'room.disband' | 'mic.answer' | 'mic.remove'
  ? ResultOf<Method> | Promise<ResultOf<Method>>
  : ResultOf<Method>

/** Requests of one participant to its room, handled in order. */
export interface ParticipantRequests {
  readonly userId: string
  readonly roomId: string
  /** `room.leave`: gone at once, without `room.closed`. Idempotent. */
  leave(): Promise<void>
  /**
   * The socket closed or fell silent: the member stays for the heartbeat time-out and 30 s more. Not for a socket that
   * rooms closed: its member may be here by another one already. Idempotent.
   */
  lost(): void
  /**
   * Carries out a request with validated parameters, after a check of the participant's role. Rejects with RoomError.
   * Notifications that follow from a request may go out before its result does.
   */
  request<Method extends MemberMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>>
  /**
   * `room.renew` after its signature was verified. Rooms tell `room.expiring` 60 s before the signature runs out, and end
   * the session when it does: signaling need not watch it.
   */
  renewed(identity: Identity): Promise<ResultOf<'room.renew'>>
}
