import { expect, test } from 'vitest'
import { readInvited } from './credentials.js'
import { inviteTo, rtmpOriginOf } from './invite.js'

test('an invitation has every way in', () => {
  const device = { userId: 'obs-1', sdkAppId: 7, userSig: 'a+b/c=', privateMapKey: 'k' }
  expect(inviteTo('lobby', { origin: 'https://host', rtmpOrigin: 'rtmp://host:1936', device })).toEqual({
    call: 'https://host/call?room=lobby',
    live: 'https://host/live?room=lobby',
    rtmp: 'rtmp://host:1936/push/lobby?sdkappid=7&userid=obs-1&usersig=a%2Bb%2Fc%3D&privatemapkey=k',
    miniProgram: 'pages/index/index?roomId=lobby',
  })
})

test('in open mode an encoder needs no more than a name', () => {
  const { rtmp } = inviteTo('1', { origin: 'http://a', rtmpOrigin: 'rtmp://a', device: { userId: 'obs-1' } })
  expect(rtmp).toBe('rtmp://a/push/1?userid=obs-1')
})

test.each([
  ['rtmp://host:1936/r/abc?x=1', 'rtmp://host:1936'],
  ['rtmps://[::1]:1/r/abc', 'rtmps://[::1]:1'],
  ['http://host/r', undefined],
  [undefined, undefined],
])('the RTMP origin of %s is %s', (address, origin) => {
  expect(rtmpOriginOf(address)).toBe(origin)
})

test('a link’s guest data is read, including secrets after the #', () => {
  expect(readInvited('?room=lobby&name=Anna&enter', '#userid=a&usersig=s&sdkappid=7&privatemapkey=k')).toEqual({
    roomId: 'lobby',
    name: 'Anna',
    userId: 'a',
    credentials: { userSig: 's', sdkAppId: 7, privateMapKey: 'k' },
  })
  expect(readInvited('', '')).toEqual({})
  expect(readInvited('?token=jwt&sdkappid=abc', '').credentials).toEqual({ userSig: 'jwt' })
})
