import fc from 'fast-check'
import type { Role } from '@crossroom/protocol'
import { expect, test } from 'vitest'
import { ALL_PERMISSIONS } from '../../auth/index.js'
import { RoomError } from './room-error.js'
import { Roster, type Person, type RosterEvent } from './roster.js'

function person(userId: string, role: Role, createRoom: boolean): Person {
  return {
    userId,
    role,
    permissions: { ...ALL_PERMISSIONS, createRoom },
    mutedByOthers: { audio: false, video: false },
  }
}

const userId = fc.constantFrom('ann', 'bob', 'cyd', 'dan')
const step = fc.oneof(
  fc.record({
    what: fc.constant('enter' as const),
    userId,
    role: fc.constantFrom<Role>('anchor', 'audience', 'device', 'owner'),
    createRoom: fc.boolean(),
  }),
  fc.record({ what: fc.constantFrom('exit', 'anchor', 'audience', 'ask', 'accept', 'remove'), userId }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function take(roster: Roster<Person>, step: Step): RosterEvent<Person>[] {
  if ('role' in step) return roster.enter(person(step.userId, step.role, step.createRoom))
  const present = roster.member(step.userId)
  if (step.what === 'accept') return roster.answerMic(step.userId, true, 'owner')
  if (step.what === 'remove') return roster.removeMic(step.userId)
  if (present === undefined || present.role === 'device') return []
  if (step.what === 'exit') return roster.exit(present, 'left')
  if (step.what === 'ask') return roster.askForMic(present)
  return roster.setRole(present, step.what === 'anchor' ? 'anchor' : 'audience')
}

test('after any event counts and owner match the members, and each role change is reported', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const roster = new Roster<Person>()
      const told = new Map<string, Role>()
      for (const step of steps) {
        try {
          for (const { kind, person: of } of take(roster, step)) {
            if (kind === 'entered' || kind === 'role') told.set(of.userId, of.role)
            if (kind === 'exited') told.delete(of.userId)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(RoomError)
        }
        const members = [...roster.members]
        const owners = members.filter(({ role }) => role === 'owner')
        expect(owners).toEqual(roster.owner === undefined ? [] : [roster.owner])
        expect(roster.audience).toBe(members.filter(({ role }) => role === 'audience').length)
        expect(roster.audience + roster.anchors).toBe(roster.size)
        expect(new Map(members.map(({ userId: id, role }) => [id, role]))).toEqual(told)
      }
    }),
  )
})

test('a refusal changes nothing', () => {
  const roster = new Roster<Person>()
  const mute = { ...person('ann', 'audience', false) }
  const silent = { ...mute, permissions: { ...mute.permissions, sendAudio: false, sendVideo: false, sendAux: false } }
  roster.enter(silent)
  expect(() => roster.setRole(silent, 'anchor')).toThrow('does not allow sending')
  expect(() => roster.askForMic(silent)).toThrow('does not allow sending')
  expect([silent.role, roster.audience]).toEqual(['audience', 1])
})
