import { expect, test } from 'vitest'
import type { Call, CallMedia, CallMemberState } from '../call-shapes.js'
import type { CallNotification } from './call-session.js'
import { CallStory } from './call-story.js'

interface Facts {
  readonly anna?: CallMemberState
  readonly ben?: CallMemberState
  readonly media?: CallMedia
  readonly startedAt?: number | null
}

/** Ben calls Anna. */
function callOf({ anna = 'ringing', ben = 'accepted', media = 'video', startedAt = null }: Facts = {}): Call {
  const members = [
    { userId: 'ben', state: ben },
    { userId: 'anna', state: anna },
  ]
  return { callId: 'c', roomId: 'call_1', media, inviter: 'ben', members, data: '', startedAt }
}

function stage(userId: 'anna' | 'ben') {
  const story = new CallStory(userId)
  let nowMs = 1000
  const named = (happenings: ReturnType<CallStory['tell']>): string[] => happenings.map(({ name }) => name)
  return {
    story,
    pass: (ms: number) => (nowMs += ms),
    hear: (notification: CallNotification) => named(story.tell(nowMs, { kind: 'notification', ...notification })),
    raw: (notification: CallNotification) => story.tell(nowMs, { kind: 'notification', ...notification }),
    answer: (call: Call) => named(story.tell(nowMs, { kind: 'response', id: 'c1', result: { call } })),
  }
}

test('one who is called: received, begun by the acceptance, ended with its length', () => {
  const { story, hear, raw, answer, pass } = stage('anna')
  expect(hear({ method: 'call.ringing', params: { call: callOf() } })).toEqual(['onCallChanged', 'onCallReceived'])
  expect([story.ringing.length, story.current]).toEqual([1, undefined])
  expect(answer(callOf({ anna: 'accepted', startedAt: 5 }))).toEqual(['onCallBegin', 'onCallChanged'])
  expect([story.ringing, story.current?.callId]).toEqual([[], 'c'])
  pass(7000)
  expect(raw({ method: 'call.ended', params: { callId: 'c', reason: 'hangup', by: 'ben' } })).toMatchObject([
    { name: 'onCallEnd', event: { role: 'callee', reason: 'hangup', by: 'ben', totalMs: 7000 } },
  ])
  expect([story.ringing, story.current]).toEqual([[], undefined])
})

test('one who calls: begun when the other accepts, who joins and leaves', () => {
  const { hear, answer } = stage('ben')
  expect(answer(callOf())).toEqual(['onCallChanged'])
  const accepted = callOf({ anna: 'accepted', startedAt: 5 })
  expect(hear({ method: 'call.accepted', params: { callId: 'c', userId: 'anna' } })).toEqual([])
  expect(hear({ method: 'call.changed', params: { call: accepted } })).toEqual([
    ...['onCallBegin', 'onUserJoin', 'onCallChanged'],
  ])
  const audio = callOf({ anna: 'accepted', startedAt: 5, media: 'audio' })
  expect(hear({ method: 'call.changed', params: { call: audio } })).toEqual(['onCallMediaTypeChanged', 'onCallChanged'])
  const left = callOf({ anna: 'left', startedAt: 5, media: 'audio' })
  expect(hear({ method: 'call.changed', params: { call: left } })).toEqual(['onUserLeave', 'onCallChanged'])
})

test.each([
  ['reject', 'onUserReject'],
  ['lineBusy', 'onUserLineBusy'],
  ['noResponse', 'onUserNoResponse'],
  ['offline', 'onUserNoResponse'],
] as const)('%s is %s', (reason, name) => {
  const { hear, answer, raw } = stage('ben')
  answer(callOf())
  expect(hear({ method: 'call.rejected', params: { callId: 'c', userId: 'anna', reason } })).toEqual([name])
  expect(raw({ method: 'call.ended', params: { callId: 'c', reason, by: 'anna' } })).toMatchObject([
    { name: 'onCallEnd', event: { role: 'caller', reason, totalMs: 0 } },
  ])
})

test('a call that this device does not know ends without a word', () => {
  expect(stage('ben').hear({ method: 'call.ended', params: { callId: 'c', reason: 'hangup' } })).toEqual([])
})
