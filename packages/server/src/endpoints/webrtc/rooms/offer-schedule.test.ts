import { VirtualClock } from '@crossroom/testkit'
import { beforeEach, expect, test } from 'vitest'
import { OfferSchedule } from './offer-schedule.js'

const MS = 1000
let clock: VirtualClock
let schedule: OfferSchedule
/** Revision and time in milliseconds of each offer. */
let offers: [number, number][]

beforeEach(() => {
  clock = new VirtualClock()
  offers = []
  schedule = new OfferSchedule(clock, (revision) => offers.push([revision, clock.now() / MS]))
})

test('changes within 50 ms are one offer', () => {
  for (let ms = 0; ms < 50; ms += 10) {
    schedule.changed()
    clock.advance(10 * MS)
  }
  expect(offers).toEqual([[1, 50]])
})

test('changes during an unanswered offer wait for the answer', () => {
  schedule.changed()
  clock.advance(60 * MS)
  schedule.changed()
  clock.advance(5000 * MS)
  expect(offers).toEqual([[1, 50]])
  expect([schedule.awaits(0), schedule.awaits(1), schedule.awaits(2)]).toEqual([false, true, false])
  schedule.answered()
  clock.advance(100 * MS)
  expect(offers).toEqual([
    [1, 50],
    [2, 5110],
  ])
  schedule.answered()
  clock.advance(60_000 * MS)
  expect(offers).toHaveLength(2)
})

test('an unanswered offer is repeated after ten seconds, and the old one is void', () => {
  schedule.changed()
  clock.advance(10_060 * MS)
  expect(offers).toEqual([
    [1, 50],
    [2, 10_050],
  ])
  expect([schedule.awaits(1), schedule.awaits(2)]).toEqual([false, true])
})

test('an offer that cannot wait takes the place of the one that is unanswered', () => {
  schedule.changed()
  clock.advance(60 * MS)
  schedule.now()
  expect(offers).toEqual([
    [1, 50],
    [2, 60],
  ])
  schedule.answered()
  clock.advance(60_000 * MS)
  expect(offers).toHaveLength(2)
})

test('after a reset nothing is offered any more', () => {
  schedule.changed()
  schedule.reset()
  clock.advance(60_000 * MS)
  expect([offers, clock.pending]).toEqual([[], 0])
})
