import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Seal } from '../../auth/index.js'
import { StreamKey } from '../../hub/index.js'
import { SealedAddresses } from './sealed-addresses.js'
import type { SealedScope } from './token-scope.js'

const random = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => Buffer.from(bytes).toString('base64url'))
const letter = fc.constantFrom(...'ABCXYZabcxyz0123456789_-')
const roomId = fc
  .oneof(fc.array(letter, { minLength: 1, maxLength: 64 }), fc.array(letter, { minLength: 64, maxLength: 64 }))
  .map((letters) => letters.join(''))
const secret = fc.string({ minLength: 1, maxLength: 40 })
const scope: fc.Arbitrary<SealedScope> = fc
  .record({
    ...{ roomId, session: random(16), share: random(8), name: random(16) },
    action: fc.constantFrom('play' as const, 'publish' as const),
    streamType: fc.constantFrom('main' as const, 'aux' as const, 'small' as const, 'mix' as const),
    without: fc.constantFrom(undefined, 'audio' as const, 'video' as const),
    expiry: fc.nat(2 ** 41),
    isShared: fc.boolean(),
  })
  .map(({ name, streamType, expiry, session, share, ...rest }) => {
    const key = StreamKey.room(name)
    // Times that are as long as those of today.
    const expiresAtMs = rest.isShared ? expiry + 2 ** 40 : undefined
    const holder = rest.isShared ? share : session
    return { ...rest, holder, streamType, expiresAtMs, key: streamType === 'small' ? key.small : key }
  })

const at = (...secrets: string[]) => new SealedAddresses(new Seal(() => secrets, 'room-address'))

test('every node with the secret reads an address whole, from at most 128 characters', () => {
  fc.assert(
    fc.property(scope, secret, (wanted, key) => {
      const text = at(key).write(wanted)
      expect(text).toMatch(/^[A-Za-z0-9_-]{1,128}$/)
      const { key: read, ...rest } = at(key).read(text)!
      const { key: written, ...others } = wanted
      expect(read.text).toBe(written.text)
      expect(rest).toEqual(others)
    }),
  )
})

test('two nodes write the same address for the same scope, and different ones for different scopes', () => {
  fc.assert(
    fc.property(scope, scope, secret, (one, other, key) => {
      expect(at(key).write(one)).toBe(at(key).write({ ...one }))
      const isSame = JSON.stringify({ ...one, key: one.key.text }) === JSON.stringify({ ...other, key: other.key.text })
      expect(at(key).write(one) === at(key).write(other)).toBe(isSame)
    }),
  )
})

test('an address with any letter changed, cut or added is no address', () => {
  fc.assert(
    fc.property(scope, secret, fc.nat(), letter, (wanted, key, place, other) => {
      const text = at(key).write(wanted)
      const index = place % text.length
      const changed = text.slice(0, index) + other + text.slice(index + 1)
      if (changed !== text) expect(at(key).read(changed)).toBeUndefined()
      expect(at(key).read(text.slice(0, index))).toBeUndefined()
      expect(at(key).read(text + other)).toBeUndefined()
    }),
  )
})

test('an address of another secret, or of another purpose, is no address', () => {
  fc.assert(
    fc.property(scope, secret, secret, (wanted, key, other) => {
      fc.pre(key !== other)
      const text = at(key).write(wanted)
      expect(at(other).read(text)).toBeUndefined()
      expect(new SealedAddresses(new Seal(() => [key], 'resume-token')).read(text)).toBeUndefined()
    }),
  )
})

test('an address lives through the rotation of the secret: both are known, then the new one alone', () => {
  fc.assert(
    fc.property(scope, secret, secret, (wanted, before, after) => {
      fc.pre(before !== after)
      const old = at(before).write(wanted)
      expect(at(after, before).read(old)?.key.text).toBe(wanted.key.text)
      // A node that has not got the new secret first still reads what the others write with it second.
      expect(at(before, after).read(at(after, before).write(wanted))?.holder).toBe(wanted.holder)
      expect(at(after).read(old)).toBeUndefined()
    }),
  )
})

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), secret, (text, key) => {
      expect(at(key).read(text)).toBeUndefined()
    }),
  )
})
