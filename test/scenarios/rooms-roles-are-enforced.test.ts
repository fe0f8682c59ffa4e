import { expect, test } from 'vitest'
import { policyCases } from '../../packages/server/src/rooms/model/policy.cases.js'
import type { MemberMethod } from '../../packages/server/src/rooms/index.js'
import type { Participant } from '../../packages/server/src/rooms/participant.js'
import { RoomStage } from './room-stage.js'

/** Each request as its member makes it, with parameters that are right; the compiler misses one that is not here. */
const REQUESTS: Readonly<Record<MemberMethod, (member: Participant) => unknown>> = {
  'room.info': (member) => member.request('room.info', {}),
  'room.kick': (member) => member.request('room.kick', { userId: 'target' }),
  'room.mute': (member) => member.request('room.mute', { userId: 'target', kind: 'audio', muted: true }),
  'room.invite': (member) => member.request('room.invite', {}),
  'room.record': (member) => member.request('room.record', { recording: true }),
  'room.disband': (member) => member.request('room.disband', {}),
  'room.switchRole': (member) =>
    member.request('room.switchRole', { role: member.role === 'audience' ? 'audience' : 'anchor' }),
  'mic.request': (member) => member.request('mic.request', {}),
  'mic.withdraw': (member) => member.request('mic.withdraw', {}),
  'mic.answer': (member) => member.request('mic.answer', { userId: 'asker', accept: false }),
  'mic.remove': (member) => member.request('mic.remove', { userId: 'target' }),
  'media.publish': (member) => member.request('media.publish', { sdp: 'offer', tracks: [] }),
  'media.unpublish': (member) => member.request('media.unpublish', { streamType: 'main' }),
  'media.pushAddress': (member) => member.request('media.pushAddress', { streamType: 'main' }),
  'media.state': (member) => member.request('media.state', { audio: true, video: true, streamType: 'main' }),
  'media.subscribe': (member) => member.request('media.subscribe', { streams: 'all' }),
  'media.answer': (member) => member.request('media.answer', { sdp: 'answer', revision: 1 }),
  'media.candidate': (member) => member.request('media.candidate', { candidate: '', target: 'subscribe' }),
  'media.restart': (member) => member.request('media.restart', {}),
  'media.mix': (member) => member.request('media.mix', { audio: true, video: false, audioOf: 'all' }),
  'media.report': (member) => member.request('media.report', { direction: 'publish', netstatus: {} }),
  'message.send': (member) => member.request('message.send', { to: null, kind: 'text', data: 'hello' }),
}

const cases = policyCases
  .filter(([method]) => method in REQUESTS)
  .flatMap(([method, who]) =>
    (['owner', 'anchor', 'audience'] as const).map((role, i) => [role, method, who[i] !== '.'] as const),
  )

test.each(cases)('%s asks %s: %s', (role, method, isAllowed) => {
  const stage = new RoomStage()
  const members = {
    owner: stage.settled('owner'),
    anchor: stage.settled('anchor'),
    audience: stage.settled('audience', { role: 'audience' }),
  }
  stage.settled('target')
  stage.settled('asker', { role: 'audience' }).member.request('mic.request', {})
  const ask = () => REQUESTS[method as MemberMethod](members[role].member)
  if (isAllowed) expect(ask).not.toThrow()
  else expect(ask).toThrow(expect.objectContaining({ code: 'ROLE_FORBIDDEN' }) as Error)
})

test('a member that left can request nothing', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  alice.member.leave()
  for (const ask of Object.values(REQUESTS))
    expect(() => ask(alice.member)).toThrow(expect.objectContaining({ code: 'USER_NOT_FOUND' }) as Error)
})
