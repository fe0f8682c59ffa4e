import { expect, test } from 'vitest'
import { parsePullOption, pullRequest } from './spec.js'

test.each([
  ['live/a=rtmp://h/x/y', { stream: 'live/a', url: 'rtmp://h/x/y', onDemand: false, transport: 'tcp' }],
  ['live/a=rtmp://h/x/y?b=c=d#on-demand', { stream: 'live/a', url: 'rtmp://h/x/y?b=c=d', onDemand: true }],
  ['live/a=rtmp://h/x/y#udp&timeout=900', { transport: 'udp', timeoutMs: 900 }],
  ['room:yard/gate=rtmp://h/x/y', { room: 'yard', userId: 'gate' }],
  ['room:yard=rtmp://h/x/y', { room: 'yard', userId: undefined }],
])('%s is read', (text, spec) => {
  expect(parsePullOption(text)).toMatchObject(spec)
})

test.each([
  'rtmp://h/x/secret',
  'live=rtmp://h/x/secret',
  'live/a=ftp://h/secret',
  'api/a=rtmp://h/x/secret',
  'live/a=rtmp://h/x/secret#sometimes',
  'live/a=rtmp://h/x/secret#timeout=1',
  'room:yard=rtmp://h/x/secret#on-demand',
])('%s is refused with a sentence that does not repeat the address', (text) => {
  expect(() => parsePullOption(text)).toThrow(/^--pull: .* is not valid \((?!.*secret).*Write APP\/STREAM=URL/)
})

test.each([
  [{}, 'needs either stream or room'],
  [{ stream: 'live/a', room: 'r' }, 'needs either stream or room'],
  [{ stream: 'live/a', userId: 'u' }, 'userId belongs to room'],
  [{ room: 'r', onDemand: true }, 'onDemand needs stream: a room is entered when the source sends'],
  [{ stream: 'live/../a' }, 'must be APP/STREAM, with an app that is not reserved'],
])('%j is refused', (fields, sentence) => {
  const parsed = pullRequest.safeParse({ url: 'rtmp://h/x/y', ...fields })
  expect(parsed.error?.issues[0]?.message).toBe(sentence)
})
