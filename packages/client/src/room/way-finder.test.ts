import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ProbeOutcome } from './network-probe.js'
import { WayFinder } from './way-finder.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A finder whose server gives that outcome after so long. */
function finder(outcome: ProbeOutcome, afterMs: number) {
  const done: string[] = []
  const at = (what: string) => done.push(`${what} at ${String(performance.now() - from)}`)
  const from = performance.now()
  const probe = {
    run: () => {
      at('ask')
      return new Promise<ProbeOutcome>((resolve) => setTimeout(() => resolve(outcome), afterMs))
    },
  }
  const way = new WayFinder({ probe, restart: () => at('restart'), networkChanged: () => at('change') })
  return { done, way }
}

test.each<[ProbeOutcome, number, string[]]>([
  ['answered', 20, ['ask at 0', 'restart at 300']],
  ['silence', 600, ['ask at 0', 'change at 600']],
  ['failed', 5, ['ask at 0']],
])('asked at the first doubt, a server with %s after %i ms leads to %j', async (outcome, afterMs, wanted) => {
  const { done, way } = finder(outcome, afterMs)
  way.doubted(performance.now())
  await vi.advanceTimersByTimeAsync(300)
  void way.stalled(performance.now())
  await vi.advanceTimersByTimeAsync(1000)
  expect(done).toEqual(wanted)
})

test('the server is asked when media stands still, even if nothing was in doubt before', async () => {
  const { done, way } = finder('answered', 20)
  void way.stalled(performance.now())
  await vi.advanceTimersByTimeAsync(100)
  expect(done).toEqual(['ask at 0', 'restart at 20'])
})

test('two directions that stall one after the other cause one attempt, and the next one waits until that had its time', async () => {
  const { done, way } = finder('answered', 20)
  void way.stalled(performance.now())
  await vi.advanceTimersByTimeAsync(10)
  void way.stalled(performance.now())
  await vi.advanceTimersByTimeAsync(200)
  way.doubted(performance.now())
  void way.stalled(performance.now())
  await vi.advanceTimersByTimeAsync(1500)
  void way.stalled(performance.now())
  await vi.advanceTimersByTimeAsync(100)
  expect(done).toEqual(['ask at 0', 'restart at 20', 'ask at 1710', 'restart at 1730'])
})

test('a flow that is late now and then costs a question in five seconds', async () => {
  const { done, way } = finder('answered', 20)
  for (let late = 0; late < 30; late++) {
    way.doubted(performance.now())
    await vi.advanceTimersByTimeAsync(400)
  }
  expect(done).toEqual(['ask at 0', 'ask at 5200', 'ask at 10400'])
})

test('a request of an earlier, unconfirmed check is repeated', async () => {
  const { done, way } = finder('answered', 20)
  way.doubted(performance.now())
  await vi.advanceTimersByTimeAsync(3000)
  void way.stalled(performance.now())
  await vi.advanceTimersByTimeAsync(100)
  expect(done).toEqual(['ask at 0', 'ask at 3000', 'restart at 3020'])
})

test('a member that left has no effect', async () => {
  const { done, way } = finder('silence', 600)
  void way.stalled(performance.now())
  way.close()
  await vi.advanceTimersByTimeAsync(1000)
  expect(done).toEqual(['ask at 0'])
})
