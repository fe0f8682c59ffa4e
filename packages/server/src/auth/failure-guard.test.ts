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

test('the memory is bounded, and other addresses do not free one that is blocked', () => {
  const { guard } = makeGuard()
  for (let i = 0; i < 10; i++) guard.fail('10.0.0.1')
  for (let i = 0; i < 9; i++) guard.fail('10.0.0.2')
  for (let i = 0; i < 20_000; i++) guard.fail(`address-${String(i)}`)
  expect(guard.isBlocked('10.0.0.1')).toBe(true)
  guard.fail('10.0.0.2')
  expect(guard.isBlocked('10.0.0.2')).toBe(false)
})

test('the number of delayed answers is limited, and one address cannot make those of others immediate', async () => {
  const { guard, waiting } = makeGuard()
  const held = Array.from({ length: 200 }, () => guard.holdBack('10.0.0.1'))
  expect(waiting).toHaveLength(128)
  held.push(guard.holdBack('10.0.0.2'))
  expect(waiting).toHaveLength(129)
  for (let i = 3; i < 1000; i++) held.push(guard.holdBack(`10.0.0.${String(i)}`))
  expect(waiting).toHaveLength(256)
  for (const release of waiting) release()
  await Promise.all(held)
})
