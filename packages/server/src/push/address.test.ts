import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePushAddress, shownAddress, withoutSecrets } from './address.js'

const target = (path: string) => ({ text: `rtmps://live.example:443/${path}` })

test.each([
  ['rtmp://h/live/a', { kind: 'rtmp', tls: false, host: 'h', port: 1935 }],
  ['rtmps://h/live/a', { kind: 'rtmp', tls: true, port: 443 }],
  ['rtmp://[::1]:1936/live/a', { host: '::1', port: 1936 }],
  ['srt://h:9000?streamid=a', { kind: 'srt', port: 9000 }],
  ['rtsp://user:pass%40word@h/a/b', { kind: 'rtsp', port: 554, user: 'user', password: 'pass@word', path: '/a/b' }],
  ['rtsps://h/a', { kind: 'rtsp', tls: true, port: 322 }],
  ['https://h/a?b', { kind: 'whip', tls: true, port: 443, path: '/a?b' }],
])('%s is read', (text, fields) => {
  expect(parsePushAddress(text)).toMatchObject(fields)
})

test.each([
  'rtmp://h/live', 'rtmp://h', 'rtmp://user:password@h/live/a', 'ftp://h/a', 'file:///etc/passwd', 'rtmp://h:0/live/a',
  'srt://h', 'ws://h/a', 'rtmp://h/live/a b', `rtmp://h/live/${'x'.repeat(3000)}`, '', 'live/a',
])('%s is no target', (text) => {
  expect(parsePushAddress(text)).toBeUndefined()
}) // prettier-ignore

test.each([
  ['app/KEY-of-a-channel'],
  ['app/instance/KEY-of-a-channel'],
  ['app/KEY-of-a-channel?KEY-in-a-query=1'],
  ['app/name?token=KEY&k=KEY/KEY'],
  ['app/%4bEY-KEY'],
])('of %s the app is shown and no key', (path) => {
  expect(shownAddress(target(path))).toBe('rtmps://live.example:443/app/[redacted]')
})

test.each([
  ['https://live.example/SECRET/webRTC/publish?k=1', 'https://live.example/[redacted]'],
  ['srt://live.example:9000?passphrase=SECRET', 'srt://live.example:9000?[redacted]'],
  ['rtsp://root:SECRET@live.example/a/SECRET', 'rtsp://live.example/a/[redacted]'],
])('%s is shown as %s', (text, shown) => {
  expect(shownAddress({ text })).toBe(shown)
})

test('a sentence of the target never repeats what stands behind the app', () => {
  const part = fc.stringMatching(/^[A-Za-z0-9_.~-]{8,20}$/)
  fc.assert(
    fc.property(part, part, fc.boolean(), (key, token, isEscaped) => {
      const path = `app/${isEscaped ? `%41${key}` : key}?token=${token}&x=1`
      const said = isEscaped ? `A${key}` : key
      for (const error of [`No stream ${said}.`, `Refused app/${path}`, `${said}?token=${token}`, `(${token})`]) {
        const shown = withoutSecrets(error, target(path))
        for (const secret of [said, token]) expect(shown).not.toContain(secret)
      }
      expect(withoutSecrets('The connection was refused.', target(path))).toBe('The connection was refused.')
    }),
  )
})
