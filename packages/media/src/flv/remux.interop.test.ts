import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { FlvTagType } from './codec-ids.js'
import { framesOf, tagsOf, tagsOfFrames } from './remux.cases.js'

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
  const args = ['-loglevel', 'error', ...sources[name]!, '-flvflags', 'no_duration_filesize', '-f', 'flv', '-']
  const file = new Uint8Array(execFileSync('ffmpeg', args, { maxBuffer: 1 << 26 }))
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
})
