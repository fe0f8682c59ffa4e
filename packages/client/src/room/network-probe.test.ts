import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NetworkProbe } from './network-probe.js'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('an answer, a failure and silence are told apart', async () => {
  expect(await new NetworkProbe(() => Promise.resolve()).run()).toBe('answered')
  expect(await new NetworkProbe(() => Promise.reject(new Error('lost'))).run()).toBe('failed')
  const running = new NetworkProbe(() => new Promise(() => undefined)).run()
  await vi.advanceTimersByTimeAsync(599)
  await vi.advanceTimersByTimeAsync(1)
  expect(await running).toBe('silence')
})

test('there is one question at a time, and another one after it', async () => {
  const ask = vi.fn(() => Promise.resolve())
  const probe = new NetworkProbe(ask)
  expect(await Promise.all([probe.run(), probe.run()])).toEqual(['answered', 'answered'])
  expect(ask).toHaveBeenCalledTimes(1)
  expect(await probe.run()).toBe('answered')
  expect(ask).toHaveBeenCalledTimes(2)
})
