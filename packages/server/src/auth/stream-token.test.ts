import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makeStreamToken, verifyStreamToken } from './stream-token.js'
import { deriveKey, type KeyPurpose } from './derived-key.js'
import { makeTxSecret, verifyTxSecret } from './tx-secret.js'

const NOW = 1_700_000_000_000
const EXPIRY = NOW / 1000 + 300
const scope = { action: 'publish', app: 'live', stream: 'camera1' } as const

test('a token opens its own stream and direction and nothing else', () => {
  const token = makeStreamToken('secret', scope, EXPIRY)
  expect(verifyStreamToken('secret', scope, token, NOW)).toBe('valid')
  expect(verifyStreamToken('secret', { ...scope, action: 'play' }, token, NOW)).toBe('other-action')
  expect(verifyStreamToken('secret', { ...scope, stream: 'camera2' }, token, NOW)).toBe('invalid')
  expect(verifyStreamToken('secret', { ...scope, app: 'other' }, token, NOW)).toBe('invalid')
  expect(verifyStreamToken('another', scope, token, NOW)).toBe('invalid')
})

test('a token has 32 characters that every encoder takes unescaped', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 0, max: 78_364_164_095 }), (secret, expiry) => {
      expect(makeStreamToken(secret, scope, expiry)).toMatch(/^[A-Za-z0-9_-]{32}$/)
    }),
  )
})

test('a token expires, with a minute for clocks that differ', () => {
  const token = makeStreamToken('secret', scope, EXPIRY)
  expect(verifyStreamToken('secret', scope, token, EXPIRY * 1000 + 60_000)).toBe('valid')
  expect(verifyStreamToken('secret', scope, token, EXPIRY * 1000 + 60_001)).toBe('expired')
})

test('a token with any character changed is worthless', () => {
  const token = makeStreamToken('secret', scope, EXPIRY)
  for (let i = 0; i < token.length; i++) {
    const other = token[i] === 'a' ? 'b' : 'a'
    expect(verifyStreamToken('secret', scope, token.slice(0, i) + other + token.slice(i + 1), NOW)).toBe('invalid')
  }
  for (const text of ['', 'x', `${token}=`, `${token}a`, token.slice(1), 'p'.repeat(100_000)])
    expect(verifyStreamToken('secret', scope, text, NOW)).toBe('invalid')
})

test('the txSecret of a live service in use is reproduced', () => {
  // Made with the formula of the live service of Tencent Cloud (push URL anti-theft).
  expect(makeTxSecret('pushkey', '8888_alice', '65554280')).toBe('e12684ea6e60c310d4394a6e823c57ab')
})

test.each([
  ['as it came', '8888_alice', 'e12684ea6e60c310d4394a6e823c57ab', '65554280', 0, 'valid'],
  ['in capitals', '8888_alice', 'E12684EA6E60C310D4394A6E823C57AB', '65554280', 0, 'valid'],
  ['for another stream', '8888_bob', 'e12684ea6e60c310d4394a6e823c57ab', '65554280', 0, 'invalid'],
  ['with another time', '8888_alice', 'e12684ea6e60c310d4394a6e823c57ab', '75554280', 0, 'invalid'],
  ['a minute late', '8888_alice', 'e12684ea6e60c310d4394a6e823c57ab', '65554280', 60_000, 'valid'],
  ['too late', '8888_alice', 'e12684ea6e60c310d4394a6e823c57ab', '65554280', 60_001, 'expired'],
  ['without a time', '8888_alice', 'e12684ea6e60c310d4394a6e823c57ab', '', 0, 'invalid'],
  ['with a huge time', '8888_alice', 'e12684ea6e60c310d4394a6e823c57ab', 'f'.repeat(11), 0, 'invalid'],
  ['too short', '8888_alice', 'e126', '65554280', 0, 'invalid'],
] as const)('a txSecret %s', (_name, stream, txSecret, txTime, lateMs, verdict) => {
  const now = 0x65554280 * 1000 + lateMs
  expect(verifyTxSecret('pushkey', stream, { txSecret, txTime }, now)).toBe(verdict)
})

test('a txSecret opens no stream but the one that it was made for, however name and time are cut', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{0,12}$/)
  const time = fc.integer({ min: 0x65000000, max: 0x7fffffff }).map((seconds) => seconds.toString(16))
  const now = 0x65000000 * 1000
  fc.assert(
    fc.property(name, time, fc.boolean(), fc.integer({ min: -12, max: 12 }), (stream, seconds, inCapitals, cut) => {
      const txTime = inCapitals ? seconds.toUpperCase() : seconds
      const txSecret = makeTxSecret('key', stream, txTime)
      const text = stream + txTime
      const at = Math.min(text.length, Math.max(0, stream.length + cut))
      const [other, otherTime] = [text.slice(0, at), text.slice(at)]
      const verdict = verifyTxSecret('key', other, { txSecret, txTime: otherTime }, now)
      expect(verdict).toBe(other === stream ? 'valid' : 'invalid')
    }),
  )
  const txSecret = makeTxSecret('key', 'cam1', '65554280')
  for (const [stream, txTime] of [
    ['cam', '165554280'],
    ['cam16', '5554280'],
    ['', 'cam165554280'],
  ] as const)
    expect(verifyTxSecret('key', stream, { txSecret, txTime }, 0)).toBe('invalid')
})

test('a key derived for one purpose is of no use for another', () => {
  const purposes: KeyPurpose[] = ['stream-token', 'hook', 'tx-secret']
  const keys = purposes.map((purpose) => deriveKey('secret', purpose))
  expect(new Set([...keys, 'secret']).size).toBe(4)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/)
  const token = makeStreamToken('secret', scope, NOW / 1000 + 60)
  for (const key of keys) expect(verifyStreamToken(key, scope, token, NOW)).toBe('invalid')
})
