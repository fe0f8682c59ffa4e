import { expect, test } from 'vitest'
import type { Publication } from '../../packages/server/src/hub/index.js'
import { RoomStage, type Entered } from './room-stage.js'
import { audioConfig, MS, SECOND, videoConfig } from './stage.js'

/** Enters and publishes a few frames. */
function live(stage: RoomStage, userId: string): Entered & { publication: Publication } {
  const who = stage.settled(userId)
  const publication = stage.publishAs(who)
  stage.play(publication, videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  return { ...who, publication }
}

const tracksOf = (stage: RoomStage, userId: string) =>
  stage.media.get(userId)!.subscribed.map(({ userId: of, streamType, kind }) => `${of} ${streamType} ${kind}`)

test('a stream subscribed twice is sent once, as first named', () => {
  const stage = new RoomStage()
  live(stage, 'alice')
  const carol = stage.settled('carol')
  const alice = { userId: 'alice', streamType: 'main' } as const
  const streams = [
    { ...alice, audio: false, video: true, maxWidth: 320 },
    { ...alice, audio: true, video: true },
  ]
  carol.member.request('media.subscribe', { streams })
  expect(stage.media.get('carol')!.subscribed).toMatchObject([{ kind: 'audio' }, { kind: 'video', maxWidth: 320 }])
})

test('nothing is sent without a subscription; "all" means audio first, then screens, then cameras', () => {
  const stage = new RoomStage()
  live(stage, 'alice')
  const bob = live(stage, 'bob')
  stage.play(stage.publishAs(bob, 'aux'), videoConfig(), { frames: 3, gop: 50 })
  const carol = stage.settled('carol')
  expect(stage.media.size).toBe(0)
  carol.member.request('media.subscribe', { streams: 'all' })
  expect(tracksOf(stage, 'carol')).toEqual([
    'alice main audio',
    'bob main audio',
    'bob aux video',
    'alice main video',
    'bob main video',
  ])
  carol.member.request('media.subscribe', { streams: [] })
  expect(tracksOf(stage, 'carol')).toEqual([])
})

test('a subscription follows joins and leaves, and is reported only when it changes', () => {
  const stage = new RoomStage()
  const carol = stage.settled('carol')
  carol.member.request('media.subscribe', { streams: 'all' })
  const alice = live(stage, 'alice')
  stage.settle()
  expect(tracksOf(stage, 'carol')).toEqual(['alice main audio', 'alice main video'])
  const { calls } = stage.media.get('carol')!
  const said = calls.length
  stage.settled('dave', { role: 'audience' })
  alice.member.request('message.send', { to: null, kind: 'text', data: 'hello' })
  stage.settle()
  expect(calls.length).toBe(said)
  alice.member.leave()
  stage.settle()
  expect(tracksOf(stage, 'carol')).toEqual([])
})

test('a stream subscribed in advance is sent once it exists, in the requested order and width', () => {
  const stage = new RoomStage()
  const carol = stage.settled('carol')
  const stream = (userId: string, maxWidth?: number) => ({
    ...{ userId, streamType: 'main' as const, audio: true, video: true },
    ...(maxWidth === undefined ? {} : { maxWidth }),
  })
  carol.member.request('media.subscribe', {
    streams: [stream('bob', 320), stream('alice'), stream('bob'), stream('carol')],
  })
  live(stage, 'alice')
  live(stage, 'bob')
  stage.settle()
  const tracks = stage.media.get('carol')!.subscribed
  expect(tracks.map(({ userId, kind, maxWidth }) => [userId, kind, maxWidth])).toEqual([
    ['bob', 'audio', undefined],
    ['alice', 'audio', undefined],
    ['bob', 'video', 320],
    ['alice', 'video', undefined],
  ])
})

test('a muted track stays subscribed, after the others, until it is no longer published', () => {
  const stage = new RoomStage()
  const carol = stage.settled('carol')
  carol.member.request('media.subscribe', { streams: 'all' })
  const alice = live(stage, 'alice')
  live(stage, 'bob')
  alice.member.request('media.state', { audio: true, video: false, streamType: 'main' })
  stage.clock.advance(100 * MS)
  expect(tracksOf(stage, 'carol').slice(2)).toEqual(['bob main video', 'alice main video'])
  alice.publication.end()
  stage.clock.advance(100 * MS)
  expect(tracksOf(stage, 'carol')).toEqual(['bob main audio', 'bob main video'])
})

test('a phone that takes over from itself, audio first, stays subscribed throughout', () => {
  const stage = new RoomStage()
  const carol = stage.settled('carol')
  carol.member.request('media.subscribe', { streams: 'all' })
  const alice = live(stage, 'alice')
  stage.settle()
  const { calls } = stage.media.get('carol')!
  const said = calls.length
  const again = stage.publishAs(alice)
  again.push(stage.frame(audioConfig(), 0))
  stage.settle()
  expect(tracksOf(stage, 'carol')).toEqual(['alice main audio', 'alice main video'])
  stage.play(again, videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  stage.settle()
  expect(tracksOf(stage, 'carol')).toEqual(['alice main audio', 'alice main video'])
  expect(calls.length).toBe(said)
})

test('a camera that does not return with its microphone is unsubscribed', () => {
  const stage = new RoomStage()
  const carol = stage.settled('carol')
  carol.member.request('media.subscribe', { streams: 'all' })
  const alice = live(stage, 'alice')
  stage.settle()
  const again = stage.publishAs(alice)
  for (let ms = 0; ms < 5000; ms += 20) {
    again.push(stage.frame(audioConfig(), ms * MS))
    stage.clock.advance(20 * MS)
  }
  expect(tracksOf(stage, 'carol')).toEqual(['alice main audio'])
})

test('a track removed from a browser’s offer is unsubscribed everywhere', () => {
  const stage = new RoomStage()
  const carol = stage.settled('carol')
  carol.member.request('media.subscribe', { streams: 'all' })
  const alice = live(stage, 'alice')
  alice.member.request('media.publish', { sdp: 'offer', tracks: [{ mid: '0', streamType: 'main', kind: 'audio' }] })
  stage.settle()
  expect(tracksOf(stage, 'carol')).toEqual(['alice main audio'])
})

test('without WebRTC a subscription is refused with a sentence, and everything else continues', () => {
  const stage = new RoomStage({ webRtc: false })
  const carol = stage.settled('carol')
  expect(() => carol.member.request('media.subscribe', { streams: 'all' })).toThrow(
    expect.objectContaining({ code: 'WEBRTC_OFF' }) as Error,
  )
  carol.member.request('media.subscribe', { streams: [] })
  stage.clock.advance(SECOND)
  expect(carol.member.request('media.pushAddress', { streamType: 'main' })).toHaveProperty('rtmp')
})

test('an invalid SDP is the sender’s fault and gets the gateway’s sentence', () => {
  const stage = new RoomStage()
  const bob = stage.settled('bob')
  expect(() => bob.member.request('media.publish', { sdp: 'bad', tracks: [] })).toThrow(
    expect.objectContaining({ code: 'SDP_INVALID', message: 'The SDP makes no sense.' }) as Error,
  )
})

test('a track that stalled before it ended is unsubscribed', () => {
  const stage = new RoomStage()
  const carol = stage.settled('carol')
  carol.member.request('media.subscribe', { streams: 'all' })
  const { publication } = live(stage, 'alice')
  stage.clock.advance(5 * SECOND)
  expect(tracksOf(stage, 'carol')).toEqual(['alice main audio', 'alice main video'])
  publication.end()
  stage.clock.advance(100 * MS)
  expect(tracksOf(stage, 'carol')).toEqual([])
})

test('a media fault of one member affects no other, and ends with the next change', () => {
  const stage = new RoomStage()
  const [alice, bob] = [stage.settled('alice'), stage.settled('bob')]
  for (const { member } of [alice, bob]) member.request('media.subscribe', { streams: 'all' })
  const media = stage.media.get('alice')!
  media.isBroken = true
  const carol = stage.settled('carol')
  stage.play(stage.publishAs(carol), videoConfig(), { frames: 3, gop: 50 })
  stage.settle()
  for (const { users } of [alice, bob]) expect(users().at(-1)?.userId).toBe('carol')
  expect([media.subscribed.length, stage.media.get('bob')!.subscribed.length]).toEqual([0, 1])
  media.isBroken = false
  stage.settled('dora')
  expect(media.subscribed).toHaveLength(1)
})
