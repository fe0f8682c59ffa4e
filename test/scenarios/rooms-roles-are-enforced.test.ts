import { expect, test } from 'vitest'
import { policyCases } from '../../packages/server/src/rooms/model/policy.cases.js'
import type { Participant } from '../../packages/server/src/rooms/participant.js'
import { RoomStage } from './room-stage.js'

/** Each request as its member makes it, with parameters that are right. */
const REQUESTS: Readonly<Record<string, (member: Participant) => unknown>> = {
  'room.info': (member) => member.info(),
  'room.kick': (member) => member.kick({ userId: 'target' }),
  'room.mute': (member) => member.mute({ userId: 'target', kind: 'audio', muted: true }),
  'room.disband': (member) => member.disband(),
  'room.switchRole': (member) => member.switchRole({ role: member.role === 'audience' ? 'audience' : 'anchor' }),
  'mic.request': (member) => member.micRequest(),
  'mic.answer': (member) => member.micAnswer({ userId: 'asker', accept: false }),
  'mic.remove': (member) => member.micRemove({ userId: 'target' }),
  'media.publish': (member) => member.publish({ sdp: 'offer', tracks: [] }),
  'media.unpublish': (member) => member.unpublish({ streamType: 'main' }),
  'media.pushAddress': (member) => member.pushAddress({ streamType: 'main' }),
  'media.state': (member) => member.state({ audio: true, video: true, streamType: 'main' }),
  'media.subscribe': (member) => member.subscribe({ streams: 'all' }),
  'media.answer': (member) => member.answer({ sdp: 'answer', revision: 1 }),
  'media.candidate': (member) => member.candidate({ candidate: '', target: 'subscribe' }),
  'media.restart': (member) => member.restart(),
  'media.mix': (member) => member.mix({ audio: true, video: false, audioOf: 'all' }),
  'media.report': (member) => member.report({ direction: 'publish', netstatus: {} }),
  'message.send': (member) => member.sendMessage({ to: null, kind: 'text', data: 'hello' }),
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
  stage.settled('asker', { role: 'audience' }).member.micRequest()
  const ask = () => REQUESTS[method]!(members[role].member)
  if (isAllowed) expect(ask).not.toThrow()
  else expect(ask).toThrow(expect.objectContaining({ code: 'ROLE_FORBIDDEN' }) as Error)
})

test('who has left may ask for nothing', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  alice.member.leave()
  for (const ask of Object.values(REQUESTS))
    expect(() => ask(alice.member)).toThrow(expect.objectContaining({ code: 'USER_NOT_FOUND' }) as Error)
})
