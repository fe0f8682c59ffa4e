import { seededRandom } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { rtpTimestampFromMicros } from '../rtp/timestamp.js'
import { NtpClock } from './ntp-clock.js'
import { TrackClock } from './track-clock.js'

const SECOND = 1_000_000
const NTP_EPOCH = 3_900_000_000 * SECOND

const rtp = (time: number, clockRate: number, start = 0xffff_fff0) =>
  (rtpTimestampFromMicros(time, clockRate) + start) >>> 0

test('the first frame has its arrival time, the next ones the media distance, over the wrap of the timestamp', () => {
  const clock = new TrackClock('video', 90_000)
  const times = [0, 33_333, 66_667, 100_000].map((time) => clock.timeOf(rtp(time, 90_000), 5000 + time))
  expect(times).toEqual([5000, 38_333, 71_667, 105_000])
})

test('jitter does not reach the times', () => {
  const clock = new TrackClock('audio', 48_000)
  const steps: number[] = []
  let last = clock.timeOf(rtp(0, 48_000), 0)
  for (let index = 1; index < 2000; index++) {
    const time = clock.timeOf(rtp(index * 20_000, 48_000), index * 20_000 + ((index * 7919) % 30_000))
    steps.push(time - last)
    last = time
  }
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(19_979)
  expect(Math.max(...steps)).toBeLessThanOrEqual(20_021)
})

test('a first frame that was held up is corrected by slewing, never by a step back', () => {
  const clock = new TrackClock('video', 90_000)
  let last = clock.timeOf(rtp(0, 90_000), 300_000)
  for (let time = 33_333; time < 5 * SECOND; time += 33_333) {
    const at = clock.timeOf(rtp(time, 90_000), time + 20_000)
    expect(at - last).toBeGreaterThan(25_000)
    last = at
  }
  const end = 5 * SECOND - ((5 * SECOND) % 33_333)
  expect(Math.abs(last - end - 20_000)).toBeLessThan(1500)
})

/** Sound and picture taken together, the picture arriving `late`; returns the picture's error against the sound at the end. */
function lipError(options: { late: number; seconds: number; audioPpm?: number; videoPpm?: number; reports?: boolean }) {
  const { late, seconds, audioPpm = 0, videoPpm = 0, reports = true } = options
  const audio = new TrackClock('audio', 48_000)
  const video = new TrackClock('video', 90_000)
  const audioRtp = (time: number) => rtp(time * (1 + audioPpm / 1e6), 48_000)
  const videoRtp = (time: number) => rtp(time * (1 + videoPpm / 1e6), 90_000, 12_345)
  let [audioTime, videoTime, nextReport] = [0, 0, SECOND]
  let [lastAudio, lastVideo] = [0, 0]
  for (let time = 1; time < seconds * SECOND; time += 500_000) {
    if (reports && time >= nextReport) {
      audio.onSenderTime(NTP_EPOCH + time, audioRtp(time))
      video.onSenderTime(NTP_EPOCH + time, videoRtp(time))
      nextReport += 5 * SECOND
    }
    audioTime = audio.timeOf(audioRtp(time), time + 30_000)
    video.follow(audio)
    videoTime = video.timeOf(videoRtp(time), time + 30_000 + late)
    if (audioTime <= lastAudio || videoTime <= lastVideo) throw new Error(`time does not rise at ${time}`)
    lastAudio = audioTime
    lastVideo = videoTime
  }
  return { lips: videoTime - audioTime, behind: audioTime - seconds * SECOND }
}

test('video is slewed to the sound within seconds of the first report', () => {
  expect(Math.abs(lipError({ late: 400_000, seconds: 8 }).lips)).toBeLessThan(2000)
})

test('arrivals alone decide without reports', () => {
  expect(lipError({ late: 40_000, seconds: 8, reports: false }).lips).toBe(40_000)
})

test.each([
  { audioPpm: 200, videoPpm: -200 },
  { audioPpm: -200, videoPpm: 200 },
  { audioPpm: 500, videoPpm: 0 },
])('F8: after 24 h of $audioPpm and $videoPpm ppm lips and delay are where they were', ({ audioPpm, videoPpm }) => {
  const { lips, behind } = lipError({ late: 100_000, seconds: 24 * 3600, audioPpm, videoPpm })
  expect(Math.abs(lips)).toBeLessThan(10_000)
  expect(Math.abs(behind + 470_000)).toBeLessThan(30_000)
})

