import { readFile, writeFile } from 'node:fs/promises'
import type { FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  configsOf,
  fingerprints,
  flvFileOf,
  hashOf,
  LOW_DELAY,
  makeClip,
  mediaOf,
  pictureOf,
  playRtmp,
  playTags,
  publishRtmp,
  pushClip,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  timesAreSound,
  untilStream,
  untilViewers,
  watchHttpFlv,
  type TestServer,
} from '../harness/index.js'

let server: TestServer
let small: FlvTag[]
let large: FlvTag[]
let smallPath: string

beforeAll(async () => {
  const [started, a, b] = await Promise.all([
    startServer(),
    makeClip(),
    makeClip({
      picture: pictureOf('640x360'),
      output: [...LOW_DELAY, '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ar', '48000'],
    }),
  ])
  server = started
  smallPath = a.path
  small = tagsOf(await readFile(a.path))
  large = tagsOf(await readFile(b.path))
})
afterAll(() => server.stop())

const later = (tags: readonly FlvTag[], ms: number): FlvTag[] =>
  tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + ms }))

const headers = (tags: readonly FlvTag[], type: number): string[] =>
  configsOf(tags.filter((tag) => tag.type === type)).map((tag) => hashOf(tag.body))

test('a change of size and sample rate in mid-stream: the new headers come before the new frames, and it decodes', async () => {
  const tags = [...small, ...later(large, 2100)]
  const played = await playTags(server, 'live/resized', tags)
  for (const got of [played.flv, played.rtmp]) {
    expect(fingerprints(mediaOf(got))).toEqual(fingerprints(mediaOf(tags)))
    expect(timesAreSound(mediaOf(got))).toBe(true)
    expect(headers(got, 9)).toEqual(headers(tags, 9))
    expect(headers(got, 8)).toEqual(headers(tags, 8))
    const order = got.filter((tag) => tag.type === 9).map((tag) => (tag.body[1] === 0 ? 'header' : 'frame'))
    expect(order.lastIndexOf('header')).toBe(51)
  }
  const { code, stderr } = await decode(played.flv)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

test.each([
  ['an hour', 3_600_000],
  ['just before 2^24 ms', 2 ** 24 - 1000],
  ['just before 2^31 ms', 2 ** 31 - 1000],
  ['just before 2^32 ms', 2 ** 32 - 1000],
])('a publisher whose time begins at %s is played from 0 without a step', async (_name, start) => {
  const played = await playTags(server, `live/from-${String(start)}`, later(small, start))
  for (const got of [played.flv, played.rtmp]) {
    expect(fingerprints(mediaOf(got))).toEqual(fingerprints(mediaOf(small)))
    expect(timesAreSound(mediaOf(got))).toBe(true)
  }
})

test('a publisher that is killed and comes back resumes its viewers on the same connection', async () => {
  const name = 'live/comes-back'
  const first = await publishRtmp(`${server.rtmp}/${name}`)
  first.send(small)
  await untilStream(server, name, 'live', 1)
  const viewer = watchHttpFlv(`${server.http}/${name}.flv`)
  const player = await playRtmp(`${server.rtmp}/${name}`)
  await untilViewers(server, name, 2)
  await viewer.frames(mediaOf(small).length)
  first.reset()
  await untilStream(server, name, 'grace')
  const again = pushClip(smallPath, `${server.rtmp}/${name}`)
  const both = 2 * mediaOf(small).length
  await untilStream(server, name, 'live', both - 40)
  await again.finish()
  const media = await viewer.frames(both)
  expect(timesAreSound(media)).toBe(true)
  expect(media.filter((tag) => tag.keyframe)).toHaveLength(2)
  expect(viewer.ended).toBe(false)
  expect(player.closed).toBe(false)
  expect(timesAreSound(player.media)).toBe(true)
  viewer.close()
  player.end()
  const { code, stderr } = await decode(viewer.tags)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})

/** Decodes tags as an FLV file with ffmpeg. */
async function decode(tags: readonly FlvTag[]) {
  const path = temporaryPath('played.flv')
  await writeFile(path, flvFileOf(tags))
  return run('ffmpeg', ['-v', 'error', '-i', path, '-f', 'null', '-'])
}
