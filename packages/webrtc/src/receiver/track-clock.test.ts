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

test('without reports the arrivals are all there is', () => {
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
