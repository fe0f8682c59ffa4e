import { expect, test } from 'vitest'
import { RecordingState } from './journal.js'
import { toDelete, type RetentionRules } from './retention.js'

const HOUR = 3_600_000
const never: RetentionRules = { afterHours: 0, maxMegabytes: 0, minFreeMegabytes: 0, keepsUntilUploaded: false }
const now = { nowMs: 100 * HOUR, freeBytes: 10e9 }

/** A megabyte for each hour; the last one is written. */
function recording(uploaded: readonly number[] = []): RecordingState {
  const state = new RecordingState({ event: 'begin', at: 0, id: 'r', stream: 'live/cam', format: 'mp4' })
  const hash = 'a'.repeat(64)
  for (let segment = 1; segment <= 5; segment++) {
    state.apply({
      event: 'open',
      at: (90 + segment) * HOUR,
      segment,
      stream: 'live/cam',
      path: `${String(segment)}.mp4`,
    })
    if (segment < 5)
      state.apply({ event: 'close', at: 0, segment, durationMs: HOUR, bytes: 1_000_000, sha256: hash, chain: hash })
    if (uploaded.includes(segment)) state.apply({ event: 'uploaded', at: 0, segment })
  }
  return state
}

const numbers = (rules: Partial<RetentionRules>, state = recording(), at = now): number[] =>
  toDelete([state], { ...never, ...rules }, at).map(({ segment }) => segment.segment)

test('files go by age, the oldest by space, and never one that is written', () => {
  expect(numbers({})).toEqual([])
  expect(numbers({ afterHours: 7 })).toEqual([1])
  expect(numbers({ afterHours: 1 })).toEqual([1, 2, 3, 4])
  expect(numbers({ maxMegabytes: 3 })).toEqual([1])
  expect(numbers({ minFreeMegabytes: 1000 }, recording(), { ...now, freeBytes: 998_500_000 })).toEqual([1, 2])
  expect(numbers({ minFreeMegabytes: 1000 }, recording(), { ...now, freeBytes: 0 })).toEqual([1, 2, 3, 4])
})

test('what the store has not confirmed stays', () => {
  expect(numbers({ afterHours: 1, keepsUntilUploaded: true })).toEqual([])
  expect(numbers({ maxMegabytes: 3, keepsUntilUploaded: true }, recording([2, 3]))).toEqual([2])
  const gone = recording([2, 3])
  gone.apply({ event: 'deleted', at: 0, segment: 2 })
  expect(numbers({ maxMegabytes: 2, keepsUntilUploaded: true }, gone)).toEqual([3])
})
