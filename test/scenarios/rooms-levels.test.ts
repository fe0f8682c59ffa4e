import { expect, test } from 'vitest'
import { SpeakerOrder } from '../../packages/server/src/rooms/view/speaker-order.js'
import { RoomStage } from './room-stage.js'
import { audioConfig, MS, SECOND } from './stage.js'

test('levels are sent four times a second while any member is audible, and once more at silence', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  const speak = (audioLevel: number, frames: number) => {
    for (let i = 0; i < frames; i++) {
      publication.push({ ...stage.frame(audioConfig(), stage.clock.now()), audioLevel })
      stage.clock.advance(20 * MS)
    }
  }
  speak(127, 50)
  expect(alice.connection.all('media.levels')).toEqual([])
  speak(30, 50)
  const loud = alice.connection.all('media.levels')
  expect(loud.length).toBeGreaterThanOrEqual(3)
  expect(loud.length).toBeLessThanOrEqual(4)
  expect(loud[0]).toEqual({ levels: [{ userId: 'bob', level: 50 }] })
  speak(127, 100)
  const all = alice.connection.all('media.levels')
  expect(all.at(-1)).toEqual({ levels: [{ userId: 'bob', level: 0 }] })
  expect(all.length).toBeLessThanOrEqual(loud.length + 2)
})

test('a muted member has no level until it is unmuted', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  const speak = () => {
    for (let i = 0; i < 50; i++) {
      publication.push({ ...stage.frame(audioConfig(), stage.clock.now()), audioLevel: 20 })
      stage.clock.advance(20 * MS)
    }
  }
  bob.member.request('media.state', { audio: false, video: true, streamType: 'main' })
  speak()
  expect(alice.connection.all('media.levels')).toEqual([])
  bob.member.request('media.state', { audio: true, video: true, streamType: 'main' })
  speak()
  expect(alice.connection.all('media.levels').length).toBeGreaterThan(1)
})

const levels = (entries: readonly (readonly [string, number | undefined])[]) => new Map(entries)
const crowd = Array.from({ length: 16 }, (_, i) => [`user${String(i)}`, 30] as const)

test('a slot moves only to a member that is clearly louder for a while', () => {
  const order = new SpeakerOrder()
  order.update(levels(crowd))
  for (let i = 0; i < 20; i++) expect(order.update(levels([...crowd, ['late', 33]]))).toBe(false)
  expect(order.order.slice(0, 16)).not.toContain('late')
  expect(order.update(levels([...crowd, ['late', 90]]))).toBe(true)
  expect(order.order.slice(0, 16)).toContain('late')
  expect(order.order).toHaveLength(17)
  for (let i = 0; i < 2; i++) expect(order.update(levels([...crowd, ['late', 0]]))).toBe(false)
  expect(order.order.slice(0, 16)).toContain('late')
})

test('a member that left frees its slot, and one that reports no level keeps a place', () => {
  const order = new SpeakerOrder()
  const quiet = crowd.map(([userId]) => [userId, 0] as const)
  for (let i = 0; i < 20; i++) order.update(levels([...quiet, ['camera', undefined]]))
  expect(order.order.slice(0, 16)).toContain('camera')
  expect(order.update(levels([['camera', undefined]]))).toBe(true)
  expect(order.order).toEqual(['camera'])
})

test('an anchor’s network quality is sent to all, a viewer’s only to itself, and only changes are sent', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const viewer = stage.settled('viewer', { role: 'audience' })
  bob.member.request('media.publish', { sdp: 'offer', tracks: [] })
  viewer.member.request('media.subscribe', { streams: 'all' })
  const tell = (userId: string, uplink: 2 | 4) => stage.media.get(userId)!.options.handlers.quality(uplink, 3)
  for (const userId of ['bob', 'bob', 'viewer']) tell(userId, 2)
  tell('bob', 4)
  stage.clock.advance(SECOND)
  const ofBob = { userId: 'bob', uplink: 2, downlink: 3 }
  expect(alice.connection.all('media.quality')).toEqual([ofBob])
  expect(viewer.connection.all('media.quality')).toEqual([ofBob, { ...ofBob, userId: 'viewer' }])
  expect(stage.settled('late').connection.all('media.quality')).toContainEqual(ofBob)
})

test('quality changes within the interval are sent at its end, the last one only, and not for members that left', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  bob.member.request('media.publish', { sdp: 'offer', tracks: [] })
  const { handlers } = stage.media.get('bob')!.options
  handlers.quality(2, 3)
  stage.clock.advance(2 * SECOND - MS)
  handlers.quality(4, 3)
  handlers.quality(6, 3)
  stage.clock.advance(MS)
  expect(alice.connection.all('media.quality').map(({ uplink }) => uplink)).toEqual([2, 6])
  handlers.quality(1, 3)
  bob.member.leave()
  stage.clock.advance(5 * SECOND)
  expect(alice.connection.all('media.quality')).toHaveLength(2)
})

test('LiteAV’s report about a phone’s network becomes its quality', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const phone = stage.settled('phone', { kind: 'miniprogram' })
  const report = (direction: 'publish' | 'play', netQualityLevel: number) => {
    phone.member.request('media.report', { direction, netstatus: { netQualityLevel, videoBitrate: 900 } })
    stage.clock.advance(2 * SECOND)
  }
  report('publish', 4)
  report('play', 2)
  report('play', 2)
  report('play', 7)
  expect(alice.connection.all('media.quality')).toEqual([
    { userId: 'phone', uplink: 4, downlink: 0 },
    { userId: 'phone', uplink: 4, downlink: 2 },
  ])
})
