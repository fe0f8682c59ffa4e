import type { User, UsersEvent } from '@crossroom/protocol'
import { expect, test } from 'vitest'
import { Roster } from './roster.js'

const play = { rtmp: '', flv: '', wsFlv: '', whep: '' }

function user(userId: string, streams: [type: 'main' | 'aux' | 'small', audio: boolean, video: boolean][]): User {
  return {
    userId,
    userName: userId,
    kind: 'browser',
    role: 'anchor',
    streams: streams.map(([streamType, hasAudio, hasVideo]) => ({ streamType, hasAudio, hasVideo, play })),
  }
}

function told(...events: Partial<UsersEvent>[]): string[] {
  const log: string[] = []
  const roster = new Roster({
    entered: ({ userId }) => log.push(`enter ${userId}`),
    exited: (userId, reason) => log.push(`exit ${userId} ${reason}`),
    available: (kind, { userId, streamType }) => log.push(`+ ${userId} ${streamType} ${kind}`),
    unavailable: (kind, { userId, streamType }) => log.push(`- ${userId} ${streamType} ${kind}`),
  })
  for (const event of events) {
    roster.update({ kind: 'users', left: [], entered: [], changed: [], users: [], audienceCount: 0, ...event })
  }
  return log
}

test('an entry is reported before the member’s streams, and a leave after their end', () => {
  const anna = user('anna', [
    ['main', true, true],
    ['small', true, true],
  ])
  expect(told({ entered: [anna] }, { left: [{ userId: 'anna', reason: 'left' }] })).toEqual([
    'enter anna',
    '+ anna main audio',
    '+ anna main video',
    '- anna main audio',
    '- anna main video',
    'exit anna left',
  ])
})

test('only what changed is told', () => {
  const log = told(
    { entered: [user('anna', [['main', true, false]])] },
    { changed: [user('anna', [['main', true, true]])] },
    { changed: [user('anna', [['main', true, true]])] },
    { changed: [user('anna', [['aux', false, true]])] },
  )
  expect(log.slice(2)).toEqual(['+ anna main video', '+ anna aux video', '- anna main audio', '- anna main video'])
})

test('a leave and an entry in one change are both reported, the leave first', () => {
  const anna = user('anna', [['main', true, false]])
  const log = told({ entered: [anna] }, { left: [{ userId: 'anna', reason: 'replaced' }], entered: [anna] })
  expect(log.slice(2)).toEqual(['- anna main audio', 'exit anna replaced', 'enter anna', '+ anna main audio'])
})
