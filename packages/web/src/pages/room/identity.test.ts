import fc from 'fast-check'
import { expect, test } from 'vitest'
import { initialsOf, nameOfUserId, newRoomId, roomIdOf, shadeOf, userIdOf } from './identity.js'

test.each([
  ['Anna', 'anna-ab12'],
  ['  José  Müller ', 'jose-muller-ab12'],
  ['小明', 'guest-ab12'],
  ['<b>x</b>', 'b-x-b-ab12'],
  ['a'.repeat(64), `${'a'.repeat(27)}-ab12`],
])('%s is %s', (name, id) => {
  expect(userIdOf(name, 'ab12')).toBe(id)
})

test('every name gives an id that the server takes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 64 }), (name) => {
      expect(userIdOf(name, 'ab12')).toMatch(/^[A-Za-z0-9_-]{1,32}$/)
    }),
  )
})

test('an id tells the name it was made of', () => {
  expect(nameOfUserId('jose-muller-ab12')).toBe('jose-muller')
  expect(nameOfUserId('camera_1')).toBe('camera_1')
})

test.each([
  ['lobby', 'lobby'],
  ['  my room ', 'my-room'],
  ['123', '123'],
  ['', undefined],
  ['房间', undefined],
  ['a/b', undefined],
])('the room %s is %s', (text, id) => {
  expect(roomIdOf(text)).toBe(id)
})

test('a new room is a room, and another one each time', () => {
  expect(roomIdOf(newRoomId())).toBeDefined()
  expect(newRoomId()).not.toBe(newRoomId())
  expect(newRoomId()).toMatch(/^[a-z]+-[a-z]+-[a-z2-9]{4}-[a-z2-9]{4}$/)
})

test.each([
  ['Anna Berg', 'AB'],
  ['anna', 'A'],
  ['王小明', '小明'],
  ['obs-1', 'O1'],
  ['', ''],
])('the initials of %s are %s', (name, initials) => {
  expect(initialsOf(name)).toBe(initials)
})

test('a shade is one of those there are, and stays', () => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      expect(shadeOf(id, 6)).toBeGreaterThanOrEqual(0)
      expect(shadeOf(id, 6)).toBeLessThan(6)
      expect(shadeOf(id, 6)).toBe(shadeOf(id, 6))
    }),
  )
})
