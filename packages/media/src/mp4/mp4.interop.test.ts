import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { framesOf } from '../flv/remux.fake.js'
import { mp4Of } from './mp4.fake.js'

const picture = ['-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=25:duration=3']
const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100:duration=3']
const x264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', '-g', '25', '-bf', '2']
const fixtures = new URL('../../../../test/fixtures/media/', import.meta.url)

/** FLV as real programs write it. */
const sources: Record<string, () => Uint8Array> = {
  'H.264 with B-frames and AAC': () =>
    ffmpeg(...picture, ...tone, ...x264, '-c:a', 'aac', '-flvflags', 'no_duration_filesize', '-f', 'flv', '-'),
  'AAC alone': () => ffmpeg(...tone, '-c:a', 'aac', '-f', 'flv', '-'),
  'MP3 alone': () => ffmpeg(...tone, '-c:a', 'libmp3lame', '-f', 'flv', '-'),
  'H.265 and AAC': () => fixture('enhanced-hevc-aac'),
  'AV1 and Opus': () => fixture('enhanced-av1-opus'),
  VP9: () => fixture('enhanced-vp9'),
}

let folder = ''
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'mp4-'))))
afterAll(() => rmSync(folder, { recursive: true }))

test.each(Object.keys(sources))('ffprobe finds every frame in its place: %s', (name) => {
  const frames = framesOf(sources[name]!())
  const file = join(folder, 'file.mp4')
  writeFileSync(file, mp4Of(frames))
  const { packets, format, errors } = probe(file)
  expect(errors).toBe('')
  expect(packets.length).toBe(frames.length)
  const origin = Math.min(...frames.map(({ dts }) => dts))
  for (const kind of ['video', 'audio'] as const) {
    const expected = frames.filter(({ config }) => config.kind === kind)
    const actual = packets.filter(({ codec_type }) => codec_type === kind)
    expect(actual.length).toBe(expected.length)
    actual.forEach(({ pts_time, dts_time, flags }, index) => {
      const frame = expected[index]!
      expect(Math.abs(Number(dts_time) * 1e6 - (frame.dts - origin))).toBeLessThan(1000)
      expect(Math.abs(Number(pts_time) * 1e6 - (frame.pts - origin))).toBeLessThan(1000)
      expect(flags.startsWith('K')).toBe(frame.keyframe)
    })
  }
  const end = Math.max(...frames.map(({ pts }) => pts)) - origin
  expect(Math.abs(Number(format.duration) - end / 1e6)).toBeLessThan(0.1)
})

test('what ffmpeg decodes is what it decodes from the source', () => {
  const flv = sources['H.264 with B-frames and AAC']!()
  const [from, to] = [join(folder, 'from.flv'), join(folder, 'to.mp4')]
  writeFileSync(from, flv)
  writeFileSync(to, mp4Of(framesOf(flv)))
  const hashes = (file: string) =>
    new TextDecoder()
      .decode(ffmpeg('-xerror', '-i', file, '-fps_mode', 'passthrough', '-f', 'framehash', '-'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => `${line.split(',')[0]!}:${line.split(',').at(-1)!.trim()}`)
      .sort()
  const expected = hashes(from)
  expect(expected.length).toBeGreaterThan(150)
  expect(hashes(to)).toEqual(expected)
})

interface ProbedPacket {
  readonly codec_type: string
  readonly pts_time: string
  readonly dts_time: string
  readonly flags: string
}

function probe(file: string): { packets: ProbedPacket[]; format: { duration: string }; errors: string } {
  const args = ['-v', 'error', '-of', 'json', '-show_packets', '-show_format', file]
  const errors = join(folder, 'errors')
  const output = execFileSync('sh', ['-c', 'exec ffprobe "$@" 2>"$0"', errors, ...args], { maxBuffer: 1 << 26 })
  const raw = JSON.parse(output.toString()) as { packets: ProbedPacket[]; format: { duration: string } }
  return { ...raw, errors: readFileSync(errors, 'utf8') }
}

function ffmpeg(...args: string[]): Uint8Array {
  return new Uint8Array(execFileSync('ffmpeg', ['-loglevel', 'error', ...args], { maxBuffer: 1 << 28 }))
}

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.flv`, fixtures)))
}
