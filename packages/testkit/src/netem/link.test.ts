import { expect, test } from 'vitest'
import { Link, type LinkOptions } from './link.js'
import { seededRandom } from './seeded-random.js'

const SECOND = 1_000_000

/** Sends `count` numbered packets of 1000 bytes, `gap` apart, and returns what arrives with its time. */
function run(options: LinkOptions, count: number, gap = 10_000) {
  const link = new Link<number>(options)
  for (let index = 0; index < count; index++) link.send(index * gap, index, 1000)
  const received: { item: number; at: number }[] = []
  for (let next = link.receive(Infinity); next !== undefined; next = link.receive(Infinity)) {
    received.push({ item: next.item, at: next.at })
  }
  return { link, received }
}

test('random numbers are in range, spread evenly, and repeat with their seed', () => {
  const one = seededRandom(7)
  const other = seededRandom(7)
  const numbers = Array.from({ length: 10_000 }, one)
  expect(numbers).toEqual(Array.from({ length: 10_000 }, other))
  expect(numbers.every((value) => value >= 0 && value < 1)).toBe(true)
  expect(numbers.reduce((sum, value) => sum + value) / numbers.length).toBeCloseTo(0.5, 1)
  expect(seededRandom(8)()).not.toBe(numbers[0])
})

test('a perfect link only delays', () => {
  const { received } = run({ seed: 1, delay: 25_000 }, 100)
  expect(received).toEqual(Array.from({ length: 100 }, (_, item) => ({ item, at: item * 10_000 + 25_000 })))
})

test('a datagram never arrives before its time', () => {
  const link = new Link<string>({ seed: 1, delay: 5000 })
  link.send(0, 'a', 100)
  expect(link.receive(4999)).toBeUndefined()
  expect(link.pollTimeout()).toBe(5000)
  expect(link.receive(5000)).toMatchObject({ item: 'a', at: 5000 })
  expect(link.pollTimeout()).toBeUndefined()
})

test('the same seed makes the same network', () => {
  const options = { seed: 42, delay: 10_000, jitter: 8000, loss: 0.1, reorder: 0.05, duplicate: 0.02 }
  expect(run(options, 2000).received).toEqual(run(options, 2000).received)
  expect(run({ ...options, seed: 43 }, 2000).received).not.toEqual(run(options, 2000).received)
})

test('uniform loss has its rate, bursts have their rate and length', () => {
  const uniform = run({ seed: 3, loss: 0.1 }, 20_000)
  expect(uniform.link.counters.lost / 20_000).toBeCloseTo(0.1, 1)
  // enter / (enter + leave) = 0.1 of the packets, in bursts of 5.
  const bursty = run({ seed: 3, burstLoss: { enter: 0.0222, leave: 0.2 } }, 20_000)
  expect(bursty.link.counters.lost / 20_000).toBeCloseTo(0.1, 1)
  const gaps = bursty.received.map(({ item }, index) => item - (bursty.received[index - 1]?.item ?? -1) - 1)
  const bursts = gaps.filter((gap) => gap > 0)
  expect(bursts.reduce((sum, gap) => sum + gap, 0) / bursts.length).toBeGreaterThan(3.5)
})

test('jitter spreads arrivals without changing their order', () => {
  const { received } = run({ seed: 5, delay: 20_000, jitter: 30_000 }, 1000, 5000)
  expect(received.map(({ item }) => item)).toEqual(Array.from({ length: 1000 }, (_, item) => item))
  const delays = received.map(({ item, at }) => at - item * 5000)
  expect(Math.min(...delays)).toBeLessThan(25_000)
  expect(Math.max(...delays)).toBeGreaterThan(45_000)
})

test('reordering holds packets back, duplication delivers them twice', () => {
  const reordered = run({ seed: 6, reorder: 0.1, reorderDelay: 35_000 }, 1000).received.map(({ item }) => item)
  expect([...reordered].sort((one, other) => one - other)).toEqual(Array.from({ length: 1000 }, (_, item) => item))
  expect(reordered).not.toEqual([...reordered].sort((one, other) => one - other))
  const { link, received } = run({ seed: 6, duplicate: 0.5 }, 1000)
  expect(received.length).toBe(1000 + link.counters.duplicated)
  expect(link.counters.duplicated).toBeGreaterThan(400)
})

test('the bottleneck lets through its rate, queues up to its limit and drops the rest', () => {
  // 1000 bytes every 10 ms are 800 kbit/s, twice what the link carries.
  const { link, received } = run({ seed: 7, rate: 400_000, queue: 200_000 }, 1000)
  const seconds = received.at(-1)!.at / SECOND
  expect((received.length * 8000) / seconds).toBeCloseTo(400_000, -4)
  expect(Math.max(...received.map(({ item, at }) => at - item * 10_000))).toBeLessThanOrEqual(220_000 + 20_000)
  expect(link.counters.overflowed).toBeGreaterThan(450)
})

test('the network can change while packets are on their way', () => {
  const link = new Link<number>({ seed: 8 })
  link.send(0, 1, 100)
  link.change({ loss: 1 })
  link.send(0, 2, 100)
  link.change({ loss: 0, delay: 1000 })
  link.send(0, 3, 100)
  expect([link.receive(0)?.item, link.receive(0)?.item, link.receive(1000)?.item]).toEqual([1, undefined, 3])
})
