import { expect, test } from 'vitest'
import { iceServerLinks, iceServers } from './ice-servers.js'

const urls = ['turn:turn.example.org:3478?transport=udp', 'turns:turn.example.org:5349']

test('credentials expire a day from now and verify as coturn computes them', () => {
  const [server] = iceServers({ urls, secret: 'north' }, 1_700_000_000_000)
  expect(server?.username).toBe('1700086400:crossroom')
  // echo -n 1700086400:crossroom | openssl dgst -sha1 -hmac north -binary | base64
  expect(server?.credential).toBe('PFeAWnEjJLYr59LTZiMIuLVMoe4=')
})

test('one Link header per address', () => {
  const links = iceServerLinks({ urls, secret: 'north' }, 1_700_000_000_000, true)
  expect(links).toHaveLength(2)
  expect(links[0]).toMatch(
    /^<turn:turn\.example\.org:3478\?transport=udp>; rel="ice-server"; username="1700086400:crossroom"; credential=".+"; credential-type="password"$/,
  )
})

test('there are no headers without addresses, and no credentials without a secret', () => {
  expect(iceServerLinks({ urls: [], secret: 'north' }, 0, true)).toEqual([])
  expect(iceServerLinks({ urls: ['stun:stun.example.org'], secret: undefined }, 0, true)).toEqual([
    '<stun:stun.example.org>; rel="ice-server"',
  ])
})

test('an anonymous player gets no TURN credentials, and no TURN server that needs them', () => {
  const turn = { urls: [...urls, 'stun:stun.example.org'], secret: 'north' }
  expect(iceServerLinks(turn, 0, false)).toEqual(['<stun:stun.example.org>; rel="ice-server"'])
  expect(iceServerLinks({ ...turn, secret: undefined }, 0, false)).toHaveLength(3)
})
