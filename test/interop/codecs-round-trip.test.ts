import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  AAC,
  configsOf,
  fingerprints,
  hashOf,
  LOW_DELAY,
  makeClip,
  mediaOf,
  pictureOf,
  playTags,
  startServer,
  tagsOf,
  timesAreSound,
  toneOf,
  X264_DEFAULTS,
  type ClipOptions,
  type TestServer,
} from '../harness/index.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.stop())

const fixture = async (name: string): Promise<FlvTag[]> =>
  tagsOf(await readFile(fileURLToPath(new URL(`../fixtures/media/${name}`, import.meta.url))))

const clipTags = async (options: ClipOptions): Promise<FlvTag[]> =>
  tagsOf(await readFile((await makeClip(options)).path))

const hashes = (tags: readonly FlvTag[]): string[] => configsOf(tags).map((tag) => hashOf(tag.body))

const sources: [name: string, tags: () => Promise<FlvTag[]>][] = [
  ['b-frames', () => clipTags({ output: [...X264_DEFAULTS, '-pix_fmt', 'yuv420p', ...AAC] })],
  ['video-only', () => clipTags({ sound: [], output: [...LOW_DELAY, '-pix_fmt', 'yuv420p'] })],
  ['16-khz', () => clipTags({ sound: toneOf(16_000), output: [...LOW_DELAY, '-c:a', 'aac', '-ar', '16000'] })],
  ['48-khz-stereo', () => clipTags({ output: [...LOW_DELAY, '-c:a', 'aac', '-ar', '48000', '-ac', '2'] })],
  [
    'high-422',
    () => clipTags({ picture: pictureOf('322x182'), output: [...LOW_DELAY, '-pix_fmt', 'yuv422p', ...AAC] }),
  ],
  ['mp3', () => clipTags({ output: [...LOW_DELAY, '-pix_fmt', 'yuv420p', '-c:a', 'libmp3lame'] })],
  ['hevc-enhanced', () => fixture('enhanced-hevc-aac.flv')],
  ['av1-opus', () => fixture('enhanced-av1-opus.flv')],
  ['vp9', () => fixture('enhanced-vp9.flv')],
]

test.each(sources)('%s goes through unchanged: configurations, payloads, times', async (name, makeTags) => {
  const tags = await makeTags()
  const played = await playTags(server, `live/${name}`, tags)
  const wanted = fingerprints(mediaOf(tags))
  expect(fingerprints(mediaOf(played.flv))).toEqual(wanted)
  expect(fingerprints(mediaOf(played.rtmp))).toEqual(wanted)
  expect(hashes(played.flv)).toEqual(hashes(tags))
  expect(hashes(played.rtmp)).toEqual(hashes(tags))
  expect(timesAreSound(mediaOf(played.flv))).toBe(true)
})

test('audio alone starts immediately, with only the audio flag set', async () => {
  const tags = await clipTags({ picture: [], output: AAC })
  const played = await playTags(server, 'live/audio-only', tags)
  expect(played.header).toEqual({ audio: true, video: false })
  // Sound has no keyframes to start from: a viewer hears what comes after it came.
  const sound = mediaOf(played.flv)
  const wanted = mediaOf(tags).slice(-sound.length)
  expect(sound.length).toBeGreaterThan(60)
  expect(fingerprints(sound)).toEqual(fingerprints(wanted))
  expect(timesAreSound(sound)).toBe(true)
})

test('HEVC is converted to id 12 for live-player and to hvc1 for others, and back without a change', async () => {
  const enhanced = await fixture('enhanced-hevc-aac.flv')
  const legacy = await playTags(server, 'live/to-legacy', enhanced, { query: '?hevc=legacy' })
  const video = mediaOf(legacy.flv).filter((tag) => tag.kind === 'video')
  expect(new Set(video.map((tag) => tag.body[0]! & 0x8f))).toEqual(new Set([12]))
  expect(configsOf(legacy.flv).find((tag) => tag.type === 9)?.body[0]).toBe(0x1c)
  const again = await playTags(server, 'live/to-enhanced', legacy.flv, { query: '?hevc=enhanced' })
  // FFmpeg writes a composition time of 0 as packet type 1; whichever comes out, the pictures and their times are one.
  expect(payloads(again.flv)).toEqual(payloads(enhanced))
  const kept = await playTags(server, 'live/keeps-legacy', legacy.flv)
  expect(fingerprints(mediaOf(kept.flv))).toEqual(fingerprints(mediaOf(legacy.flv)))
})

/** Video frames without their header: hvc1 CodedFrames has 8 bytes of it, CodedFramesX 5 (Enhanced RTMP v2). */
function payloads(tags: readonly FlvTag[]): string[] {
  return mediaOf(tags)
    .filter((tag) => tag.kind === 'video')
    .map(({ body, timestampMs }) => `${String(timestampMs)} ${hashOf(body.subarray((body[0]! & 15) === 1 ? 8 : 5))}`)
}
