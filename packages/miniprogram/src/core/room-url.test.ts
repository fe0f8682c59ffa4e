import { expect, test } from 'vitest'

import { formatRoomUrl, isPrivateHost, isRoomUrl, parseRoomUrl, RoomUrlError, signalUrlOf } from './room-url.js'

test.each([
  ['room://call.example.com?sdkappid=1&roomid=5&userid=a', 'wss://call.example.com/signal'],
  ['room://call.example.com:8443?roomid=5&userid=a', 'wss://call.example.com:8443/signal'],
  ['ROOM://192.168.1.5:8080?roomid=5&userid=a', 'ws://192.168.1.5:8080/signal'],
  ['room://localhost:8080/rtc?roomid=5&userid=a', 'ws://localhost:8080/signal'],
  ['room://[::1]:8080?roomid=5&userid=a', 'ws://[::1]:8080/signal'],
  ['room://192.168.1.5?roomid=5&userid=a&tls=1', 'wss://192.168.1.5/signal'],
  ['room://call.example.com?roomid=5&userid=a&tls=0', 'ws://call.example.com/signal'],
])('%s is signaled at %s', (url, signalUrl) => {
  expect(parseRoomUrl(url).signalUrl).toBe(signalUrl)
})

test('all parameters are read, whatever the case of their names', () => {
  const url =
    'room://h.test?SdkAppId=1400000000&strroomid=room-a&userid=me&usersig=a%2Ab&privatemapkey=k%3D&streamtype=aux'
  expect(parseRoomUrl(url)).toEqual({
    signalUrl: 'wss://h.test/signal',
    sdkAppId: 1400000000,
    roomId: 'room-a',
    userId: 'me',
    userSig: 'a*b',
    privateMapKey: 'k=',
    streamType: 'aux',
  })
})

test('a roomsig is the JSON of jsonvideoapp: it carries the signatures and leads to the server that gave it', () => {
  const roomsig = { signal: 'wss://my.test/signal', sdkAppId: 1, userId: 'me', userSig: 'sig', privateMapKey: 'key' }
  const url = `room://cloud.tencent.com?roomid=7&userid=me&roomsig=${encodeURIComponent(JSON.stringify(roomsig))}`
  expect(parseRoomUrl(url)).toMatchObject({
    signalUrl: 'wss://my.test/signal',
    userSig: 'sig',
    privateMapKey: 'key',
    roomId: 7,
  })
  expect(parseRoomUrl(url, 'https://other.test').signalUrl).toBe('wss://other.test/signal')
})

test.each(['%7Bnot', '7', '%22text%22', '%7B%22signal%22%3A%22http%3A%2F%2Fa%22%7D', '%7B%22userSig%22%3A1%7D'])(
  'a roomsig that is none (%s) changes nothing',
  (roomsig) => {
    const address = parseRoomUrl(`room://h.test?roomid=7&userid=me&roomsig=${roomsig}`)
    expect(address).toEqual({ signalUrl: 'wss://h.test/signal', roomId: 7, userId: 'me', streamType: 'main' })
  },
)

test('the first of two parameters of one name counts, and a broken escape stays as it came', () => {
  expect(parseRoomUrl('room://h.test?roomid=1&roomid=2&userid=%E0%A4%A')).toMatchObject({
    roomId: 1,
    userId: '%E0%A4%A',
  })
})

test('a server replaces the host, so that addresses made for another cloud still work', () => {
  const url = 'room://cloud.tencent.com?sdkappid=1&roomid=5&userid=a&roomsig=x&tx_time=1'
  expect(parseRoomUrl(url, 'https://my.example.com').signalUrl).toBe('wss://my.example.com/signal')
  expect(() => parseRoomUrl(url)).toThrow(/cloud\.tencent\.com is not your server/)
})

test.each([
  ['rtmp://h.test/live/a', /begins with room/],
  ['room://?roomid=1&userid=a', /HOST or HOST:PORT/],
  ['room://h.test:99999?roomid=1&userid=a', /65535/],
  ['room://user@h.test?roomid=1&userid=a', /HOST or HOST:PORT/],
  ['room://h.test?userid=a', /neither roomid nor strroomid/],
  ['room://h.test?roomid=1', /no userid/],
  [`room://h.test?roomid=1&userid=${'a'.repeat(9000)}`, /at most 8192 characters/],
])('%s is refused with a sentence', (url, sentence) => {
  expect(() => parseRoomUrl(url)).toThrow(RoomUrlError)
  expect(() => parseRoomUrl(url)).toThrow(sentence)
})

test.each([
  ['https://a.test', 'wss://a.test/signal'],
  ['http://a.test:8080/', 'ws://a.test:8080/signal'],
  ['wss://a.test/signal', 'wss://a.test/signal'],
  ['wss://a.test/calls/', 'wss://a.test/calls/signal'],
  ['a.test', 'wss://a.test/signal'],
  ['10.0.0.2:8080', 'ws://10.0.0.2:8080/signal'],
  [' 172.20.1.1 ', 'ws://172.20.1.1/signal'],
])('the server %s is signaled at %s', (server, signalUrl) => {
  expect(signalUrlOf(server)).toBe(signalUrl)
})

test.each([
  ['127.0.0.1', true],
  ['10.1.2.3', true],
  ['172.15.0.1', false],
  ['172.31.0.1', true],
  ['192.168.0.1', true],
  ['192.169.0.1', false],
  ['169.254.1.1', true],
  ['8.8.8.8', false],
  ['999.1.1.1', false],
  ['desk.local', true],
  ['example.com', false],
  ['[fe80::1]', true],
  ['[fd00::1]', true],
  ['[2001:db8::1]', false],
])('%s is private: %s', (host, expected) => {
  expect(isPrivateHost(host)).toBe(expected)
})

test('formatted values are parsed back', () => {
  const url = formatRoomUrl({ host: 'h.test:1', sdkAppId: 1, roomId: 'a b', userId: 'me', userSig: '*-_=', tls: false })
  expect(isRoomUrl(url)).toBe(true)
  expect(parseRoomUrl(url)).toMatchObject({
    signalUrl: 'ws://h.test:1/signal',
    sdkAppId: 1,
    roomId: 'a b',
    userId: 'me',
    userSig: '*-_=',
  })
})
