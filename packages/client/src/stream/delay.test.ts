import { expect, test } from 'vitest'
import { BufferDelay, PlayoutDelay, receiverDelay, totalDelay } from './delay.js'
import type { DelayPart } from './source.js'

/** Feeds `seconds` of media, a new end every 40 ms, each `lateMs` later than it could be. */
function feed(delay: BufferDelay, fromMs: number, seconds: number, lateMs: number, bufferSeconds: number): number {
  let nowMs = fromMs
  for (; nowMs < fromMs + seconds * 1000; nowMs += 40) {
    const end = (nowMs - lateMs) / 1000
    delay.observe(nowMs, end, end - bufferSeconds)
  }
  return nowMs
}

const rounded = (delay: BufferDelay, roundTripMs?: number): Partial<Record<DelayPart['kind'], number>> =>
  Object.fromEntries(delay.parts(roundTripMs).map(({ kind, ms }) => [kind, Math.round(ms)]))

test('an even stream is as late as its buffer', () => {
  const delay = new BufferDelay()
  expect(delay.parts(undefined)).toEqual([])
  feed(delay, 0, 10, 100, 0.3)
  expect(rounded(delay)).toEqual({ buffer: 300, lag: 0 })
  expect(rounded(delay, 50)).toEqual({ buffer: 300, lag: 0, network: 25 })
})

test('a queue on the way shows as lag, until two minutes have made it the rule', () => {
  const delay = new BufferDelay()
  const half = feed(delay, 0, 10, 100, 0.3)
  const later = feed(delay, half, 5, 900, 0.3)
  expect(rounded(delay)).toEqual({ buffer: 300, lag: 800 })
  feed(delay, later, 125, 900, 0.3)
  expect(rounded(delay).lag).toBe(0)
})

test('one late packet is jitter, not lag', () => {
  const delay = new BufferDelay()
  const nowMs = feed(delay, 0, 5, 100, 0.3)
  delay.observe(nowMs, (nowMs - 700) / 1000, (nowMs - 1000) / 1000)
  expect(rounded(delay).lag).toBe(0)
})

test('a receiver is measured between two readings', () => {
  const before = { jitterBufferDelay: 10, jitterBufferEmittedCount: 100, totalDecodeTime: 1, framesDecoded: 100 }
  const now = {
    jitterBufferDelay: 11,
    jitterBufferEmittedCount: 125,
    totalDecodeTime: 1.05,
    framesDecoded: 125,
    roundTripTime: 0.03,
  }
  const parts = receiverDelay(before, now)
  expect(parts.map(({ kind, ms }) => [kind, Math.round(ms)])).toEqual([
    ['buffer', 40],
    ['decoding', 2],
    ['network', 15],
  ])
  expect(Math.round(totalDelay(parts)!)).toBe(57)
  expect(totalDelay([...parts, { kind: 'whole', ms: 99 }])).toBe(99)
  expect(totalDelay([])).toBeUndefined()
  expect(receiverDelay(now, { ...now })).toEqual([{ kind: 'network', ms: 15 }])
})

test('playout is measured on the server clock, whatever our own clock says, by the quickest report', () => {
  const delay = new PlayoutDelay()
  const server = 1_000_000
  const ours = server + 5_000
  const reading = { atMs: ours, playoutMs: server - 120, reportSentMs: server - 500, roundTripMs: 40 }
  expect(delay.update({ ...reading, reportReceivedMs: ours - 480 })).toBe(120)
  expect(delay.update({ ...reading, reportReceivedMs: ours - 400 })).toBe(120)
  expect(delay.update({ ...reading, playoutMs: server + 9_000, reportReceivedMs: ours - 480 })).toBeUndefined()
})
