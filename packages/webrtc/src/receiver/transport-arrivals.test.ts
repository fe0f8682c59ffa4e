import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ARRIVAL_TICK, NOT_RECEIVED, REFERENCE_TIME_UNIT, type TransportFeedback } from '../rtcp/transport-feedback.js'
import { buildCompound, parseCompound } from '../rtcp/compound.js'
import { TransportArrivals } from './transport-arrivals.js'

function takeAll(arrivals: TransportArrivals): TransportFeedback[] {
  const all: TransportFeedback[] = []
  for (let one = arrivals.takeFeedback(1, 2); one !== undefined; one = arrivals.takeFeedback(1, 2)) all.push(one)
  return all
}

/** What a sender reads from feedback: sequence → arrival in microseconds, undefined for lost. */
function reported(feedbacks: readonly TransportFeedback[]): Map<number, number | undefined> {
  const map = new Map<number, number | undefined>()
  for (const feedback of feedbacks) {
    const [read] = parseCompound(buildCompound([feedback])) as [TransportFeedback]
    read.arrivals.forEach((ticks, index) => {
      const sequence = (read.baseSequence + index) & 0xffff
      const arrival =
        ticks === NOT_RECEIVED ? undefined : read.referenceTime * REFERENCE_TIME_UNIT + ticks * ARRIVAL_TICK
      map.set(sequence, arrival)
    })
  }
  return map
}

test('arrivals and losses are reported once, over the wrap', () => {
  const arrivals = new TransportArrivals()
  for (const [sequence, at] of [
    [0xfffe, 1_000_000],
    [0, 1_005_000],
    [1, 1_005_250],
  ] as const) {
    arrivals.onPacket(sequence, at)
  }
  expect(reported(takeAll(arrivals))).toEqual(
    new Map([
      [0xfffe, 1_000_000],
      [0xffff, undefined],
      [0, 1_005_000],
      [1, 1_005_250],
    ]),
  )
  expect(arrivals.hasNews).toBe(false)
  expect(arrivals.takeFeedback(1, 2)).toBeUndefined()
})

test('losses between two feedbacks are in the second', () => {
  const arrivals = new TransportArrivals()
  arrivals.onPacket(10, 0)
  takeAll(arrivals)
  arrivals.onPacket(13, 50_000)
  expect([...reported(takeAll(arrivals)).keys()]).toEqual([11, 12, 13])
})

test('a packet that comes after it was reported lost is reported again', () => {
  const arrivals = new TransportArrivals()
  arrivals.onPacket(1, 0)
  arrivals.onPacket(3, 1000)
  takeAll(arrivals)
  arrivals.onPacket(2, 9000)
  const second = takeAll(arrivals)
  expect(second.map((one) => one.feedbackCount)).toEqual([1])
  expect(reported(second)).toEqual(
    new Map([
      [2, 9000],
      [3, 1000],
    ]),
  )
})

test('a pause of ten seconds splits the feedback, for no delta spans it', () => {
  const arrivals = new TransportArrivals()
  arrivals.onPacket(1, 0)
  arrivals.onPacket(2, 10_000_000)
  const feedbacks = takeAll(arrivals)
  expect(feedbacks).toHaveLength(2)
  expect(reported(feedbacks).get(2)).toBe(10_000_000)
})

test('a feedback fits a packet however many packets came', () => {
  const arrivals = new TransportArrivals()
  for (let sequence = 0; sequence < 5000; sequence++) arrivals.onPacket(sequence, sequence * 70_000)
  const feedbacks = takeAll(arrivals)
  expect(Math.max(...feedbacks.map((one) => buildCompound([one]).length))).toBeLessThanOrEqual(1150)
  expect(reported(feedbacks).size).toBe(5000)
})

test('any arrivals are reported to a quarter of a millisecond', () => {
  const packet = fc.record({ skip: fc.nat(30), step: fc.nat(40_000), late: fc.nat(3) })
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 200 }), (packets) => {
      const arrivals = new TransportArrivals()
      const truth = new Map<number, number>()
      const feedbacks: TransportFeedback[] = []
      let [sequence, at] = [65_000, 1_000_000]
      packets.forEach(({ skip, step, late }, index) => {
        sequence += 1 + skip
        at += step
        const number = (sequence - late) & 0xffff
        if (truth.has(number)) return
        truth.set(number, at)
        arrivals.onPacket(number, at)
        if (index % 10 === 9) feedbacks.push(...takeAll(arrivals))
      })
      feedbacks.push(...takeAll(arrivals))
      const result = reported(feedbacks)
      for (const [number, time] of truth)
        expect(Math.abs(result.get(number)! - time)).toBeLessThanOrEqual(ARRIVAL_TICK / 2)
    }),
  )
})

test('packets sent during an outage are reported neither as lost nor as received; losses before and after it are', () => {
  const arrivals = new TransportArrivals()
  arrivals.onPacket(10, 0)
  arrivals.onPacket(12, 10_000)
  expect([...reported(takeAll(arrivals)).keys()]).toEqual([10, 11, 12])
  arrivals.onPacket(40, 400_000)
  arrivals.onPacket(42, 410_000)
  expect([...reported(takeAll(arrivals))]).toEqual([
    [40, 400_000],
    [41, undefined],
    [42, 410_000],
  ])
  // A pause of the sender is no outage, and what came before one is told first.
  arrivals.onPacket(43, 1_400_000)
  arrivals.onPacket(50, 1_900_000)
  expect([...reported(takeAll(arrivals)).keys()]).toEqual([43, 44, 45, 46, 47, 48, 49, 50])
})
