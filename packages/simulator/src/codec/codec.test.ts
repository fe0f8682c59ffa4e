import { expect, test } from 'vitest'
import type { AudioFrame, VideoFrame } from '@crossroom/media'

import { clockAgeMs, drawClock } from '../picture/clock-picture.js'
import { loadLibrary } from './library.js'
import { PictureDecoder } from './picture-decoder.js'
import { PictureEncoder } from './picture-encoder.js'
import { SoundMeter } from './sound-meter.js'
import { ToneEncoder } from './tone-encoder.js'

test('a clock survives coding at the bitrate of a phone', async () => {
  const library = await loadLibrary()
  const frames: VideoFrame[] = []
  const encoder = new PictureEncoder(library, {
    width: 360,
    height: 640,
    frameRate: 15,
    bitrate: 200_000,
    handle: (frame) => frames.push(frame),
  })
  const start = 1_700_000_000_000
  for (let index = 0; index < 30; index++) {
    encoder.encode(index * 66_667, index === 0, (picture) => drawClock(picture, start + index * 66))
  }
  const ages: (number | undefined)[] = []
  const decoder = new PictureDecoder(library, (luma) => ages.push(clockAgeMs(luma, start + 5000)))
  for (const frame of frames) decoder.decode(frame)
  expect(frames.map(({ keyframe }) => keyframe)).toEqual([true, ...new Array<boolean>(29).fill(false)])
  expect(ages).toEqual(Array.from({ length: 30 }, (_, index) => 5000 - index * 66))
  encoder.close()
  decoder.close()
})

test('a tone is heard, a microphone that is off is not', async () => {
  const library = await loadLibrary()
  const frames: AudioFrame[] = []
  const encoder = new ToneEncoder(library, { sampleRate: 48_000, pitch: 440, handle: (frame) => frames.push(frame) })
  encoder.encodeUntil(500_000, true)
  const meter = new SoundMeter(library)
  for (const frame of frames.splice(0)) meter.decode(frame)
  const tone = meter.take()
  expect(tone.level).toBeGreaterThan(60)
  expect(Math.abs(tone.pitch - 440)).toBeLessThan(5)
  encoder.encodeUntil(1_500_000, false)
  for (const frame of frames.splice(0, 3)) meter.decode(frame)
  meter.take()
  for (const frame of frames) meter.decode(frame)
  expect(meter.take().level).toBeLessThan(5)
  expect(meter.take()).toEqual({ level: 0, pitch: 0 })
  encoder.close()
  meter.close()
})
