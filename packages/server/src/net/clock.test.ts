import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ListeningClock, type ClockHost } from './clock.js'

const SECOND = 1_000_000
const MS = 1_000

/** A process that runs and stands still as told: while it stands still time goes on and no timer fires. */
class Process implements ClockHost {
  time = 0
  #timers: { at: number; callback: () => void }[] = []
  readonly clock = new ListeningClock(this)

  now(): number {
    return this.time
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms * MS, callback }
    this.#timers.push(timer)
    return () => (this.#timers = this.#timers.filter((other) => other !== timer))
  }

  every(ms: number, callback: () => void): void {
    this.setTimer(ms, () => {
      this.every(ms, callback)
      callback()
    })
  }

  run(micros: number): void {
    const end = this.time + micros
    for (;;) {
      const [next] = this.#timers.sort((a, b) => a.at - b.at)
      if (next === undefined || next.at > end) break
      this.#timers.shift()
      this.time = Math.max(this.time, next.at)
      next.callback()
    }
    this.time = end
  }

  standStill(micros: number): void {
    this.time += micros
  }
}

test('a process that always runs has listened all the time', () => {
  const running = new Process()
  const from = running.clock.listened()
  running.run(100 * SECOND)
  expect(running.clock.listened() - from).toBe(100 * SECOND)
})

test.each([12, 60])('a pause of %d s is reported once and does not count as listening time', (seconds) => {
  const running = new Process()
  const told: number[] = []
  running.clock.onStoodStill((micros) => told.push(micros))
  running.clock.listened()
  running.run(5 * SECOND)
  const before = running.clock.listened()
  running.standStill(seconds * SECOND)
  expect(running.clock.listened() - before).toBeLessThanOrEqual(SECOND / 4)
  running.run(5 * SECOND)
  expect(told).toHaveLength(1)
  expect(told[0]! / SECOND).toBeCloseTo(seconds, 0)
})

test('a timer fires when so much time was listened, whatever stood still before or between, and not before', () => {
  const step = fc.record({ run: fc.nat({ max: 8_000 }), still: fc.nat({ max: 60_000 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.integer({ min: 1, max: 20_000 }), (steps, delayMs) => {
      const process = new Process()
      const { clock } = process
      const due = clock.listened() + delayMs * MS
      let firedAt: number | undefined
      clock.after(delayMs * MS, () => (firedAt = clock.listened()))
      let last = clock.listened()
      for (const { run, still } of steps) {
        process.run(run * MS)
        process.standStill(still * MS)
        const listened = clock.listened()
        expect(listened).toBeGreaterThanOrEqual(last)
        // What counts of a step: what it ran, and at most a second of what it stood still.
        expect(listened - last).toBeLessThanOrEqual(run * MS + SECOND)
        last = listened
      }
      process.run(30 * SECOND)
      expect(firedAt).toBeGreaterThanOrEqual(due - MS)
    }),
    { numRuns: 300 },
  )
})

test('a timer that was cancelled does not fire, also when it had to wait again', () => {
  const process = new Process()
  let fired = false
  const cancel = process.clock.after(5 * SECOND, () => (fired = true))
  process.standStill(20 * SECOND)
  process.run(SECOND)
  cancel()
  process.run(20 * SECOND)
  expect(fired).toBe(false)
})
