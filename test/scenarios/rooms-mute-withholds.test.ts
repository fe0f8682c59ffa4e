import { expect, test } from 'vitest'
import { RoomStage, type Entered } from './room-stage.js'
import { audioConfig, MS, SECOND, videoConfig } from './stage.js'
import type { MediaFrame } from '@crossroom/media'

/** Frames of a member's main stream that leave the server. */
function heard(stage: RoomStage, { member }: Entered): { readonly kinds: string[] } {
  const kinds: string[] = []
  stage.hub.open(member.openStream('main').key).subscribe(
    {
      handleFrame: (frame: MediaFrame) =>
        void kinds.push(frame.keyframe || frame.config.kind === 'audio' ? frame.config.kind : 'delta'),
      handleEnd: () => undefined,
    },
    'live',
  )
  return { kinds }
}

test('a camera that the room owner mutes is withheld, reported as absent, and returns with a keyframe', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const publication = stage.publishAs(bob)
  const seen = heard(stage, bob)
  const config = videoConfig()
  const audio = audioConfig()
  stage.play(publication, config, { frames: 3, gop: 50, audio })
  bob.member.request('media.state', { audio: true, video: false, streamType: 'main' })
  seen.kinds.length = 0
  stage.play(publication, config, { from: 120 * MS, frames: 3, gop: 50, audio })
  expect(new Set(seen.kinds)).toEqual(new Set(['audio']))
  expect(alice.connection.all('room.videoState').at(-1)).toEqual({
    userId: 'bob',
    streamType: 'main',
    available: false,
  })
  expect(alice.users()[0]!.streams[0]).toMatchObject({ hasAudio: true, hasVideo: false })
  bob.member.request('media.state', { audio: true, video: true, streamType: 'main' })
  expect(stage.keyframeRequests).toBe(1)
  seen.kinds.length = 0
  publication.push(stage.frame(config, 260 * MS))
  publication.push(stage.frame(config, 300 * MS, true))
  expect(seen.kinds).toEqual(['video'])
  stage.settle()
  expect(alice.users()[0]!.streams[0]).toMatchObject({ hasAudio: true, hasVideo: true })
})

test('a member muted by the owner stays muted whatever it reports, even after publishing again', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  void alice.member.request('room.mute', { userId: 'bob', kind: 'audio', muted: true })
  for (const { connection } of [alice, bob])
    expect(connection.all('room.muted')).toEqual([{ userId: 'bob', kind: 'audio', muted: true, by: 'alice' }])
  bob.member.request('media.state', { audio: true, video: true, streamType: 'main' })
  const seen = heard(stage, bob)
  const publication = stage.publishAs(bob)
  stage.play(publication, videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  expect(seen.kinds).not.toContain('audio')
  expect(alice.users()[0]!.streams[0]).toMatchObject({ hasAudio: false, hasVideo: true })
  void alice.member.request('room.mute', { userId: 'bob', kind: 'audio', muted: false })
  stage.play(publication, videoConfig(), { from: SECOND, frames: 3, gop: 50, audio: audioConfig() })
  expect(seen.kinds).toContain('audio')
})

test('a device can be muted like any other member', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const camera = await stage.push('camera')
  const publication = camera.open()
  void alice.member.request('room.mute', { userId: 'camera', kind: 'video', muted: true })
  stage.play(publication, videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  stage.settle()
  expect(alice.users()[0]!.streams[0]).toMatchObject({ hasAudio: true, hasVideo: false })
})

test('media that a member’s signature does not permit never leaves the server', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  stage.pushPermissions = { sendVideo: false }
  const camera = await stage.push('camera')
  stage.play(camera.open(), videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  expect(alice.users()[0]!.streams[0]).toMatchObject({ hasAudio: true, hasVideo: false })
})

test('a stream ended by an operator keeps its mutes and viewers when it is published again', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob', { permissions: { sendVideo: false } })
  void alice.member.request('room.mute', { userId: 'bob', kind: 'audio', muted: true })
  stage.publishAs(bob)
  const { play } = alice.users()[0]!.streams[0]!
  stage.hub.get(bob.member.openStream('main').key)!.end('kicked')
  stage.settle()
  expect(stage.ends).toEqual(['kicked'])
  const publication = stage.publishAs(bob)
  const seen = heard(stage, bob)
  stage.play(publication, videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  expect(seen.kinds).toEqual([])
  void alice.member.request('room.mute', { userId: 'bob', kind: 'audio', muted: false })
  stage.settle()
  expect(alice.users()[0]!.streams[0]).toMatchObject({ hasAudio: true, hasVideo: false, play })
  expect(await stage.admit('r', play.rtmp.slice(2))).toMatchObject({ ok: true })
  bob.member.leave()
  stage.settle()
  expect(stage.ends).toEqual(['kicked', 'kicked'])
  expect(stage.hub.list().filter(({ publication: live }) => live !== undefined)).toEqual([])
})
