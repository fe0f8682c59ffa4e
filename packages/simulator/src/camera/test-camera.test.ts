import { isVideoFrame, type MediaFrame, type VideoFrame } from '@crossroom/media'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { loadLibrary, type Library } from '../codec/library.js'
import { PictureDecoder } from '../codec/picture-decoder.js'
import { SoundMeter } from '../codec/sound-meter.js'
import { clockAgeMs } from '../picture/clock-picture.js'
import type { Quirks } from '../quirks.js'
import { settings, testCamera } from '../tags/tag.fake.js'
import type { CameraSettings } from './camera.js'

const MICROS = 1_000_000
let library: Library
beforeAll(async () => {
  library = await loadLibrary()
})
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** What a camera gives in so many seconds; `change` comes into force after two of them. */
function film(
  seconds: number,
  quirks: Partial<Quirks>,
  change: Partial<CameraSettings> = {},
  from = settings,
): MediaFrame[] {
  const camera = testCamera(library, quirks, from)
  const frames: MediaFrame[] = []
  camera.start((frame) => void frames.push(frame))
  vi.advanceTimersByTime(2000)
  camera.configure({ ...from, ...change })
  vi.advanceTimersByTime((seconds - 2) * 1000)
  camera.stop()
  return frames
}

const picturesOf = (frames: readonly MediaFrame[]): VideoFrame[] => frames.filter(isVideoFrame)
/** The change is at 2 s; half a second later nothing of before is under way any more. */
const later = (frames: readonly MediaFrame[]): MediaFrame[] => frames.filter(({ pts }) => pts > 2.5 * MICROS)

test.each([
  [3, [0, 3, 6, 9]],
  [5, [0, 5, 10]],
])('with gopSeconds %d there is a keyframe at %j s', (gopSeconds, seconds) => {
  const keyframes = picturesOf(film(11, { gopSeconds })).filter(({ keyframe }) => keyframe)
  expect(keyframes.map(({ pts }) => Math.round(pts / MICROS))).toEqual(seconds)
})

test.each([
  [0, [64]],
  [2, [64, 48, 64, 48]],
])('with resizeSeconds %d the widths are %j', (resizeSeconds, widths) => {
  const seen: number[] = []
  for (const { config } of picturesOf(film(7, { resizeSeconds }))) {
    if (config.width !== seen.at(-1)) seen.push(config.width)
  }
  expect(seen).toEqual(widths)
})

test('a microphone that is off sends silence, or nothing', () => {
  const soundsOf = (silentMicrophone: Quirks['silentMicrophone']): MediaFrame[] =>
    later(film(5, { silentMicrophone }, { isMicrophoneOn: false })).filter((frame) => !isVideoFrame(frame))
  expect(soundsOf('nothing')).toEqual([])
  const silence = soundsOf('silence')
  expect(silence.length).toBeGreaterThan(30)
  const meter = new SoundMeter(library)
  for (const frame of silence) meter.decode(frame as Parameters<SoundMeter['decode']>[0])
  expect(meter.take().level).toBeLessThan(5)
  meter.close()
})

test('a camera that is off sends black, or nothing', () => {
  const readable = { ...settings, width: 180, height: 320 }
  const takenBy = (darkCamera: Quirks['darkCamera']): VideoFrame[] =>
    picturesOf(film(5, { darkCamera, gopSeconds: 1 }, { isCameraOn: false }, readable))
  expect(later(takenBy('nothing'))).toEqual([])
  const ages: (number | undefined)[] = []
  let brightest = 0
  const decoder = new PictureDecoder(library, (luma) => {
    ages.push(clockAgeMs(luma, Date.now()))
    if (ages.length <= 11) return
    for (let y = 0; y < luma.height; y++)
      brightest = Math.max(brightest, ...luma.bytes.subarray(y * luma.stride, y * luma.stride + luma.width))
  })
  for (const frame of takenBy('black')) decoder.decode(frame)
  decoder.close()
  expect(ages.length).toBeGreaterThan(20)
  expect(ages.slice(0, 10).every((age) => age !== undefined)).toBe(true)
  expect(ages.slice(11).every((age) => age === undefined)).toBe(true)
  expect(brightest).toBeLessThan(30)
})

test('a camera that is on again sends its picture again, with a keyframe first where there was none for long', () => {
  const camera = testCamera(library, { darkCamera: 'nothing', gopSeconds: 3 })
  const frames: MediaFrame[] = []
  camera.start((frame) => void frames.push(frame))
  vi.advanceTimersByTime(1000)
  camera.configure({ ...settings, isCameraOn: false })
  vi.advanceTimersByTime(4000)
  frames.length = 0
  camera.configure(settings)
  vi.advanceTimersByTime(1000)
  camera.stop()
  expect(picturesOf(frames).map(({ keyframe }) => keyframe)).toEqual([true, false, false, false, false])
})
