import { expect, test } from 'vitest'

import { Lateness } from './lateness.js'

test('frames with the smallest delay are 0 late, whatever their first time stamp', () => {
  const lateness = new Lateness()
  for (let index = 0; index < 50; index++) expect(lateness.handle(7_000_000 + index * 40, 100 + index * 40)).toBe(0)
})

test('a picture that waited is late by as long, and the next prompt one is not', () => {
  const lateness = new Lateness()
  lateness.handle(0, 1000)
  expect(lateness.handle(40, 1160)).toBe(120)
  expect(lateness.handle(80, 1080)).toBe(0)
  expect(lateness.handle(120, 1115)).toBe(0)
  expect(lateness.handle(160, 1160)).toBe(5)
})

test('a sender whose clock is slow is not later for ever', () => {
  const lateness = new Lateness()
  let late = 0
  // 100 ms a minute: in an hour six seconds.
  for (let ms = 0; ms < 3_600_000; ms += 1000) late = Math.max(late, lateness.handle(ms - ms / 600, ms))
  expect(late).toBeGreaterThan(20)
  expect(late).toBeLessThan(80)
})

test('timestamps that begin anew are no delay', () => {
  const lateness = new Lateness()
  lateness.handle(60_000, 1000)
  expect(lateness.handle(0, 1040)).toBe(0)
  expect(lateness.handle(40, 1090)).toBe(10)
})
