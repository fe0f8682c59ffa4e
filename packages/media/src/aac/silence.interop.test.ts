import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { ADTS_HEADER_LENGTH, writeAdtsHeader } from './adts.js'
import { silentAacConfig, silentAacFrame } from './silence.js'

const FRAMES = 20

test.each([
  [8000, 1],
  [16000, 2],
  [44100, 1],
  [44100, 2],
  [48000, 1],
  [96000, 2],
])('ffmpeg decodes silence at %i Hz with %i channels, without a complaint', (sampleRate, channels) => {
  const config = silentAacConfig(sampleRate, channels)
  const frame = silentAacFrame(config)
  const stream = new Uint8Array(FRAMES * (ADTS_HEADER_LENGTH + frame.length))
  for (let offset = 0; offset < stream.length; offset += frame.length) {
    offset = writeAdtsHeader(config, frame.length, stream, offset)
    stream.set(frame, offset)
  }
  const args = ['-loglevel', 'warning', '-xerror', '-f', 'aac', '-i', '-', '-f', 's16le', '-']
  const samples = execFileSync('ffmpeg', args, { input: stream, stdio: ['pipe', 'pipe', 'inherit'] })
  expect(samples.length).toBe(FRAMES * 1024 * channels * 2)
  expect(samples.every((byte) => byte === 0)).toBe(true)
})
