import { limits } from '@crossroom/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ALL_PERMISSIONS, Seal, type Permissions } from '../../auth/index.js'
import type { SessionClaim } from '../model/membership.js'
import { SealedSessions } from './sealed-sessions.js'

const random = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
const letter = fc.constantFrom(...'ABCXYZabcxyz0123456789_-')
const word = (maxLength: number) =>
  fc.array(letter, { minLength: 1, maxLength, size: 'max' }).map((letters) => letters.join(''))
const claim: fc.Arbitrary<SessionClaim> = fc.record({
  ...{ sessionId: random, mediaId: random, roomId: word(limits.roomIdLength), userId: word(limits.userIdLength) },
  userName: fc.array(fc.constantFrom('a', 'é', '王', 'Z'), { minLength: 1, maxLength: 64 }).map((all) => all.join('')),
  kind: fc.constantFrom('browser' as const, 'miniprogram' as const, 'other' as const),
  role: fc.constantFrom('owner' as const, 'anchor' as const, 'audience' as const),
  permissions: fc.record(
    Object.fromEntries(Object.keys(ALL_PERMISSIONS).map((name) => [name, fc.boolean()])) as Record<
      keyof Permissions,
      fc.Arbitrary<boolean>
    >,
  ),
  generation: fc.nat(2 ** 31 - 1),
  epoch: fc.nat(2 ** 47),
  expiresAt: fc.option(fc.integer({ min: 1, max: 2 ** 47 }), { nil: undefined }),
})
const secret = fc.string({ minLength: 1, maxLength: 40 })
const at = (...secrets: string[]) => new SealedSessions(new Seal(() => secrets, 'resume-token'))

test('every node with the secret reads a resume token whole, and clients take its length', () => {
  fc.assert(
    fc.property(claim, secret, secret, (said, key, other) => {
      const text = at(key).write(said)
      expect(text.length).toBeLessThanOrEqual(limits.resumeTokenLength)
      expect(at(key).read(text)).toEqual(said)
      expect(at(other, key).read(text)).toEqual(said)
      if (other !== key) expect(at(other).read(text)).toBeUndefined()
    }),
  )
})

test('a resume token with any letter changed, cut or added is none', () => {
  fc.assert(
    fc.property(claim, secret, fc.nat(), letter, (said, key, place, other) => {
      const text = at(key).write(said)
      const index = place % text.length
      const changed = text.slice(0, index) + other + text.slice(index + 1)
      if (changed !== text) expect(at(key).read(changed)).toBeUndefined()
      expect(at(key).read(text.slice(0, index))).toBeUndefined()
      expect(at(key).read(text + other)).toBeUndefined()
    }),
  )
})
