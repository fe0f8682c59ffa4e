import { readFile, writeFile } from 'node:fs/promises'
import { parseMetadataBody, type FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  configsOf,
  flvFileOf,
  LOW_DELAY,
  makeClip,
  mediaOf,
  playTags,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  type TestServer,
} from '../harness/index.js'

let server: TestServer
let silent: FlvTag[]
let sounding: FlvTag[]

beforeAll(async () => {
  const [started, a, b] = await Promise.all([
    startServer(),
    makeClip({ sound: [], output: [...LOW_DELAY, '-pix_fmt', 'yuv420p'] }),
    makeClip(),
  ])
  server = started
  silent = tagsOf(await readFile(a.path))
  sounding = tagsOf(await readFile(b.path))
})
afterAll(() => server.stop())

const soundOf = (tags: readonly FlvTag[]): number[] =>
  mediaOf(tags).flatMap((tag) => (tag.kind === 'audio' ? [tag.timestampMs] : []))

async function decodeSound(tags: readonly FlvTag[]) {
  const path = temporaryPath('played.flv')
  await writeFile(path, flvFileOf(tags))
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-'])
  return { code, stderr }
}

test('?audio=always: a stream without audio gets an AAC track that decodes, named in header and metadata', async () => {
  const { flv, header } = await playTags(server, 'live/silent', silent, { query: '?audio=always' })
  expect(header).toEqual({ audio: true, video: true })
  const metadata = parseMetadataBody(flv[0]!.body)
  expect(metadata).toMatchObject({ width: 320, height: 180 })
  expect(metadata!.audioBitrate).toBeGreaterThan(0)
  const times = soundOf(flv)
  const steps = new Set(times.slice(1).map((time, i) => time - times[i]!))
  expect([...steps].every((step) => step === 21 || step === 22)).toBe(true)
  expect(times.at(-1)).toBeGreaterThan(1900)
  expect(await decodeSound(flv)).toEqual({ code: 0, stderr: '' })
})

test('?audio=always: audio that starts two seconds late replaces silence, and everything decodes', async () => {
  const late = sounding.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + 2000 }))
  const { flv } = await playTags(server, 'live/late', [...silent, ...late], { query: '?audio=always' })
  expect(configsOf(flv.filter((tag) => tag.type === 8))).toHaveLength(2)
  const times = soundOf(flv)
  expect(times).toEqual([...times].sort((a, b) => a - b))
  expect(Math.max(...times.slice(1).map((time, i) => time - times[i]!))).toBeLessThan(45)
  expect(await decodeSound(flv)).toEqual({ code: 0, stderr: '' })
})

test('?audio=always: real audio is unchanged', async () => {
  const { flv } = await playTags(server, 'live/sounding', sounding, { query: '?audio=always' })
  expect(configsOf(flv.filter((tag) => tag.type === 8))).toHaveLength(1)
  expect(soundOf(flv)).toHaveLength(soundOf(sounding).length)
})
