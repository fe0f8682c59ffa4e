import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { hexOf } from '../bytes/hex.fake.js'
import type { MediaFrame } from '../model/frame.js'
import { framesOf, tagsOf, tagsOfFrames } from './remux.fake.js'
import { FlvTagReader } from './tag-reader.js'

/** Files by FFmpeg 5.1 and, for Enhanced RTMP, 8.1; their README says how they were made. */
const directory = resolve(import.meta.dirname, '../../../../test/fixtures/media')
const read = (name: string) => new Uint8Array(readFileSync(join(directory, name)))

test.each([
  ['h264-bframes-aac.flv', 'h264', 'aac', { reorderFrames: 2, codecString: 'avc1.64000b', flvSpelling: 'legacy' }],
  [
    'enhanced-hevc-aac.flv',
    'h265',
    'aac',
    { reorderFrames: 2, codecString: 'hvc1.1.6.L30.90', flvSpelling: 'enhanced' },
  ],
  ['enhanced-vp9.flv', 'vp9', undefined, { codecString: 'vp09.00.10.08' }],
  ['enhanced-av1-opus.flv', 'av1', 'opus', { codecString: 'av01.0.00M.08' }],
])('%s', (name, videoCodec, audioCodec, facts) => {
  const frames = framesOf(read(name))
  const video = frames.filter(({ config }) => config.kind === 'video')
  const audio = frames.filter(({ config }) => config.kind === 'audio')
  expect(video.length).toBe(10)
  expect(video[0]!.config).toMatchObject({ codec: videoCodec, width: 160, height: 120, frameRate: 25, ...facts })
  expect(new Set(frames.map(({ config }) => config)).size).toBe(audioCodec === undefined ? 1 : 2)
  expect(video[0]!.keyframe).toBe(true)
  if (audioCodec !== undefined) expect(audio[0]!.config).toMatchObject({ codec: audioCodec })
})

/** Colour metadata and channel layouts of Enhanced RTMP are not carried. */
const isCarried = ({ type, body }: { type: number; body: Uint8Array }) =>
  type === 8 ? body[0] !== 0x94 : type === 9 && body[0] !== 0xd4 && !(body[0] === 0x17 && body[1] === 2)

test.each(['h264-bframes-aac.flv', 'enhanced-hevc-aac.flv', 'enhanced-vp9.flv', 'enhanced-av1-opus.flv'])(
  'FLV in is FLV out: %s',
  (name) => {
    const file = read(name)
    for (const type of [8, 9]) {
      const bodies = (tags: ReturnType<typeof tagsOf>) =>
        tags.filter((tag) => tag.type === type && isCarried(tag)).map(({ body }) => hexOf(body))
      expect(bodies(tagsOfFrames(framesOf(file)))).toEqual(bodies(tagsOf(file)))
    }
  },
)

test('a stream with one byte in a thousand changed: nothing breaks, and most frames still come', () => {
  const tags = tagsOf(read('h264-bframes-aac.flv'))
  let seed = 1
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  let [accepted, refused] = [0, 0]
  for (let round = 0; round < 300; round++) {
    const reader = new FlvTagReader()
    const frames: MediaFrame[] = []
    for (const { type, timestampMs, body } of tags) {
      const changed = body.slice()
      for (let count = 0; count < body.length; count++)
        if (random(1000) === 0) changed[random(body.length)] = random(256)
      reader.readTag(type, timestampMs, changed, 0, frames)
    }
    accepted += frames.length
    refused += reader.counters.refusedTags
  }
  expect(refused).toBeGreaterThan(0)
  expect(accepted).toBeGreaterThan(300 * 20)
})
