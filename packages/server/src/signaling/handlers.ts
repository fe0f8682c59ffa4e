import type { Empty, ParamsOf, RequestMethod, ResultOf } from '@crossroom/protocol'
import type { ParticipantRequests } from '../rooms/index.js'

/** Requests that a member makes of its room. The others make, move or end the membership itself: see session.ts. */
export type MemberMethod = Exclude<
  RequestMethod,
  'room.enter' | 'room.resume' | 'room.renew' | 'room.ping' | 'room.leave'
>

/** Method to what it does; each checks the member's role and permissions, and throws RoomError. */
export type MemberHandlers = {
  readonly [Method in MemberMethod]: (member: ParticipantRequests, params: ParamsOf<Method>) => ResultOf<Method>
}

const done: Empty = {}

export const memberHandlers: MemberHandlers = {
  'room.info': (member) => member.info(),
  'room.switchRole': (member, params) => member.switchRole(params),
  'room.kick': (member, params) => after(member.kick(params)),
  'room.mute': (member, params) => after(member.mute(params)),
  'room.disband': (member) => after(member.disband()),
  'room.invite': (member, params) => member.invite(params),
  'mic.request': (member) => after(member.micRequest()),
  'mic.withdraw': (member) => after(member.micWithdraw()),
  'mic.answer': (member, params) => after(member.micAnswer(params)),
  'mic.remove': (member, params) => after(member.micRemove(params)),
  'media.publish': (member, params) => member.publish(params),
  'media.unpublish': (member, params) => after(member.unpublish(params)),
  'media.pushAddress': (member, params) => member.pushAddress(params),
  'media.subscribe': (member, params) => after(member.subscribe(params)),
  'media.answer': (member, params) => after(member.answer(params)),
  'media.candidate': (member, params) => after(member.candidate(params)),
  'media.restart': (member) => after(member.restart()),
  'media.state': (member, params) => after(member.state(params)),
  'media.mix': (member, params) => member.mix(params),
  'media.report': (member, params) => after(member.report(params)),
  'message.send': (member, params) => member.sendMessage(params),
}

/** The answer to a request that only does something. */
function after(_nothing: void): Empty {
  return done
}
