import { expect, test } from 'vitest'
import { RateLimiter } from './rate-limiter.js'

const SECOND = 1_000_000
const makeLimiter = () => new RateLimiter({ perSecond: 1000, burst: 2000, overRateMicros: 30 * SECOND })

test('a burst passes, what is above waits until the rate has caught up', () => {
  const limiter = makeLimiter()
  expect(limiter.take(0, 2000)).toBe(0)
  expect(limiter.take(0, 500)).toBe(SECOND / 2)
  expect(limiter.take(SECOND / 2, 0)).toBe(0)
})

test('a client that waits as told gets exactly the rate', () => {
  const limiter = makeLimiter()
  let now = 0
  let sent = 0
  while (now < 60 * SECOND) {
    now += limiter.take(now, 700)
    sent += 700
  }
  expect(sent).toBeGreaterThan(60_000)
  expect(sent).toBeLessThan(60_000 + 2000 + 700)
})

test('held back for more than 30 s without a rest is too much; with a rest it is not', () => {
  const limiter = makeLimiter()
  let now = 0
  for (; now < 29 * SECOND; now += SECOND) limiter.take(now, 2500)
  expect(limiter.isExceeded(now)).toBe(false)
  now += 200 * SECOND
  limiter.take(now, 1)
  expect(limiter.isExceeded(now)).toBe(false)
  const start = now
  for (; now <= start + 32 * SECOND; now += SECOND) limiter.take(now, 2500)
  expect(limiter.isExceeded(now)).toBe(true)
})
