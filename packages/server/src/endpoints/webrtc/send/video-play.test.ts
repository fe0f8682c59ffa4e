import { VirtualClock } from '@crossroom/testkit'
import { OFFERED_CODECS, PlaySender, type NegotiatedMedia } from '@crossroom/webrtc'
import { beforeEach, expect, test } from 'vitest'
import { StreamKey } from '../../../hub/index.js'
import { FakeEgress } from './egress.fake.js'
import { H264_HIGH, picture, TestSource, VP8 } from './frames.fake.js'
import { RtpFanouts } from './rtp-fanouts.js'
import { VideoPlay } from './video-play.js'

const MS = 1000
const TRACK = 9
const MEDIA: NegotiatedMedia = {
  ...{ mid: '0', kind: 'video', direction: 'send', codecs: OFFERED_CODECS.video, extensions: {} },
  ...{ local: { ssrc: 77, rtxSsrc: 78 }, remote: [], rids: [] },
}

let clock: VirtualClock
let egress: FakeEgress
let fanouts: RtpFanouts
let play: VideoPlay
let ends: string[]
let source: TestSource

beforeEach(() => {
  clock = new VirtualClock(1_000_000)
  egress = new FakeEgress()
  fanouts = new RtpFanouts(egress, () => clock.now())
  ends = []
  play = new VideoPlay((reason) => ends.push(reason))
  source = new TestSource()
})

function bind(): void {
  const sender = new PlaySender({ wallClockOffset: 0 })
  const rates = { packetsPerSecond: () => 0, bitsPerSecond: () => 0, rtpTimestampAt: () => undefined }
  sender.addTrack(clock.now(), { ...rates, kind: 'video', ssrc: 77, canResend: true })
  play.bind({ egress, clock, sender, media: MEDIA, track: TRACK, ssrc: 77 })
}

function push(to: TestSource, options: Parameters<typeof picture>[1] = {}): void {
  to.push(picture(clock.now(), options))
  clock.advance(40 * MS)
}

/** Time stamps as the viewer gets them, of frames that were sent to it. */
function sent(): number[] {
  const offset = egress.tracks.get(TRACK)?.timestampOffset ?? 0
  return egress.frames
    .filter(({ targets }) => targets.includes(TRACK))
    .map((frame) => (frame.rtpTimestamp + offset) >>> 0)
}

test('it starts from the cached keyframe; without one the publisher is asked, and nothing comes before it', () => {
  play.attach(fanouts.of(source))
  push(source, { keyframe: true })
  push(source)
  bind()
  expect(egress.replays).toMatchObject([{ track: TRACK }])
  expect(egress.replays[0]!.rtpTimestamps).toHaveLength(2)

  const late = new VideoPlay(() => undefined)
  const empty = new TestSource(StreamKey.room('bob'))
  late.attach(fanouts.of(empty))
  play.detach()
  play = late
  bind()
  expect(empty.keyframesAsked).toBe(1)
  egress.frames.length = 0
  push(empty)
  expect(sent()).toEqual([])
  push(empty, { keyframe: true })
  expect(sent()).toHaveLength(1)
})

test('another source takes over at its keyframe, which is asked for until it comes; until then the first flows on', () => {
  play.attach(fanouts.of(source))
  bind()
  push(source, { keyframe: true })
  const other = new TestSource(StreamKey.room('ann').small)
  play.attach(fanouts.of(other))
  expect(other.keyframesAsked).toBe(1)
  for (let i = 0; i < 30; i++) {
    push(source)
    push(other, { pts: 40_000 * i })
  }
  expect(other.keyframesAsked).toBe(5)
  expect(play.fanout).toBe(fanouts.of(source))
  const before = sent().at(-1)!
  const count = sent().length
  push(other, { keyframe: true, pts: 40_000 * 30 })
  expect(source.sinks.size).toBe(0)
  expect(sent()).toHaveLength(count + 1)
  const step = (sent().at(-1)! - before) | 0
  expect(step).toBeGreaterThan(0)
  expect(step).toBeLessThan(90 * 100)
})

test('a change of mind before the keyframe leaves everything as it was', () => {
  play.attach(fanouts.of(source))
  bind()
  push(source, { keyframe: true })
  const other = new TestSource(StreamKey.room('ann').small)
  play.attach(fanouts.of(other))
  play.attach(fanouts.of(source))
  expect(other.sinks.size).toBe(0)
  push(source)
  expect(sent()).toHaveLength(2)
})

test('each codec and profile goes under its own payload type, with its own retransmissions', () => {
  play.attach(fanouts.of(source))
  bind()
  push(source, { keyframe: true })
  expect(egress.tracks.get(TRACK)).toMatchObject({ payloadType: 102, rtxPayloadType: 103 })
  push(source, { keyframe: true, config: H264_HIGH })
  expect(egress.tracks.get(TRACK)).toMatchObject({ payloadType: 104, rtxPayloadType: 105 })
  push(source, { keyframe: true, config: VP8 })
  expect(egress.tracks.get(TRACK)).toMatchObject({ payloadType: 96, rtxPayloadType: 97 })
})

test('when the stream ends a waiting one replaces it, otherwise the end is reported', () => {
  play.attach(fanouts.of(source))
  bind()
  push(source, { keyframe: true })
  const other = new TestSource(StreamKey.room('ann').small)
  play.attach(fanouts.of(other))
  for (const sink of [...source.sinks]) sink.handleEnd('ended')
  expect(ends).toEqual([])
  expect(play.fanout).toBe(fanouts.of(other))
  for (const sink of [...other.sinks]) sink.handleEnd('ended')
  expect(ends).toEqual(['ended'])
  expect(play.fanout).toBeUndefined()
})

test('if a publisher does not answer for 500 ms, generated pictures flow until its keyframe', () => {
  const made = new TestSource(StreamKey.room('ann'))
  fanouts = new RtpFanouts(
    egress,
    () => clock.now(),
    (stream) => (stream === source ? made : undefined),
  )
  play.attach(fanouts.of(source))
  bind()
  push(source)
  clock.advance(400 * MS)
  expect(made.sinks.size).toBe(0)
  clock.advance(100 * MS)
  expect(made.sinks.size).toBe(1)
  push(made, { keyframe: true })
  push(source)
  push(made)
  expect(sent()).toHaveLength(2)
  push(source, { keyframe: true })
  push(source)
  expect(sent()).toHaveLength(4)
  expect(made.sinks.size).toBe(0)
  expect([...sent()].sort((a, b) => a - b)).toEqual(sent())
})
