import { expect, test } from 'vitest'
import { bytesOf } from '../bytes/hex.fake.js'
import { countMp3Frames, parseMp3FrameHeader } from './frame-header.js'

test.each([
  ['MPEG-1, 44.1 kHz, 128 kbit/s, stereo', 'fffb9064', [44100, 2, 1152, 128_000, 417]],
  ['the same with padding', 'fffb9264', [44100, 2, 1152, 128_000, 418]],
  ['MPEG-1, 48 kHz, 320 kbit/s, mono', 'fffbe4c4', [48000, 1, 1152, 320_000, 960]],
  ['MPEG-2, 22.05 kHz, 64 kbit/s, mono', 'fff380c4', [22050, 1, 576, 64_000, 208]],
  ['MPEG-2.5, 8 kHz, 64 kbit/s, mono', 'ffe388c4', [8000, 1, 576, 64_000, 576]],
])('%s', (_, hex, facts) => {
  const header = parseMp3FrameHeader(bytesOf(hex))!
  expect([header.sampleRate, header.channels, header.samplesPerFrame, header.bitrate, header.frameLength]).toEqual(
    facts,
  )
})

test.each([
  ['no sync word', 'fe fb9064'],
  ['Layer II', 'fffd9064'],
  ['reserved version', 'ffeb9064'],
  ['free format', 'fffb0064'],
  ['reserved bit rate', 'fffbf064'],
  ['reserved sampling rate', 'fffb9c64'],
  ['three bytes', 'fffb90'],
])('refused: %s', (_, hex) => {
  expect(parseMp3FrameHeader(bytesOf(hex))).toBeUndefined()
})

test('frames that lie one behind the other are counted', () => {
  const frame = new Uint8Array(417)
  frame.set(bytesOf('fffb9064'))
  const three = new Uint8Array(3 * 417)
  for (let index = 0; index < 3; index++) three.set(frame, index * 417)
  expect(countMp3Frames(three, 0, three.length)).toBe(3)
  expect(countMp3Frames(three, 0, 500)).toBe(2)
  expect(countMp3Frames(three, 1, three.length)).toBe(0)
})
