import type { User, UserStream } from '@crossroom/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { widthFor, subscriptionOf, type Taste } from './subscriptions.js'

const play = { rtmp: '', flv: '', wsFlv: '', whep: '' }

function user(userId: string, ...streams: Omit<UserStream, 'play'>[]): User {
  return { userId, userName: userId, kind: 'browser', role: 'anchor', streams: streams.map((it) => ({ ...it, play })) }
}

const main = (hasAudio: boolean, hasVideo: boolean): Omit<UserStream, 'play'> => ({
  streamType: 'main',
  hasAudio,
  hasVideo,
})

const taste = (over: Partial<Taste> = {}): Taste => ({
  autoReceiveVideo: true,
  unseenWidth: 320,
  views: [],
  wantsAudioOf: () => true,
  wasThere: () => false,
  ...over,
})

test('visible video comes first, larger before smaller, and hidden video in the small layer', () => {
  const users = [user('a', main(true, true)), user('b', main(true, true)), user('c', main(true, true))]
  const views = [
    { userId: 'b', streamType: 'main', maxWidth: 640 },
    { userId: 'c', streamType: 'main', maxWidth: 1280 },
  ] as const
  const subscription = subscriptionOf(users, taste({ views }))
  expect(subscription.map(({ userId, maxWidth }) => [userId, maxWidth])).toEqual([
    ['c', 1280],
    ['b', 640],
    ['a', 320],
  ])
})

test('without autoReceiveVideo only video in view is subscribed to', () => {
  const users = [user('a', main(true, true)), user('b', main(false, true))]
  expect(subscriptionOf(users, taste({ autoReceiveVideo: false }))).toEqual([
    { userId: 'a', streamType: 'main', audio: true, video: false },
  ])
})

test('a member without audible audio is seen without audio', () => {
  const [subscribed] = subscriptionOf([user('a', main(true, true))], taste({ wantsAudioOf: () => false }))
  expect(subscribed).toMatchObject({ audio: false, video: true })
})

test('a muted member keeps its place, at the end of the list', () => {
  const users = [user('a', main(true, false)), user('b', main(true, true))]
  const subscription = subscriptionOf(users, taste({ wasThere: () => true }))
  expect(subscription.map(({ userId, video }) => [userId, video])).toEqual([
    ['b', true],
    ['a', true],
  ])
})

test('the lower layer is never subscribed to by name, and absent media not at all', () => {
  const users = [user('a', { streamType: 'small', hasAudio: true, hasVideo: true }, main(false, false))]
  expect(subscriptionOf(users, taste())).toEqual([])
})

test('a width covers the view, and a view that trembles asks for nothing new', () => {
  expect([widthFor(100), widthFor(320), widthFor(321), widthFor(9999)]).toEqual([160, 320, 480, 3840])
  expect(widthFor(330, 320)).toBe(320)
  expect(widthFor(400, 320)).toBe(480)
  expect(widthFor(310, 480)).toBe(480)
  expect(widthFor(200, 480)).toBe(320)
  expect(widthFor(100, 1280)).toBe(160)
})

test('the width asked for settles: the same view twice asks for the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), (before, now) => {
      const first = widthFor(now, widthFor(before))
      expect(widthFor(now, first)).toBe(first)
      expect(first * 1.15).toBeGreaterThanOrEqual(Math.min(now, 3840))
    }),
  )
})
