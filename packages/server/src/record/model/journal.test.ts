import { expect, test } from 'vitest'
import { readJournal, type JournalEvent } from './journal.js'

const hash = (digit: string): string => digit.repeat(64)
const events: JournalEvent[] = [
  { event: 'begin', at: 1, id: 'r', room: '1', format: 'mp4' },
  { event: 'member', at: 2, userId: 'alice', name: 'Alice', is: 'here' },
  { event: 'open', at: 3, segment: 1, stream: '1/alice/main', path: 'a.mp4' },
  { event: 'open', at: 4, segment: 2, stream: '1/bob/main', path: 'b.mp4' },
  { event: 'close', at: 5, segment: 2, durationMs: 10, bytes: 20, sha256: hash('a'), chain: hash('b') },
  { event: 'member', at: 6, userId: 'alice', is: 'gone' },
]
const text = events.map((event) => JSON.stringify(event)).join('\n')

test('a journal tells of its recording, however it was torn', () => {
  for (const torn of ['', '\n', '\n{"event":"close","segm', '\n\n{"event":"nonsense"}\n[]\n']) {
    const state = readJournal(text + torn)!
    expect([state.id, state.lastSegment, state.chain, state.endedAt]).toEqual(['r', 2, hash('b'), undefined])
    expect(state.presences).toEqual([{ userId: 'alice', name: 'Alice', from: 2, to: 6 }])
    expect([...state.segments.values()].map(({ closed }) => closed?.bytes)).toEqual([undefined, 20])
  }
  expect(readJournal('')).toBeUndefined()
  expect(readJournal(text.slice(text.indexOf('\n')))).toBeUndefined()
})

test('a second session opens a segment of its own, and the end closes every presence', () => {
  const again: JournalEvent[] = [
    { event: 'member', at: 7, userId: 'bob', is: 'here' },
    {
      event: 'close',
      at: 8,
      segment: 1,
      durationMs: 1,
      bytes: 2,
      sha256: hash('c'),
      chain: hash('d'),
      recovered: true,
    },
    { event: 'end', at: 9, why: 'stopped' },
  ]
  const state = readJournal([text, ...again.map((event) => JSON.stringify(event))].join('\n'))!
  expect(state.order.map(({ segment }) => segment)).toEqual([2, 1])
  expect(state.presences[1]).toEqual({ userId: 'bob', name: undefined, from: 7, to: 9 })
  expect([state.endedAt, state.why]).toEqual([9, 'stopped'])
})
