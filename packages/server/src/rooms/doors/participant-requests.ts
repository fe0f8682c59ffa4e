import type { EnterResult, ParamsOf, PushAddress, ResultOf } from '@crossroom/protocol'
import type { Identity } from '../../auth/identity.js'

/** What a participant finds out on entering or resuming, but for what signaling knows itself. */
export type RoomEnterResult = Omit<EnterResult, 'iceServers'>

/**
 * What one participant may ask of its room: a method for each request of the protocol, with validated parameters. Each
 * checks the participant's own role and permissions, and throws RoomError. Notifications that follow from a request may
 * go out before its result does.
 */
export interface ParticipantRequests {
  readonly userId: string
  readonly roomId: string
  /** For the answers to `room.enter` and `room.resume`. */
  enterResult(): RoomEnterResult
  /** `room.leave`: gone at once, without `room.closed`. Idempotent. */
  leave(): void
  /**
   * The socket closed or fell silent: the member stays for the heartbeat time-out and 30 s more. Not for a socket that
   * rooms closed: its member may be here by another one already. Idempotent.
   */
  lost(): void
  info(): ResultOf<'room.info'>
  switchRole(params: ParamsOf<'room.switchRole'>): ResultOf<'room.switchRole'>
  kick(params: ParamsOf<'room.kick'>): void
  mute(params: ParamsOf<'room.mute'>): void
  disband(): void
  invite(params: ParamsOf<'room.invite'>): ResultOf<'room.invite'>
  micRequest(): void
  micWithdraw(): void
  micAnswer(params: ParamsOf<'mic.answer'>): void
  micRemove(params: ParamsOf<'mic.remove'>): void
  publish(params: ParamsOf<'media.publish'>): ResultOf<'media.publish'>
  unpublish(params: ParamsOf<'media.unpublish'>): void
  pushAddress(params: ParamsOf<'media.pushAddress'>): PushAddress
  subscribe(params: ParamsOf<'media.subscribe'>): void
  answer(params: ParamsOf<'media.answer'>): void
  candidate(params: ParamsOf<'media.candidate'>): void
  restart(): void
  state(params: ParamsOf<'media.state'>): void
  mix(params: ParamsOf<'media.mix'>): ResultOf<'media.mix'>
  report(params: ParamsOf<'media.report'>): void
  sendMessage(params: ParamsOf<'message.send'>): ResultOf<'message.send'>
  /**
   * `room.renew` after its signature was verified. Rooms tell `room.expiring` 60 s before the signature runs out, and end
   * the session when it does: signaling need not watch it.
   */
  renewed(identity: Identity): ResultOf<'room.renew'>
}
