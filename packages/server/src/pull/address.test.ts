import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePullAddress, shownAddress, withoutSecrets } from './address.js'
import { fuzzTargets } from './address.fuzz.js'

test.each([
  ['rtmp://h/live/a', { kind: 'rtmp', tls: false, host: 'h', port: 1935 }],
  ['rtmps://h/live/a', { kind: 'rtmp', tls: true, port: 443 }],
  ['http://h:81/live/a.flv?x=1', { kind: 'flv', port: 81, path: '/live/a.flv?x=1' }],
  ['https://u:p%40w@[2001:db8::1]/a.flv', { kind: 'flv', tls: true, host: '2001:db8::1', user: 'u', password: 'p@w' }],
  ['ws://h/a.flv', { kind: 'ws-flv', tls: false, port: 80 }],
  ['wss://h/a.flv', { kind: 'ws-flv', tls: true, port: 443 }],
])('%s is read', (text, parts) => {
  expect(parsePullAddress(text)).toMatchObject(parts)
})

test.each(['', 'h/a', 'ftp://h/a', 'http://h/a.mp4', 'rtmp:///a', 'rtmp://h/a b', `rtmp://h/${'a'.repeat(2048)}`])(
  '%s cannot be pulled',
  (text) => {
    expect(parsePullAddress(text)).toBeUndefined()
  },
)

test('no spelling of a secret stays in a sentence', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9!@ %&=+]{4,12}$/)
  fc.assert(
    fc.property(secret, secret, fc.boolean(), (password, token, isEncoded) => {
      const [p, t] = [password, token].map(encodeURIComponent)
      const address = parsePullAddress(`http://root:${p!}@cam.test/cam/a.flv?x=${t!}`)!
      const said = isEncoded ? `${p!} and ${t!}` : `${password} and ${token}`
      const sentence = withoutSecrets(`It said >${said}<.`, address)
      expect(sentence).not.toContain(`>${said}<`)
      for (const part of isEncoded ? [p!, t!] : [password, token]) expect(` ${sentence} `).not.toContain(`>${part}`)
      expect(shownAddress(address)).toMatch(/^http:\/\/cam\.test\/cam\/a\.flv\?/)
    }),
  )
})

test('seeds of the fuzz target pass', () => {
  for (const { seeds, run } of fuzzTargets) for (const seed of seeds()) run(seed)
})
