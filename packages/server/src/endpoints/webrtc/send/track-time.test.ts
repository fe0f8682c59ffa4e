import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LastFrame } from './rtp-fanout.js'
import { TrackTime } from './track-time.js'

const SECOND = 1_000_000

function lastFrame(at: number, rtpTimestamp: number): LastFrame {
  const last = new LastFrame()
  last.set(at, rtpTimestamp)
  return last
}

test('the first source is sent as it is', () => {
  expect(new TrackTime(90_000).join(5 * SECOND, 1234)).toBe(0)
})

test('another source follows the last frame at the distance in real time', () => {
  const time = new TrackTime(90_000)
  time.join(0, 1000)
  time.leave(lastFrame(SECOND, 91_000))
  const offset = time.join(3 * SECOND, 7)
  expect((7 + offset) >>> 0).toBe(91_000 + 2 * 90_000)
  time.leave(lastFrame(4 * SECOND, 90_007))
  expect((50 + time.join(4 * SECOND, 50)) >>> 0).toBe(91_000 + 3 * 90_000 + 90)
})

test('a source that never sent anything changes nothing', () => {
  const time = new TrackTime(48_000)
  time.leave(new LastFrame())
  expect(time.join(SECOND, 5)).toBe(0)
})

test('time never falls, across any sources and wraps', () => {
  const hop = fc.record({ first: fc.nat(2 ** 32 - 1), length: fc.nat(100_000), passed: fc.nat(SECOND) })
  fc.assert(
    fc.property(fc.array(hop, { maxLength: 20 }), (hops) => {
      const time = new TrackTime(90_000)
      let now = 0
      let last: number | undefined
      for (const { first, length, passed } of hops) {
        now += passed
        const offset = time.join(now, first)
        const stamp = (first + offset) >>> 0
        if (last !== undefined) expect((stamp - last) | 0).toBeGreaterThan(0)
        const end = (first + length) >>> 0
        time.leave(lastFrame(now, end))
        last = (end + offset) >>> 0
      }
    }),
  )
})
