import { expect, test } from 'vitest'
import { audioMediaWithNack, numberOf, SimulatedPublisher, videoMedia } from './publisher.cases.js'

const SECOND = 1_000_000

test('on a clean link every frame comes out at once, in order, with rising times', () => {
  const publisher = new SimulatedPublisher({ up: { seed: 1, delay: 25_000 } })
  publisher.run(10 * SECOND)
  const video = publisher.frames('video')
  const audio = publisher.frames('audio')
  expect(video.map(({ frame }) => numberOf(frame.units[0]!))).toEqual(video.map((_, index) => index))
  expect(audio.map(({ frame }) => numberOf(frame.units[0]!))).toEqual(audio.map((_, index) => index))
  expect(video.length).toBeGreaterThanOrEqual(publisher.videoFrames - 1)
  expect(video[0]!.at).toBe(25_000)
  for (const frames of [video, audio]) {
    for (let index = 1; index < frames.length; index++) {
      expect(frames[index]!.frame.pts).toBeGreaterThan(frames[index - 1]!.frame.pts)
    }
  }
  expect(video[0]!.frame).toMatchObject({ keyframe: true, config: { codec: 'h264', width: 320, height: 180 } })
  expect(new Set(video.map(({ frame }) => frame.config)).size).toBe(1)
  expect(publisher.rtcp.filter(({ packet }) => packet.type === 'nack' || packet.type === 'pli')).toEqual([])
})

const impairments = [
  { name: 'uniform', of: (loss: number) => ({ loss }) },
  { name: 'bursty', of: (loss: number) => ({ burstLoss: { enter: (loss * 0.3) / (1 - loss), leave: 0.3 } }) },
]

test.each([
  { loss: 0.01, video: 0.999, audio: 0.995 },
  { loss: 0.05, video: 0.995, audio: 0.99 },
  { loss: 0.1, video: 0.98, audio: 0.98 },
  { loss: 0.3, video: 0.85, audio: 0.95 },
])('F6: $loss loss both ways at 50 ms round trip: video ≥ $video, audio ≥ $audio', ({ loss, video, audio }) => {
  for (const impairment of impairments) {
    let [videoSent, videoReceived, audioSent, audioReceived] = [0, 0, 0, 0]
    for (const seed of [1, 2, 3]) {
      const publisher = new SimulatedPublisher({
        up: { seed, delay: 25_000, jitter: 5000, ...impairment.of(loss) },
        down: { seed: seed + 50, delay: 25_000, ...impairment.of(loss) },
        useRed: true,
        seed,
        receiver: { media: [audioMediaWithNack, videoMedia] },
      })
      publisher.run(12 * SECOND)
      const numbers = publisher.frames('video').map(({ frame }) => numberOf(frame.units.at(-1)!))
      expect(numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)).toBe(true)
      videoSent += publisher.videoFrames
      videoReceived += numbers.length
      audioSent += publisher.audioFrames
      audioReceived += publisher.frames('audio').length
    }
    expect(videoReceived / videoSent).toBeGreaterThanOrEqual(video)
    expect(audioReceived / audioSent).toBeGreaterThanOrEqual(audio)
  }
})
