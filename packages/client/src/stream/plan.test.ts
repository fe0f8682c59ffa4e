import { expect, test } from 'vitest'
import { backOffMs, decide, planFor, type Setback, type Step } from './plan.js'
import { PROTOCOLS, type FailureReason, type Protocol } from './source.js'

const setback = (protocol: Protocol, reason: FailureReason): Setback => ({ protocol, failure: { reason } })

const cases: [string, readonly Protocol[], Setback[], number, Step][] = [
  [
    'the second way follows the first',
    PROTOCOLS,
    [setback('webrtc', 'network')],
    0,
    { kind: 'next', protocol: 'ws-flv' },
  ],
  [
    'a codec that WebRTC lacks may be there by FLV',
    PROTOCOLS,
    [setback('webrtc', 'codec')],
    0,
    { kind: 'next', protocol: 'ws-flv' },
  ],
  [
    'a stream that is not there is waited for',
    PROTOCOLS,
    [setback('webrtc', 'not-found')],
    0,
    { kind: 'wait', ms: 500 },
  ],
  ['so is one that ended', PROTOCOLS, [setback('ws-flv', 'ended')], 60_000, { kind: 'wait', ms: 500 }],
  ['a refusal is final', PROTOCOLS, [setback('webrtc', 'refused')], 0, { kind: 'stop' }],
  [
    'what played well is tried again first',
    PROTOCOLS,
    [setback('webrtc', 'network')],
    10_000,
    { kind: 'wait', ms: 500 },
  ],
  [
    'what broke after a moment is not',
    PROTOCOLS,
    [setback('webrtc', 'network')],
    9_000,
    { kind: 'next', protocol: 'ws-flv' },
  ],
  [
    'after the last way everything is tried again',
    PROTOCOLS,
    [setback('webrtc', 'timeout'), setback('ws-flv', 'network'), setback('http-flv', 'network')],
    0,
    { kind: 'wait', ms: 500 },
  ],
  [
    'unless nothing can ever work',
    PROTOCOLS,
    [setback('webrtc', 'unavailable'), setback('ws-flv', 'codec'), setback('http-flv', 'codec')],
    0,
    { kind: 'stop' },
  ],
  ['one way only: no other is tried', ['webrtc'], [setback('webrtc', 'network')], 0, { kind: 'wait', ms: 500 }],
]

test.each(cases)('%s', (_claim, plan, setbacks, playedMs, step) => {
  expect(decide(plan, setbacks, playedMs, 0)).toEqual(step)
})

test('a requested protocol is the only one tried', () => {
  expect(planFor('http-flv')).toEqual(['http-flv'])
  expect(planFor('auto')).toEqual(['webrtc', 'ws-flv', 'http-flv'])
})

test('the pauses grow and stay bounded', () => {
  const waits = Array.from({ length: 40 }, (_, round) => backOffMs(round))
  expect(waits.slice(0, 5)).toEqual([500, 1000, 2000, 4000, 8000])
  expect(Math.max(...waits)).toBe(8000)
})
