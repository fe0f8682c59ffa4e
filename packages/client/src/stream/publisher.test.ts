import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { PublishFailure } from './publish-failure.js'
import { Publisher, type PublishState } from './publisher.js'
import type { SessionEvents } from './whip-session.js'

const ADDRESS = { origin: 'http://localhost', name: 'live/me' }
const NO_TRACKS = { video: undefined, audio: undefined }

interface FakeSession {
  readonly events: SessionEvents
  closed: boolean
}

let sessions: FakeSession[]
let states: PublishState[]
let publisher: Publisher

beforeEach(() => {
  vi.useFakeTimers()
  sessions = []
  states = []
  publisher = new Publisher(
    (_address, _tracks, events) => {
      const session = { events, closed: false }
      sessions.push(session)
      return {
        replace: () => undefined,
        sample: () => Promise.resolve(undefined),
        close: () => (session.closed = true),
      }
    },
    () => NO_TRACKS,
    (state) => states.push(state),
  )
})

afterEach(() => {
  vi.useRealTimers()
})

const fail = (reason: PublishFailure['reason']): void => sessions.at(-1)!.events.failed({ reason })
const kinds = (): string[] => states.map(({ kind }) => kind)

test('a broken connection is begun again under the same name, later and later, until it is there', () => {
  publisher.start(ADDRESS)
  sessions[0]!.events.connected()
  fail('network')
  expect(publisher.state).toEqual({ kind: 'waiting', failure: { reason: 'network' }, retryInMs: 500 })
  expect(sessions[0]!.closed).toBe(true)
  vi.advanceTimersByTime(500)
  fail('network')
  expect(publisher.state).toMatchObject({ retryInMs: 1000 })
  vi.advanceTimersByTime(1000)
  expect(publisher.state).toEqual({ kind: 'connecting', again: { reason: 'network' } })
  sessions[2]!.events.connected()
  fail('timeout')
  expect(publisher.state).toMatchObject({ retryInMs: 500 })
  expect(publisher.isActive).toBe(true)
})

test.each(['refused', 'busy', 'unavailable', 'rejected'] as const)('%s is final at the start', (reason) => {
  publisher.start(ADDRESS)
  fail(reason)
  expect(publisher.state).toEqual({ kind: 'stopped', failure: { reason } })
  vi.advanceTimersByTime(60_000)
  expect(sessions).toHaveLength(1)
  expect(publisher.isActive).toBe(false)
})

test('a session ended by the server does not compete for the name', () => {
  publisher.start(ADDRESS)
  sessions[0]!.events.connected()
  fail('ended')
  expect(publisher.state).toEqual({ kind: 'stopped', failure: { reason: 'ended' } })
})

test('a name that our own broken session still holds is waited for, but not for ever', () => {
  publisher.start(ADDRESS)
  sessions[0]!.events.connected()
  fail('network')
  for (let waited = 0; waited < 120 && publisher.isActive; waited++) {
    vi.advanceTimersByTime(1000)
    if (publisher.state.kind === 'connecting') fail('busy')
  }
  expect(publisher.state).toEqual({ kind: 'stopped', failure: { reason: 'busy' } })
  expect(sessions.length).toBeGreaterThan(5)
})

test('an attempt that brings nothing is given up and followed by another', () => {
  publisher.start(ADDRESS)
  vi.advanceTimersByTime(10_000)
  expect(publisher.state).toMatchObject({ kind: 'waiting', failure: { reason: 'timeout' } })
  publisher.hurry()
  expect(kinds()).toEqual(['connecting', 'waiting', 'connecting'])
})

test('a stopped tag stays stopped, whatever its session still reports', () => {
  publisher.start(ADDRESS)
  const [first] = sessions
  publisher.stop()
  first!.events.connected()
  first!.events.failed({ reason: 'network' })
  vi.advanceTimersByTime(60_000)
  expect(kinds()).toEqual(['connecting', 'idle'])
  expect(first!.closed).toBe(true)
})
