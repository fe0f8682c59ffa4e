import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FairShare } from './fair-share.js'

test('one greedy holder gets half of the places, and another gets one immediately', () => {
  const share = new FairShare(100)
  let own = 0
  while (share.take('greedy') !== undefined) own++
  expect(own).toBe(50)
  expect(share.take('modest')).toBeDefined()
})

test('the limit holds in any order of joins and leaves, and a newcomer is admitted while a place is free', () => {
  const step = fc.record({ holder: fc.nat({ max: 5 }), leaves: fc.boolean() })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 300 }), (places, steps) => {
      const share = new FairShare(places)
      const held = new Map<number, (() => void)[]>()
      for (const { holder, leaves } of steps) {
        const own = held.get(holder) ?? []
        held.set(holder, own)
        if (leaves) {
          const leave = own.pop()
          leave?.()
          leave?.()
        } else {
          const free = places - share.taken
          const leave = share.take(String(holder))
          expect(leave !== undefined).toBe(own.length < free)
          if (leave !== undefined) own.push(leave)
        }
        const taken = [...held.values()].reduce((sum, one) => sum + one.length, 0)
        expect(share.taken).toBe(taken)
        expect(taken).toBeLessThanOrEqual(places)
      }
      for (const leave of [...held.values()].flat()) leave()
      expect(share.taken).toBe(0)
    }),
  )
})
