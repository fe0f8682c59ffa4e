import { expect, test } from 'vitest'
import { StreamKey } from '../hub/index.js'
import { isPushed, parsePushOption, pushRequest } from './spec.js'

test.each([
  ['live/a=rtmp://h/x/y', { stream: 'live/a', url: 'rtmp://h/x/y', onDemand: false, once: false }],
  ['live/a=rtmp://h/x/y?b=c=d#on-demand', { stream: 'live/a', url: 'rtmp://h/x/y?b=c=d', onDemand: true }],
  ['room:yard/gate=rtmp://h/x/y', { room: 'yard', userId: 'gate' }],
  ['room:yard/gate/aux=rtmp://h/x/y', { room: 'yard', userId: 'gate', streamType: 'aux' }],
  ['live/a=https://h/x#bearer=t.o-k&on-demand', { url: 'https://h/x', bearer: 't.o-k', onDemand: true }],
  ['room:yard=rtmp://h/x/y', { room: 'yard', userId: undefined }],
])('%s is read', (text, spec) => {
  expect(parsePushOption(text)).toMatchObject(spec)
})

test.each([
  'rtmp://h/x/secret',
  'live=rtmp://h/x/secret',
  'live/a=ftp://h/secret',
  'live/..=rtmp://h/x/secret',
  'live/a=rtmp://h/x/secret#sometimes',
  'room:yard/gate/small=rtmp://h/x/secret',
])('%s is refused with a sentence that does not repeat the address', (text) => {
  expect(() => parsePushOption(text)).toThrow(/^--push: .* is not valid \((?!.*secret).*Write APP\/STREAM=URL/)
})

test.each([
  [{}, 'needs either stream or room'],
  [{ stream: 'live/a', room: 'r' }, 'needs either stream or room'],
  [{ stream: 'live/a', userId: 'u' }, 'userId belongs to room'],
  [{ room: 'r', streamType: 'aux' }, 'streamType belongs to userId'],
  [{ stream: 'live/a', bearer: 't' }, 'bearer belongs to an address of WHIP'],
  [{ stream: 'live/../a' }, 'must be APP/STREAM'],
])('%j is refused', (fields, sentence) => {
  const parsed = pushRequest.safeParse({ url: 'rtmp://h/x/y', ...fields })
  expect(parsed.error?.issues[0]?.message).toBe(sentence)
})

test('a push of a room is of one member and type, or of the composite', () => {
  const key = (userId: string | undefined, streamType: 'main' | 'aux' | 'composite', roomId = 'r') =>
    StreamKey.room('x', { roomId, streamType, ...(userId === undefined ? {} : { userId }) })
  expect(isPushed({ room: 'r', userId: 'u' }, key('u', 'main'))).toBe(true)
  expect(isPushed({ room: 'r', userId: 'u' }, key('u', 'main').small)).toBe(false)
  expect(isPushed({ room: 'r', userId: 'u' }, key('u', 'aux'))).toBe(false)
  expect(isPushed({ room: 'r', userId: 'u', streamType: 'aux' }, key('u', 'aux'))).toBe(true)
  expect(isPushed({ room: 'r', userId: 'u' }, key('u', 'main', 'other'))).toBe(false)
  expect(isPushed({ room: 'r' }, key(undefined, 'composite'))).toBe(true)
  expect(isPushed({ room: 'r' }, key('u', 'main'))).toBe(false)
  expect(isPushed({ stream: 'live/a' }, StreamKey.plain('live/a'))).toBe(true)
  expect(isPushed({ stream: 'live/a' }, StreamKey.plain('live/b'))).toBe(false)
})
