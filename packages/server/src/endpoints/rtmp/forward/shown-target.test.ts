import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shownTarget, withoutKeys } from './shown-target.js'

const target = (path: string) => ({
  ...{ url: `rtmps://live.example:443/${path}`, path, tls: true },
  ...{ host: 'live.example', address: '8.8.8.8', port: 443 },
})

test.each([
  ['app/KEY-of-a-channel'],
  ['app/instance/KEY-of-a-channel'],
  ['app/KEY-of-a-channel?KEY-in-a-query=1'],
  ['app/name?token=KEY&k=KEY/KEY'],
  ['app/%4bEY-KEY'],
])('of %s the app is shown and no key', (path) => {
  expect(shownTarget(target(path))).toBe('rtmps://live.example:443/app/[redacted]')
})

test('a sentence of the target never repeats what stands behind the app', () => {
  const part = fc.stringMatching(/^[A-Za-z0-9_.~-]{8,20}$/)
  fc.assert(
    fc.property(part, part, fc.boolean(), (key, token, isEscaped) => {
      const path = `app/${isEscaped ? `%41${key}` : key}?token=${token}&x=1`
      const said = isEscaped ? `A${key}` : key
      for (const error of [`No stream ${said}.`, `Refused app/${path}`, `${said}?token=${token}`, `(${token})`]) {
        const shown = withoutKeys(error, target(path))
        for (const secret of [said, token]) expect(shown).not.toContain(secret)
      }
      expect(withoutKeys('The connection was refused.', target(path))).toBe('The connection was refused.')
    }),
  )
})
