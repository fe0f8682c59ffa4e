import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'
import { audioConfig, videoConfig } from './stage.js'

test('a member without video permission sees no video in subscriptions, lists or addresses', async () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  const blind = stage.settled('blind', { permissions: { receiveVideo: false } })
  stage.play(stage.publishAs(bob), videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  stage.settle()
  const stream = blind.users()[0]!.streams[0]!
  expect(stream).toMatchObject({ streamType: 'main', hasAudio: true, hasVideo: false })
  expect(blind.connection.all('room.videoState')).toEqual([])
  expect(blind.connection.all('room.audioState')).toHaveLength(1)
  expect(await stage.admit('r', stream.play.rtmp.slice(2))).toMatchObject({ ok: true, without: 'video' })
  blind.member.request('media.subscribe', { streams: 'all' })
  expect(stage.media.get('blind')!.subscribed.map(({ kind }) => kind)).toEqual(['audio'])
})

test('a stream that a member may not receive at all is not listed for it', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  const guest = stage.settled('guest', { permissions: { receiveAux: false } })
  stage.play(stage.publishAs(bob, 'aux'), videoConfig(), { frames: 3, gop: 50 })
  stage.settle()
  expect(guest.users()[0]!.streams.map(({ streamType }) => streamType)).toEqual(['main'])
  guest.member.request('media.subscribe', { streams: [{ userId: 'bob', streamType: 'aux', audio: true, video: true }] })
  expect(stage.media.get('guest')!.subscribed).toEqual([])
})

test('a renewed signature that permits less revokes the old addresses', async () => {
  const stage = new RoomStage()
  stage.settled('bob')
  const carol = stage.settled('carol')
  const before = carol.users()[0]!.streams[0]!.play
  carol.member.renewed(stage.identity('carol'))
  stage.settle()
  expect(carol.users()[0]!.streams[0]!.play).toEqual(before)
  carol.member.renewed(stage.identity('carol', { permissions: { receiveVideo: false } }))
  stage.settle()
  expect(carol.users()[0]!.streams[0]!.play).not.toEqual(before)
  expect(await stage.admit('r', before.rtmp.slice(2))).toMatchObject({ code: 'NOT_FOUND' })
})

test('an offer of a kind that the member may not send is refused', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob', { permissions: { sendVideo: false } })
  const video = { mid: '0', streamType: 'main', kind: 'video' } as const
  expect(() => bob.member.request('media.publish', { sdp: 'offer', tracks: [video] })).toThrow(
    expect.objectContaining({ code: 'NO_PERMISSION' }) as Error,
  )
  expect(bob.member.request('media.publish', { sdp: 'offer', tracks: [{ ...video, kind: 'audio' }] })).toEqual({
    sdp: 'answer to offer',
  })
})

test('a renewed signature notifies only its holder of what changed, and no entry is repeated', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  const carol = stage.settled('carol')
  stage.play(stage.publishAs(bob), videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  stage.settle()
  bob.connection.told.length = 0
  carol.connection.told.length = 0
  carol.member.request('media.subscribe', { streams: 'all' })
  carol.member.renewed(stage.identity('carol', { permissions: { receiveVideo: false } }))
  stage.clock.advance(100_000)
  expect(stage.media.get('carol')!.subscribed.map(({ kind }) => kind)).toEqual(['audio'])
  carol.member.renewed(stage.identity('carol'))
  stage.clock.advance(100_000)
  expect(carol.connection.all('room.userEnter')).toEqual([])
  expect(carol.connection.all('room.audioState')).toEqual([])
  expect(carol.connection.all('room.videoState').map(({ available }) => available)).toEqual([false, true])
  expect(stage.media.get('carol')!.subscribed.map(({ kind }) => kind)).toEqual(['audio', 'video'])
})

test('audience members renew without notifications to others', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  const viewer = stage.settled('viewer', { role: 'audience' })
  bob.connection.told.length = 0
  viewer.connection.told.length = 0
  viewer.member.renewed(stage.identity('viewer'))
  stage.settle()
  expect(bob.connection.told).toEqual([])
  expect(viewer.connection.told).toEqual([])
})
