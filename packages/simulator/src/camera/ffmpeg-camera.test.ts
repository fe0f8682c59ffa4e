import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isVideoFrame, type MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { settings } from '../tags/tag.fake.js'
import { FfmpegCamera, ffmpegArguments } from './ffmpeg-camera.js'

let folder: string
let film: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crossroom-film-'))
  film = join(folder, 'film.mkv')
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25:duration=1']
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=880:duration=1']
  await promisify(execFile)('ffmpeg', ['-v', 'error', ...picture, ...sound, '-c:v', 'mpeg4', '-c:a', 'flac', film])
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs until enough came, or until the camera ended by itself and said why. */
async function take(
  source: string,
  enough: (frames: readonly MediaFrame[]) => boolean,
): Promise<MediaFrame[] | string> {
  const frames: MediaFrame[] = []
  return new Promise((resolve) => {
    const camera = new FfmpegCamera(source, { settings, gopSeconds: 1, failed: resolve })
    camera.start((frame) => {
      frames.push(frame)
      if (!enough(frames)) return
      camera.stop()
      resolve(frames)
    })
  })
}

test('a film in codecs that no phone sends is coded as a phone would, from its end to its beginning', async () => {
  const frames = await take(film, (all) => (all.at(-1)?.dts ?? 0) > 1_400_000)
  if (typeof frames === 'string') throw new Error(frames)
  const pictures = frames.filter(isVideoFrame)
  expect(pictures[0]).toMatchObject({ keyframe: true, config: { codec: 'h264', width: 64, height: 64 } })
  expect(pictures.every(({ pts, dts }) => pts === dts)).toBe(true)
  const keyframes = pictures.filter(({ keyframe }) => keyframe).map(({ dts }) => Math.round(dts / 100_000))
  expect(keyframes[1]! - keyframes[0]!).toBe(10)
  const sound = frames.find((frame) => !isVideoFrame(frame))
  expect(sound?.config).toMatchObject({ codec: 'aac', sampleRate: 16_000, channels: 1 })
})

test('an invalid media file ends with a sentence that names it', async () => {
  const source = join(folder, 'letter.txt')
  writeFileSync(source, 'Dear all,')
  expect(await take(source, () => false)).toMatch(/^ffmpeg cannot read .*letter\.txt: .*Invalid data.*$/)
})

test.each(['/nowhere/film.mp4', '/dev/video4093'])('%s that is not there is named', (source) => {
  expect(() => new FfmpegCamera(source, { settings, gopSeconds: 1, failed: () => undefined })).toThrow(
    new RegExp(`^${source} cannot be opened: `),
  )
})

test('ffmpeg takes the arguments for a camera, and complains of nothing but that there is none', async () => {
  const source = '/dev/video4093'
  const args = ffmpegArguments(source, settings, 3)
  expect(args.join(' ')).toMatch(/-f v4l2 .*-i \/dev\/video4093 .*-i (default|anullsrc\S+) /)
  const { stderr } = (await promisify(execFile)('ffmpeg', args).catch((failure: unknown) => failure)) as {
    readonly stderr: string
  }
  const lines = stderr.trim().split('\n')
  expect(lines.every((line) => line.includes(source))).toBe(true)
  expect(stderr).toMatch(/No such file/)
})
