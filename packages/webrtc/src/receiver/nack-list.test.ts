import { expect, test } from 'vitest'
import { MAX_MISSING_PACKETS, MAX_NACK_TRIES, NackList } from './nack-list.js'

const RTT = 50_000

function due(list: NackList, now: number, limit = 100): number[] {
  const out: number[] = []
  list.takeDue(now, RTT, limit, out)
  return out
}

test('a hole is asked for after 10 ms, again after a round trip, until it is filled', () => {
  const list = new NackList()
  list.received(100, 0)
  list.received(103, 1000)
  expect(due(list, 10_999)).toEqual([])
  expect(list.nextDue()).toBe(11_000)
  expect(due(list, 11_000)).toEqual([101, 102])
  expect(due(list, 40_000)).toEqual([])
  expect(due(list, 71_000)).toEqual([101, 102])
  list.received(101, 80_000)
  expect(due(list, 131_000)).toEqual([102])
  list.received(102, 140_000)
  expect(list.nextDue()).toBeUndefined()
})

test('reordered packets are never asked for', () => {
  const list = new NackList()
  for (const [sequence, now] of [
    [1, 0],
    [3, 1000],
    [2, 4000],
    [4, 5000],
  ] as const) {
    list.received(sequence, now)
  }
  expect(due(list, 100_000)).toEqual([])
})

test('only an answer to the first request measures the round trip', () => {
  const list = new NackList()
  list.received(1, 0)
  list.received(4, 0)
  due(list, 10_000)
  expect(list.received(2, 62_000)).toBe(52_000)
  due(list, 80_000)
  expect(list.received(3, 90_000)).toBeUndefined()
})

test('a packet is asked for a bounded number of times', () => {
  const list = new NackList()
  list.received(1, 0)
  list.received(3, 0)
  let requests = 0
  for (let now = 0; now < 10_000_000; now += 5000) requests += due(list, now).length
  expect(requests).toBe(MAX_NACK_TRIES)
  expect(list.size).toBe(0)
})

test('an outage is not asked for: it is too long', () => {
  const list = new NackList()
  list.received(1, 0)
  list.received(3, 0)
  list.received(4 + MAX_MISSING_PACKETS, 0)
  expect(list.size).toBe(0)
  expect([list.takeHopeless(), list.takeHopeless()]).toEqual([true, false])
  list.received(6 + MAX_MISSING_PACKETS, 4_000_000)
  expect([list.size, list.takeHopeless()]).toEqual([0, true])
})

test('packets that were given up or do not fit are not requested', () => {
  const list = new NackList()
  list.received(1, 0)
  list.received(0x1_0001, 0) // too far: cleared
  list.received(0x1_0008, 0)
  list.forgetBefore(0x1_0004)
  expect(due(list, 10_000, 2)).toEqual([4, 5])
  expect(due(list, 10_000, 2)).toEqual([6, 7])
})

test('a sender that lets two requests for a packet pass is believed to answer none, until it answers one', () => {
  const list = new NackList()
  list.received(1, 0)
  list.received(3, 0)
  expect([due(list, 10_000), list.answers]).toEqual([[2], 'unknown'])
  expect(due(list, 100_000)).toEqual([2])
  list.forgetBefore(3)
  expect(list.answers).toBe('never')
  list.received(5, 200_000)
  expect(due(list, 210_000)).toEqual([4])
  list.received(4, 250_000)
  expect(list.answers).toBe('known')
})
