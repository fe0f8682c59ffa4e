import fc from 'fast-check'
import { expect, test } from 'vitest'

import { member } from '../testing/room-server.js'
import { Seats } from './seats.js'

const lists = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 }), {
  maxLength: 20,
})

function idsOf(seats: Seats): (string | undefined)[] {
  return seats.all.map((seat) => seat?.user.userId)
}

test('every member that fits gets one seat and keeps it', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 4 }), (changes, count) => {
      const seats = new Seats({ count, prefer: 'rtmp' })
      for (const ids of changes) {
        const before = idsOf(seats)
        const { tooMany } = seats.update(ids.map((id) => member(id)))
        const after = idsOf(seats)
        const seated = after.filter((id) => id !== undefined)
        expect(new Set(seated).size).toBe(seated.length)
        expect([...seated, ...tooMany.map(({ userId }) => userId)].sort()).toEqual([...ids].sort())
        expect(tooMany.length === 0 || seated.length === count).toBe(true)
        before.forEach((id, index) => {
          if (ids.some((each) => each === id)) expect(after[index]).toBe(id)
        })
      }
    }),
  )
})

test('with fewer seats the first members stay, and more seats admit waiting members with the next list', () => {
  const seats = new Seats({ count: 3, prefer: 'rtmp' })
  const users = ['a', 'b', 'c'].map((id) => member(id))
  seats.update(users)
  seats.update(users.slice(1))
  seats.resize(2)
  expect(idsOf(seats)).toEqual(['c', 'b'])
  seats.resize(1)
  expect(idsOf(seats)).toEqual(['c'])
  seats.resize(3)
  seats.update(users)
  expect(idsOf(seats)).toEqual(['c', 'a', 'b'])
})