test('F10: a jump of an hour in the timestamps is anchored anew, once, and time rises', () => {
  const clock = new TrackClock('video', 90_000)
  let last = 0
  for (let index = 0; index < 100; index++) {
    const media = index * 33_333 + (index < 50 ? 0 : index < 75 ? 3600 * SECOND : 7 * SECOND)
    const time = clock.timeOf(rtp(media, 90_000), index * 33_333)
    expect(time).toBeGreaterThan(last - 1)
    expect(time - index * 33_333).toBeLessThan(1000)
    last = time
  }
  expect(clock.jumps).toBe(2)
})

/** Sound of 20 ms and pictures at 30 fps from one encoder over one path. */
interface Call {
  /** Nothing is taken of these tracks from 10 s on for so long; their timestamps go on, or stand still. */
  readonly paused?: { readonly of: readonly ('audio' | 'video')[]; readonly seconds: number; readonly stands: boolean }
  /** The path holds everything from 10 s on for so long. */
  readonly heldSeconds?: number
  /** How much faster than real time a path drains that held something. */
  readonly drain?: number
  readonly reports: boolean
  /** When the sender reports after a pause: before the first packet (-1), with it, or so many seconds later. */
  readonly reportAfterPause?: number
  /** Opus with DTX from this second on. */
  readonly dtxFrom?: number
}

/** The largest error of the picture against the sound, later than 1 s after the pause, and the largest error of delay. */
function callErrors({
  paused,
  heldSeconds = 0,
  drain = Infinity,
  reports,
  reportAfterPause,
  dtxFrom = Infinity,
}: Call) {
  const clocks = { audio: new TrackClock('audio', 48_000), video: new TrackClock('video', 90_000) }
  const stood = { audio: 0, video: 0 }
  const error: { audio: number; video: number } = { audio: 0, video: 0 }
  const random = seededRandom(3)
  const sent: { kind: 'audio' | 'video'; taken: number; media: number; at: number; report: boolean }[] = []
  const end = 10 * SECOND + (paused?.seconds ?? 0) * SECOND
  for (const kind of ['audio', 'video'] as const)
    for (let taken = 0, next = 0, report = SECOND, last = 0; taken < 24 * SECOND; taken = next) {
      const isSilent = kind === 'audio' && taken > dtxFrom * SECOND
      next = taken + (kind === 'video' ? 33_333 : isSilent ? 400_000 : 20_000)
      const isPaused = paused?.of.includes(kind) === true && taken >= 10 * SECOND && taken < end
      if (isPaused && paused.stands) stood[kind] += next - taken
      if (isPaused) continue
      const media = taken - stood[kind]
      const isHeld =
        taken >= 10 * SECOND && taken < (10 + heldSeconds * (drain === Infinity ? 1 : 1 / (1 - 1 / drain))) * SECOND
      const at = isHeld ? (10 + heldSeconds) * SECOND + (taken - 10 * SECOND) / drain : taken
      const isDue = reports && taken >= report
      if (isDue) report += (kind === 'audio' ? 5 : 1) * SECOND
      // Before the pause reports keep their beat, after it the case says when.
      if (reportAfterPause !== undefined && reportAfterPause >= 0 && taken < end && next >= end)
        report = end + reportAfterPause * SECOND
      // Frames leave the jitter buffer in order.
      last = Math.max(last, Math.max(at, taken) + 30_000 + Math.round(random() * 15_000))
      sent.push({ kind, taken, media, at: last, report: isDue })
    }
  const worst = { apart: 0, delay: 0 }
  const seen = new Set<string>()
  for (const { kind, taken, media, at, report } of sent.sort((a, b) => a.at - b.at)) {
    const stamp = rtp(media, kind === 'audio' ? 48_000 : 90_000, kind === 'audio' ? 77 : 0xffff_0000)
    if (kind === 'video') clocks.video.follow(clocks.audio)
    if (reportAfterPause === -1 && paused?.of.includes(kind) && taken >= end && !seen.has(kind))
      clocks[kind].onSenderTime(NTP_EPOCH + taken, stamp)
    error[kind] = clocks[kind].timeOf(stamp, at) - taken
    if (taken >= end) seen.add(kind)
    if (report) clocks[kind].onSenderTime(NTP_EPOCH + taken, stamp)
    if (taken < 9 * SECOND || (taken >= 10 * SECOND && taken < end + SECOND)) continue
    worst.apart = Math.max(worst.apart, Math.abs(error.video - error.audio))
    worst.delay = Math.max(worst.delay, Math.abs(error[kind] - 37_500))
  }
  return worst
}

