import { hasBSlice, type MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { orderFor, RECIPES, type RecipeName } from './catalog.js'
import type { CodecProcess } from './codec-process.js'
import { convertAll, expectSamePictures, ivfFrames, readyProcess, until, videoFrames } from './codec-process.fake.js'

/** `MAX_RTP_PAYLOAD` of the RTP side. */
const RTP_PAYLOAD = 1150
const X264_DEFAULT = ['-c:v', 'libx264', '-g', '25', '-b:v', '600k']

let codecs: CodecProcess

beforeAll(async () => {
  codecs = await readyProcess('node-av', 'video')
})

afterAll(() => {
  codecs.close()
})

function convert(name: RecipeName, frames: readonly MediaFrame[], count = frames.length): Promise<MediaFrame[]> {
  const recipe = RECIPES.find((entry) => entry.name === name)!
  const order = orderFor(recipe, {}, frames[0]!.config)
  return convertAll(codecs, order, frames, (out) => out.length >= count)
}

test('H.264 as x264 makes it by default becomes H.264 without B-frames, picture for picture', async () => {
  const frames = videoFrames(3, '640x360', X264_DEFAULT)
  expect(frames.some((frame) => hasBSlice(frame.units))).toBe(true)
  // The decoder holds the last pictures back until it sees what follows.
  const held = frames[0]!.config.reorderFrames!
  const out = await convert('video-without-b-frames', frames, frames.length - held)
  const times = frames.map((frame) => frame.pts).sort((a, b) => a - b)
  expect(out.map((frame) => frame.pts)).toEqual(times.slice(0, out.length))
  expect(out.every((frame) => frame.dts === frame.pts)).toBe(true)
  expect(out.some((frame) => hasBSlice(frame.units))).toBe(false)
  expect(out.every((frame) => frame.units.length === 1)).toBe(true)
  const keyframes = (all: readonly MediaFrame[]) => all.filter((frame) => frame.keyframe).map((frame) => frame.pts)
  expect(keyframes(out)).toEqual(keyframes(frames))
  expect(out[0]!.config).toMatchObject({ codec: 'h264', width: 640, height: 360, reorderFrames: 0 })
  expect(out[0]!.config.codecString).toMatch(/^avc1\.42c0/)
  expect(new Set(out.map((frame) => frame.config)).size).toBe(1)
  expect(expectSamePictures(out, frames)).toBe(out.length)
})

test.each(['h264', 'vp8'])('%s becomes H.264 whose every unit fits a packet, picture for picture', async (codec) => {
  const h264 = videoFrames(2, '640x360', ['-c:v', 'libx264', '-bf', '0', '-g', '25'])
  const frames = codec === 'h264' ? h264 : await convert('video-to-vp8', h264)
  const out = await convert('video-in-slices', frames)
  expect(out.map((frame) => frame.pts)).toEqual(frames.map((frame) => frame.pts))
  expect(out.map((frame) => frame.keyframe)).toEqual(frames.map((frame) => frame.keyframe))
  const sizes = out.flatMap((frame) => frame.units.map((unit) => unit.length))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(RTP_PAYLOAD)
  expect(Math.max(...out.map((frame) => frame.units.length))).toBeGreaterThan(5)
  expect(expectSamePictures(out, frames)).toBe(out.length)
})

test('H.264 becomes VP8, picture for picture', async () => {
  const frames = videoFrames(2, '320x240', ['-c:v', 'libx264', '-bf', '0', '-g', '25'])
  const out = await convert('video-to-vp8', frames)
  expect(out.map((frame) => frame.pts)).toEqual(frames.map((frame) => frame.pts))
  expect(out.map((frame) => frame.keyframe)).toEqual(frames.map((frame) => frame.keyframe))
  expect(out[0]!.config).toMatchObject({ codec: 'vp8', width: 320, height: 240, reorderFrames: 0 })
  expect(expectSamePictures(out, frames)).toBe(out.length)
})

test('H.264 whose black is 0, as Chromium makes it of a canvas, becomes VP8, whose black is 16', async () => {
  const frames = videoFrames(1, '320x240', ['-c:v', 'libx264', '-bf', '0', '-pix_fmt', 'yuvj420p'])
  const out = await convert('video-to-vp8', frames)
  expect(out).toHaveLength(frames.length)
})

test('a change of size in mid-stream makes a new config at a keyframe', async () => {
  const small = videoFrames(1, '320x240', ['-c:v', 'libx264', '-bf', '0'])
  const large = videoFrames(1, '640x360', ['-c:v', 'libx264', '-bf', '0'])
  const later = large.map((frame) => ({ ...frame, pts: frame.pts + 1_000_000, dts: frame.dts + 1_000_000 }))
  for (const name of ['video-without-b-frames', 'video-to-vp8'] as const) {
    const out = await convert(name, [...small, ...later])
    const sizes = out.map(({ config }) => (config.kind === 'video' ? config.width : 0))
    expect(sizes.indexOf(640)).toBe(25)
    expect(out[25]!.keyframe).toBe(true)
    expect(new Set(out.map((frame) => frame.config)).size).toBe(2)
  }
})

test('a source without keyframes provides one every 2 s for viewers that can only start at one', async () => {
  const frames = ivfFrames('vp8', 5, '160x120', ['-c:v', 'libvpx', '-deadline', 'realtime', '-auto-alt-ref', '0'])
  const endless = frames.slice(0, 1).concat(frames.slice(1).map((frame) => ({ ...frame, keyframe: false })))
  const out = await convert('video-to-h264', endless)
  expect(out.filter((frame) => frame.keyframe).map((frame) => frame.pts)).toEqual([0, 2_000_000, 4_000_000])
})

test('a requested keyframe comes next', async () => {
  const frames = videoFrames(1, '160x120', ['-c:v', 'libx264', '-bf', '0', '-g', '100'])
  const recipe = RECIPES.find((entry) => entry.name === 'video-to-vp8')!
  const out: MediaFrame[] = []
  const channel = codecs.open(orderFor(recipe, {}, frames[0]!.config), {
    handleReady: () => {
      frames.forEach((frame, index) => {
        if (index === 10) channel.requestKeyframe()
        channel.send(frame)
      })
    },
    handleFrame: (frame) => out.push(frame),
    handleLost: () => undefined,
    handleFailed: () => undefined,
  })
  await until(() => out.length === frames.length, 'all pictures')
  channel.close()
  expect(out.map((frame, index) => (frame.keyframe ? index : -1)).filter((index) => index >= 0)).toEqual([0, 10])
})

test('broken frames cost only pictures up to the next keyframe', async () => {
  const frames = videoFrames(3, '320x240', ['-c:v', 'libx264', '-bf', '0', '-g', '25'])
  const broken = frames.map((frame, index) =>
    index === 30 ? { ...frame, units: [new Uint8Array(200).fill(0x41), new Uint8Array([0x67, 1, 2])] } : frame,
  )
  const out = await convert('video-without-b-frames', broken, 55)
  expect(out.some((frame) => frame.keyframe && frame.pts === frames[50]!.pts)).toBe(true)
  expect(out.at(-1)!.pts).toBe(frames.at(-1)!.pts)
})

test.each([
  { codec: 'vp8', encoder: ['-c:v', 'libvpx', '-cpu-used', '4', '-b:v', '1M', '-lag-in-frames', '0'] },
  { codec: 'vp9', encoder: ['-c:v', 'libvpx-vp9', '-cpu-used', '5', '-b:v', '1M', '-lag-in-frames', '0'] },
  { codec: 'av1', encoder: ['-c:v', 'libsvtav1', '-preset', '10', '-svtav1-params', 'pred-struct=1'] },
] as const)('$codec becomes H.264, picture for picture, and keeps its orientation', async ({ codec, encoder }) => {
  const frames = ivfFrames(codec, 2, '320x240', encoder)
  const out = await convert('video-to-h264', frames)
  expect(out.map((frame) => frame.pts)).toEqual(frames.map((frame) => frame.pts))
  expect(out.map((frame) => frame.captureTime)).toEqual(frames.map((frame) => frame.captureTime))
  expect(out.map((frame) => frame.keyframe)).toEqual(frames.map((frame) => frame.keyframe))
  expect(out[0]!.config).toMatchObject({ codec: 'h264', width: 320, height: 240, orientation: 90 })
  expect(expectSamePictures(out, frames)).toBe(out.length)
})
