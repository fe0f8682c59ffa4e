import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUserId, limits, type RequestedRole } from '@crossroom/protocol'
import { ALL_PERMISSIONS, type Permissions } from '../../auth/identity.js'
import { roomLimits } from '../../config/limits.js'
import { Invitations, linkOf } from './invitations.js'

function setUp() {
  let made = 0
  const clock = { now: 1_700_000_000_000 }
  const newId = (): string => String(made++).padStart(22, '0')
  return { clock, invitations: new Invitations({ nowMs: () => clock.now, newId, isShut: () => false }) }
}

const someRole = fc.constantFrom<RequestedRole>('anchor', 'audience')
const somePermissions = fc.record(
  Object.fromEntries(Object.keys(ALL_PERMISSIONS).map((name) => [name, fc.boolean()])) as Record<
    keyof Permissions,
    fc.Arbitrary<boolean>
  >,
)

test('an invitation lets in as many guests as it says, before it runs out, each under a new id', () => {
  const uses = fc.integer({ min: 1, max: limits.inviteUses })
  const expireMs = fc.integer({ min: 1, max: limits.inviteMs })
  const comings = fc.array(fc.integer({ min: 0, max: limits.inviteMs }), { maxLength: 60 })
  fc.assert(
    fc.property(uses, expireMs, comings, (uses, expireMs, comings) => {
      const { clock, invitations } = setUp()
      const begin = clock.now
      const { invite, expiresAt } = invitations.make({ uses, expireMs }, ALL_PERMISSIONS)
      expect(expiresAt).toBe(begin + expireMs)
      const sorted = comings.toSorted((a, b) => a - b)
      const guests = sorted.map((after) => {
        clock.now = begin + after
        return invitations.redeem(invite)
      })
      const inTime = sorted.filter((after) => after < expireMs).length
      const ids = guests.flatMap((guest) => (guest === undefined ? [] : [guest.userId]))
      expect(ids).toHaveLength(Math.min(uses, inTime))
      expect(new Set(ids).size).toBe(ids.length)
      expect(ids.every(isUserId)).toBe(true)
    }),
  )
})

test('guests of one invitation share the beginning of their ids, and while it is shut none comes', () => {
  let made = 0
  const shut = new Set<string>()
  const newId = (): string => String(made++).padStart(22, '0')
  const invitations = new Invitations({ nowMs: () => 0, newId, isShut: (link) => shut.has(link) })
  const [one, other] = [0, 1].map(() => invitations.make({ uses: 3 }, ALL_PERMISSIONS).invite)
  const linkOfNext = (invite: string) => linkOf(invitations.redeem(invite)!.userId)!
  const [first, second] = [linkOfNext(one!), linkOfNext(other!)]
  expect(linkOfNext(one!)).toBe(first)
  expect(second).not.toBe(first)
  shut.add(first)
  expect([invitations.redeem(one!), linkOfNext(other!)]).toEqual([undefined, second])
  shut.clear()
  expect([linkOfNext(one!), invitations.redeem(one!)]).toEqual([first, undefined])
  expect(linkOf('alice')).toBeUndefined()
})

test('no guest gets more permissions than its host, an audience guest sends nothing, and none creates a room', () => {
  fc.assert(
    fc.property(someRole, somePermissions, (role, own) => {
      const { invitations } = setUp()
      const maySend = own.sendAudio || own.sendVideo || own.sendAux
      if (role === 'anchor' && !maySend) {
        expect(() => invitations.make({ role }, own)).toThrow(/only watch/)
        return
      }
      const guest = invitations.redeem(invitations.make({ role }, own).invite)
      expect(guest?.role).toBe(role)
      const sends = role === 'anchor'
      expect(guest?.permissions).toEqual({
        ...own,
        createRoom: false,
        sendAudio: sends && own.sendAudio,
        sendVideo: sends && own.sendVideo,
        sendAux: sends && own.sendAux,
      })
    }),
  )
})

test('a room keeps a bounded number of invitations, the newest', () => {
  const { invitations } = setUp()
  const made = Array.from({ length: 3 * roomLimits.invitations }, () => invitations.make({}, ALL_PERMISSIONS).invite)
  expect(invitations.size).toBe(roomLimits.invitations)
  const good = made.map((invite) => invitations.redeem(invite) !== undefined)
  expect(good.indexOf(true)).toBe(2 * roomLimits.invitations)
  expect(good.slice(2 * roomLimits.invitations)).not.toContain(false)
  expect(made.map((invite) => invitations.redeem(invite))).not.toContainEqual(expect.anything())
})
