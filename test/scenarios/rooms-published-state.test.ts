import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'
import { audioConfig, MS, SECOND, videoConfig } from './stage.js'

test('a publisher is told live at the first keyframe, stalled after 3 s without a frame, and ended', () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const bob = stage.settled('bob')
  const states = () => bob.connection.all('media.published').map(({ state, hasVideo }) => [state, hasVideo])
  const publication = stage.publishAs(bob)
  publication.push(stage.frame(videoConfig(), 0))
  expect(states()).toEqual([])
  publication.push(stage.frame(videoConfig(), 40 * MS, true))
  expect(states()).toEqual([['live', true]])
  stage.clock.advance(3.1 * SECOND)
  expect(states()).toEqual([
    ['live', true],
    ['stalled', false],
  ])
  publication.push(stage.frame(videoConfig(), 3200 * MS))
  expect(states().at(-1)).toEqual(['live', true])
  publication.end()
  expect(states().at(-1)).toEqual(['ended', false])
})

test('audio alone is live, and the end of video is reported while audio continues', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  stage.play(publication, videoConfig(), { frames: 10, gop: 50, audio: audioConfig() })
  for (let i = 0; i < 200; i++) {
    publication.push(stage.frame(audioConfig(), (400 + i * 21) * MS))
    stage.clock.advance(21 * MS)
  }
  const last = bob.connection.all('media.published').at(-1)
  expect(last).toEqual({ streamType: 'main', state: 'live', hasAudio: true, hasVideo: false })
  expect(alice.connection.all('room.videoState').map(({ available }) => available)).toEqual([true, false])
  expect(alice.connection.all('room.audioState').map(({ available }) => available)).toEqual([true])
})

test('a publisher that takes over is live again at its own first keyframe', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  stage.play(stage.publishAs(bob), videoConfig(), { frames: 3, gop: 50 })
  const second = stage.publishAs(bob)
  expect(stage.ends).toEqual(['replaced'])
  second.push(stage.frame(videoConfig(), 0, true))
  expect(bob.connection.all('media.published').map(({ state }) => state)).toEqual(['live', 'live'])
})

test('a publisher that muted everything is not told that it stalled', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  stage.play(publication, videoConfig(), { frames: 3, gop: 50 })
  bob.member.request('media.state', { audio: false, video: false, streamType: 'main' })
  stage.clock.advance(5 * SECOND)
  expect(bob.connection.all('media.published').map(({ state }) => state)).not.toContain('stalled')
})

test('the gateway’s refusal reaches the publisher, with its sentence', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  bob.member.request('media.publish', { sdp: 'offer', tracks: [] })
  stage.media.get('bob')!.options.handlers.refused('main', 'This stream already has a publisher.')
  expect(bob.connection.all('media.published')).toEqual([
    {
      streamType: 'main',
      state: 'refused',
      hasAudio: false,
      hasVideo: false,
      reason: 'This stream already has a publisher.',
    },
  ])
})

test('a screen is listed while it is published and a little longer, the small layer while it sends', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const types = () => alice.users()[0]!.streams.map(({ streamType }) => streamType)
  const screen = stage.publishAs(bob, 'aux')
  stage.play(screen, videoConfig(), { frames: 3, gop: 50 })
  expect(types()).toEqual(['main', 'aux'])
  screen.end()
  stage.clock.advance(14 * SECOND)
  expect(types()).toEqual(['main', 'aux'])
  stage.clock.advance(2 * SECOND)
  expect(types()).toEqual(['main'])
  const { key } = bob.member.openStream('main')
  const publication = stage.hub
    .open(key.small)
    .publish({ id: 's', protocol: 'room', remoteAddress: '', onClose: () => undefined })!
  stage.play(publication, videoConfig(320, 180), { frames: 3, gop: 50 })
  expect(types()).toEqual(['main', 'small'])
  publication.end()
  stage.settle()
  expect(types()).toEqual(['main'])
})

test('a rotation is reported to all members, and to those who join later', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  stage.play(publication, videoConfig(), { frames: 3, gop: 50 })
  stage.play(publication, { ...videoConfig(), orientation: 90 }, { from: SECOND, frames: 3, gop: 50 })
  stage.settle()
  const turned = { userId: 'bob', streamType: 'main', rotation: 90 }
  expect(alice.connection.all('media.rotation')).toEqual([turned])
  expect(stage.settled('carol').connection.all('media.rotation')).toEqual([turned])
})

test('a static screen stays listed and subscribed while its browser announces it', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  alice.member.request('media.subscribe', { streams: 'all' })
  const screen = stage.publishAs(bob, 'aux')
  bob.member.request('media.publish', { sdp: 'offer', tracks: [{ mid: '0', streamType: 'aux', kind: 'video' }] })
  stage.play(screen, videoConfig(), { frames: 3, gop: 50 })
  stage.clock.advance(60 * SECOND)
  expect(stage.ends).toEqual(['silent'])
  const aux = () => alice.users()[0]!.streams.find(({ streamType }) => streamType === 'aux')
  expect(aux()).toMatchObject({ hasVideo: false })
  expect(stage.media.get('alice')!.subscribed.map(({ streamType }) => streamType)).toEqual(['aux'])
  bob.member.request('media.unpublish', { streamType: 'aux' })
  stage.clock.advance(16 * SECOND)
  expect(aux()).toBeUndefined()
  expect(stage.media.get('alice')!.subscribed).toEqual([])
})
