import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { FlvTagType } from './codec-ids.js'
import { fileOfFrames, framesOf, tagsOf, tagsOfFrames } from './remux.fake.js'

const picture = ['-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=25:duration=2']
const tone = (rate: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${rate}:duration=2`]
const x264 = ['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-threads', '1', '-g', '25']

/** What real encoders make, by ffmpeg. */
const sources: Record<string, string[]> = {
  'H.264 with B-frames and AAC at 44.1 kHz': [...picture, ...tone(44100), ...x264, '-bf', '2', '-c:a', 'aac'],
  'H.264 baseline and AAC at 48 kHz': [...picture, ...tone(48000), ...x264, '-profile:v', 'baseline', '-c:a', 'aac'],
  'AAC at 16 kHz alone': [...tone(16000), '-c:a', 'aac'],
  'MP3 at 44.1 kHz': [...tone(44100), '-c:a', 'libmp3lame'],
  'MP3 at 22.05 kHz stereo': [...tone(22050), '-ac', '2', '-c:a', 'libmp3lame'],
}

test.each(Object.keys(sources))('FLV in is FLV out: %s', (name) => {
  const file = ffmpeg(...sources[name]!, '-flvflags', 'no_duration_filesize', '-f', 'flv', '-')
  const isMedia = (tag: { type: number; body: Uint8Array }) => {
    const isEndOfSequence = tag.type === FlvTagType.video && tag.body[1] === 2
    return tag.type !== FlvTagType.script && !isEndOfSequence
  }
  const expected = tagsOf(file).filter(isMedia)
  const actual = tagsOfFrames(framesOf(file))
  // A sequence header waits for its first frame and takes its timestamp, so compare each track by itself.
  for (const type of [FlvTagType.audio, FlvTagType.video]) {
    const ofType = (tags: typeof expected) =>
      tags
        .filter((tag) => tag.type === type)
        .map(({ timestampMs, body }, index) => `${index === 0 ? 0 : timestampMs}: ${body.join()}`)
    expect(ofType(actual).length).toBe(ofType(expected).length)
    expect(ofType(actual)).toEqual(ofType(expected))
  }

  const decoded = (bytes: Uint8Array) => ffmpegFrom(bytes, '-f', 'flv', '-i', '-', '-f', 'framemd5', '-')
  const rebuilt = decoded(fileOfFrames(framesOf(file)))
  expect(rebuilt.split('\n').length).toBeGreaterThan(30)
  expect(rebuilt).toBe(decoded(file))
})

function ffmpeg(...args: string[]): Uint8Array {
  return new Uint8Array(execFileSync('ffmpeg', ['-loglevel', 'error', ...args], { maxBuffer: 1 << 26 }))
}

/** What ffmpeg writes when it gets `input`, or a failure at the first error. */
function ffmpegFrom(input: Uint8Array, ...args: string[]): string {
  return execFileSync('ffmpeg', ['-loglevel', 'error', '-xerror', ...args], { input, encoding: 'utf8' })
}
