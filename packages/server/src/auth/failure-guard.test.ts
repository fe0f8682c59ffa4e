import { expect, test } from 'vitest'
import { FailureGuard } from './failure-guard.js'

function makeGuard() {
  const time = { now: 0 }
  const waiting: (() => void)[] = []
  const guard = new FailureGuard(
    () => time.now,
    () => new Promise((resolve) => waiting.push(resolve)),
  )
  return { guard, time, waiting }
}

test('the tenth failure within a minute blocks the address until the minute is over', () => {
  const { guard, time } = makeGuard()
  for (let i = 0; i < 9; i++) guard.fail('10.0.0.1')
  expect(guard.isBlocked('10.0.0.1')).toBe(false)
  guard.fail('10.0.0.1')
  expect(guard.isBlocked('10.0.0.1')).toBe(true)
  expect(guard.isBlocked('10.0.0.2')).toBe(false)
  time.now = 59_999
  expect(guard.isBlocked('10.0.0.1')).toBe(true)
  time.now = 60_000
  expect(guard.isBlocked('10.0.0.1')).toBe(false)
  guard.fail('10.0.0.1')
  expect(guard.isBlocked('10.0.0.1')).toBe(false)
})

test.each([
  ['2001:db8::1', '2001:db8::ffff', true],
  ['2001:db8::1', '2001:db8:0:0:1:2:3:4', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
  ['::ffff:10.0.0.1', '10.0.0.1', true],
  ['::1', '::2', true],
])('%s and %s are the same customer: %s', (first, second, same) => {
  const { guard } = makeGuard()
  for (let i = 0; i < 10; i++) guard.fail(first)
  expect(guard.isBlocked(second)).toBe(same)
})

test('the memory is bounded and the oldest address is forgotten first', () => {
  const { guard } = makeGuard()
  for (let i = 0; i < 10; i++) guard.fail('10.0.0.1')
  for (let i = 0; i < 9_999; i++) guard.fail(`address-${String(i)}`)
  expect(guard.isBlocked('10.0.0.1')).toBe(true)
  guard.fail('one more')
  expect(guard.isBlocked('10.0.0.1')).toBe(false)
})

test('only so many answers are held back, so that holding back is no way to fill the memory', async () => {
  const { guard, waiting } = makeGuard()
  const held = Array.from({ length: 256 }, () => guard.holdBack())
  expect(waiting).toHaveLength(256)
  await guard.holdBack()
  expect(waiting).toHaveLength(256)
  for (const release of waiting) release()
  await Promise.all(held)
})
