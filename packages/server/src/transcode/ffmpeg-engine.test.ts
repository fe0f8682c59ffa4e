import { hasBSlice, isAudioFrame, type AudioFrame, type MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderFor, RECIPES, type RecipeName } from './catalog.js'
import type { CodecProcess } from './codec-process.js'
import {
  aacFrames,
  convertAll,
  decodeAac,
  decodeOpus,
  expectSamePictures,
  ivfFrames,
  onset,
  readyProcess,
  rms,
  toneShare,
  videoFrames,
} from './codec-process.fake.js'

let codecs: CodecProcess

beforeAll(async () => {
  codecs = await readyProcess('ffmpeg', 'video')
})

afterAll(() => {
  codecs.close()
})

test('the second engine tells its name', () => {
  expect(codecs.engine).toMatch(/^ffmpeg \d/)
})

async function convert(name: RecipeName, frames: readonly MediaFrame[], until: number): Promise<MediaFrame[]> {
  const recipe = RECIPES.find((entry) => entry.name === name)!
  const enough = (out: readonly MediaFrame[]) => (out.at(-1)?.pts ?? -1) >= until
  return convertAll(codecs, orderFor(recipe, {}, frames[0]!.config), frames, enough)
}

const LATE_TONE = "aevalsrc='if(gte(t,1),0.4*sin(2*PI*1000*t),0)':s=48000"

test.each([
  { rate: 48000, channels: 2 },
  { rate: 44100, channels: 1 },
  { rate: 16000, channels: 1 },
])('AAC of $rate Hz becomes Opus, and AAC again, with the same tone at the same time', async ({ rate, channels }) => {
  const frames = aacFrames(LATE_TONE, rate, channels, 3)
  const opus = (await convert('audio-to-opus', frames, 2_600_000)).filter(isAudioFrame)
  expect(opus[0]!.config).toMatchObject({ codec: 'opus', channels })
  const source = decodeAac(frames)
  expectSameTone(decodeOpus(opus), opus, source)
  const aac = (await convert('audio-to-aac', opus, 2_200_000)).filter(isAudioFrame)
  expect(aac[0]!.config).toMatchObject({ codec: 'aac', channels, sampleRate: 48000 })
  expectSameTone(decodeAac(aac), aac, source)
})

function expectSameTone(samples: Float32Array, frames: readonly AudioFrame[], source: Float32Array): void {
  const loud = samples.subarray(72_000, 96_000)
  expect(toneShare(loud, 1000)).toBeGreaterThan(0.97)
  expect(rms(loud) / rms(source.subarray(72_000, 96_000))).toBeCloseTo(1, 1)
  expect(Math.abs(onset(samples) / 48 + frames[0]!.pts / 1000 - onset(source) / 48)).toBeLessThan(2)
}

test('B-frames are converted away, picture for picture', async () => {
  const frames = videoFrames(3, '320x240', ['-c:v', 'libx264', '-g', '25', '-b:v', '600k'])
  const times = frames.map((frame) => frame.pts).sort((a, b) => a - b)
  const out = await convert('video-without-b-frames', frames, times[55]!)
  expect(out.map((frame) => frame.pts)).toEqual(times.slice(0, out.length))
  expect(out.some((frame) => hasBSlice(frame.units))).toBe(false)
  expect(out.every((frame) => frame.dts === frame.pts)).toBe(true)
  expect(out.filter((frame) => frame.keyframe).map((frame) => frame.pts)).toEqual(
    frames.filter((frame) => frame.keyframe && frame.pts <= out.at(-1)!.pts).map((frame) => frame.pts),
  )
  expect(expectSamePictures(out, frames)).toBeGreaterThan(30)
})

test('H.264 becomes VP8, and VP8 becomes H.264', async () => {
  const frames = videoFrames(2, '320x240', ['-c:v', 'libx264', '-bf', '0', '-g', '25'])
  const out = await convert('video-to-vp8', frames, frames[40]!.pts)
  expect(out[0]!.config).toMatchObject({ codec: 'vp8', width: 320, height: 240 })
  expect(expectSamePictures(out, frames)).toBeGreaterThan(30)
  const slices = await convert('video-in-slices', frames, frames[40]!.pts)
  expect(Math.max(...slices.flatMap(({ units }) => units.map(({ length }) => length)))).toBeLessThanOrEqual(1150)
  expect(expectSamePictures(slices, frames)).toBeGreaterThan(30)
  const back = ivfFrames('vp8', 2, '320x240', ['-c:v', 'libvpx', '-deadline', 'realtime', '-auto-alt-ref', '0'])
  const h264 = await convert('video-to-h264', back, back[40]!.pts)
  expect(h264[0]!.config).toMatchObject({ codec: 'h264', orientation: 90 })
  expect(expectSamePictures(h264, back)).toBeGreaterThan(30)
})

test('frames that are only decoded are not in the output', async () => {
  const frames = videoFrames(2, '320x240', ['-c:v', 'libx264', '-bf', '0', '-g', '100'])
  const out: MediaFrame[] = []
  const recipe = RECIPES.find((entry) => entry.name === 'video-without-b-frames')!
  await new Promise<void>((resolve, reject) => {
    const channel = codecs.open(orderFor(recipe, {}, frames[0]!.config), {
      handleReady: () => {
        frames.forEach((frame, index) => channel.send(frame, index < 30))
      },
      handleFrame: (frame) => {
        out.push(frame)
        if (out.length === 15) resolve()
      },
      handleLost: () => reject(new Error('lost')),
      handleFailed: (reason) => reject(new Error(reason)),
    })
  })
  expect(out[0]).toMatchObject({ pts: frames[30]!.pts, keyframe: true })
})
