import type { MediaFrame } from '@crossroom/media'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RoomStage } from './room-stage.js'
import { audioConfig, videoConfig } from './stage.js'

test('members that send nothing open no stream in the hub, and are listed with addresses all the same', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  for (const name of ['bob', 'carol', 'dan']) stage.settled(name)
  expect(stage.hub.size).toBe(0)
  expect(alice.users().map(({ streams }) => streams.map(({ streamType, hasVideo }) => [streamType, hasVideo]))).toEqual(
    Array.from({ length: 3 }, () => [['main', false]]),
  )
})

test('one stream opens for a publishing member, and closes with it', () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  stage.play(stage.publishAs(bob), videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  stage.settle()
  expect(stage.hub.list().map(({ key }) => key.label)).toEqual(['room/bob/main'])
  expect(alice.users()[0]!.streams[0]).toMatchObject({ hasAudio: true, hasVideo: true })
  bob.member.leave()
  expect(stage.hub.size).toBe(0)
})

test('a player of a member that sends nothing yet waits for its first frame', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob')
  const { play } = alice.users()[0]!.streams[0]!
  const grant = await stage.admit('r', play.rtmp.split('/').at(-1)!)
  if (!grant.ok) throw new Error(grant.sentence)
  const frames: MediaFrame[] = []
  const stream = stage.hub.get(grant.key)!
  stream.subscribe({ handleFrame: (frame) => void frames.push(frame), handleEnd: () => undefined }, 'gop')
  stage.clock.advance(60_000_000)
  expect(stage.hub.get(grant.key)).toBe(stream)
  stage.play(stage.publishAs(bob), videoConfig(), { frames: 3, gop: 50 })
  expect(frames).toHaveLength(3)
})

test('a mute before a member first sends withholds its media from the first frame on', () => {
  const kinds = fc.record({ audio: fc.boolean(), video: fc.boolean() })
  fc.assert(
    fc.property(kinds, kinds, fc.boolean(), (byOwner, byItself, isPlayedBefore) => {
      const stage = new RoomStage()
      const alice = stage.settled('alice')
      const bob = stage.settled('bob')
      for (const kind of ['audio', 'video'] as const)
        if (byOwner[kind]) void alice.member.request('room.mute', { userId: 'bob', kind, muted: true })
      bob.member.request('media.state', { audio: !byItself.audio, video: !byItself.video, streamType: 'main' })
      const seen = new Set<string>()
      const watch = (): void =>
        void stage.hub
          .open(bob.member.openStream('main').key)
          .subscribe({ handleFrame: ({ config }) => void seen.add(config.kind), handleEnd: () => undefined }, 'gop')
      if (isPlayedBefore) watch()
      const publication = stage.publishAs(bob)
      if (!isPlayedBefore) watch()
      stage.play(publication, videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
      for (const kind of ['audio', 'video'] as const) expect(seen.has(kind)).toBe(!byOwner[kind] && !byItself[kind])
    }),
    { numRuns: 40 },
  )
})
