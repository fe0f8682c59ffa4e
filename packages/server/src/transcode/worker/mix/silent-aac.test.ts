import { silentAacConfig, silentAacFrame } from '@crossroom/media'
import { expect, test } from 'vitest'
import { silentAacSamples } from './silent-aac.js'

const mono = silentAacConfig(48_000, 1)

test.each([
  [48_000, 1, 1024],
  [48_000, 2, 1024],
  [16_000, 1, 3072],
  [32_000, 2, 1536],
  // Not a whole number of samples.
  [44_100, 1, 0],
])('silence at %i Hz with %i channels is %i samples', (rate, channels, samples) => {
  const config = silentAacConfig(rate, channels)
  expect(silentAacSamples(config, silentAacFrame(config))).toBe(samples)
})

test('a frame with a single scale factor band, or of short windows with one, has sound', () => {
  // global_gain 140, then ONLY_LONG_SEQUENCE with max_sfb 1, EIGHT_SHORT_SEQUENCE with 0 and 1.
  expect(silentAacSamples(mono, Uint8Array.of(0x01, 0x18, 0x20, 0x87))).toBe(0)
  expect(silentAacSamples(mono, Uint8Array.of(0x01, 0x18, 0x40, 0x07))).toBe(1024)
  expect(silentAacSamples(mono, Uint8Array.of(0x01, 0x18, 0x42, 0x07))).toBe(0)
})

test('a frame that may be referenced is decoded', () => {
  const silence = silentAacFrame(mono)
  expect(silentAacSamples({ ...mono, codecString: 'mp4a.40.5' }, silence)).toBe(0)
  expect(silentAacSamples({ ...mono, codec: 'mp3' }, silence)).toBe(0)
  expect(silentAacSamples(mono, Uint8Array.of(...silence, ...new Uint8Array(13)))).toBe(0)
  expect(silentAacSamples(mono, new Uint8Array(3))).toBe(0)
  // Two channels without a common window, and no channel at all.
  expect(silentAacSamples(mono, Uint8Array.of(0x20, 0, 0, 0))).toBe(0)
  expect(silentAacSamples(mono, Uint8Array.of(0xe0, 0, 0, 0))).toBe(0)
})