const pauses = [1, 1.65, 2, 5].flatMap((seconds) =>
  [['audio'], ['video'], ['audio', 'video']].flatMap((of) =>
    [true, false].flatMap((stands) =>
      [true, false].map((reports) => ({ of: of as ('audio' | 'video')[], seconds, stands, reports })),
    ),
  ),
)

test.each(pauses)(
  'a pause of $of for $seconds s (timestamps stand: $stands, reports: $reports) is over within 1 s',
  ({ reports, ...paused }) => {
    const { apart, delay } = callErrors({ paused, reports })
    expect(apart).toBeLessThan(40_000)
    expect(delay).toBeLessThan(60_000)
  },
)

test.each([-1, 0, 0.1, 0.25, 0.5, 2, 4.9])('a report %d s after the pause changes nothing', (reportAfterPause) => {
  for (const seconds of [1, 1.65, 2, 5])
    for (const of of [['audio'], ['video'], ['audio', 'video']] as ('audio' | 'video')[][]) {
      const { apart, delay } = callErrors({ paused: { of, seconds, stands: true }, reports: true, reportAfterPause })
      expect(apart).toBeLessThan(40_000)
      expect(delay).toBeLessThan(60_000)
    }
})

test.each([
  { heldSeconds: 0.4, drain: Infinity },
  { heldSeconds: 2, drain: Infinity },
  { heldSeconds: 6, drain: Infinity },
  { heldSeconds: 0.8, drain: 4 },
  { heldSeconds: 1.5, drain: 2 },
])(
  'a path that holds everything for $heldSeconds s, and drains $drain times as fast, is no clock that stands',
  (held) => {
    for (const reports of [true, false]) {
      const { apart, delay } = callErrors({ ...held, reports })
      expect(apart).toBeLessThan(40_000)
      expect(delay).toBeLessThan(60_000)
    }
  },
)

test.each([true, false])('silence with DTX is no pause (reports: %s)', (reports) => {
  const { apart, delay } = callErrors({ reports, dtxFrom: 12 })
  expect(apart).toBeLessThan(40_000)
  expect(delay).toBeLessThan(60_000)
})

test('a report from another century is not believed', () => {
  const audio = new TrackClock('audio', 48_000)
  const video = new TrackClock('video', 90_000)
  audio.timeOf(rtp(0, 48_000), 0)
  video.timeOf(rtp(0, 90_000), 0)
  audio.onSenderTime(NTP_EPOCH, rtp(0, 48_000))
  video.onSenderTime(NTP_EPOCH + 60 * SECOND, rtp(0, 90_000))
  video.follow(audio)
  expect(video.timeOf(rtp(SECOND, 90_000), SECOND)).toBe(SECOND)
})

test('another SSRC begins anew and time still rises', () => {
  const clock = new TrackClock('video', 90_000)
  const before = clock.timeOf(rtp(0, 90_000), 10_000)
  clock.restart()
  expect(clock.timeOf(rtp(999 * SECOND, 90_000), 9000)).toBeGreaterThan(before)
})

test("the sender's wall clock is where its fastest packet says", () => {
  const clock = new NtpClock()
  expect(clock.toServer(NTP_EPOCH, 0)).toBeUndefined()
  for (let index = 0; index < 100; index++) {
    clock.onCapture(NTP_EPOCH + index * 20_000, index * 20_000 + 40_000 + ((index * 31) % 17) * 1000)
  }
  expect(clock.toServer(NTP_EPOCH + 5 * SECOND, 60_000)! - 5 * SECOND - 10_000).toBeLessThan(2000)
})
