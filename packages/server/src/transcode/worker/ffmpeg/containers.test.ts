import type { AudioConfig } from '@crossroom/media'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ffmpeg } from '../../codec-process.fake.js'
import { IvfReader, ivfFrame, ivfHead } from './ivf.js'
import { OggReader, OggWriter } from './ogg.js'

const OPUS: AudioConfig = {
  ...{ kind: 'audio', codec: 'opus', description: new Uint8Array(0), sampleRate: 48_000, channels: 2 },
  ...{ samplesPerFrame: 960, codecString: 'opus' },
}

const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 1500 }), { minLength: 1, maxLength: 10 })

/** Feeds `stream` in pieces of `size` bytes. */
function feed(reader: { push(chunk: Buffer): void }, stream: Buffer, size: number): void {
  for (let offset = 0; offset < stream.length; offset += size) reader.push(stream.subarray(offset, offset + size))
}

test('Opus packets come out of Ogg as they went in, however they are cut', () => {
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 999 }), (packets, size) => {
      const writer = new OggWriter()
      const stream = Buffer.concat([
        writer.head(OPUS),
        ...packets.map((packet, index) => writer.packet(packet, index * 960)),
      ])
      const got: Uint8Array[] = []
      feed(new OggReader((packet) => got.push(packet)), stream, size)
      expect(got).toEqual(packets)
    }),
    { numRuns: 100 },
  )
})

test('the Ogg that ffmpeg writes is read: 50 packets a second', () => {
  const stream = ffmpeg([
    ...['-f', 'lavfi', '-i', 'sine=duration=2:sample_rate=48000', '-c:a', 'libopus', '-frame_duration', '20'],
    ...['-page_duration', '20000', '-f', 'ogg', '-'],
  ])
  let packets = 0
  feed(new OggReader(() => packets++), stream, 1000)
  expect(packets).toBeGreaterThanOrEqual(100)
  expect(packets).toBeLessThanOrEqual(102)
})

test('frames come out of IVF as they went in, with their times', () => {
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 999 }), (frames, size) => {
      const stream = Buffer.concat([
        ivfHead('vp8', 320, 240),
        ...frames.map((frame, index) => ivfFrame(frame, index * 40)),
      ])
      const got: [number, Uint8Array][] = []
      feed(new IvfReader((bytes, timestamp) => got.push([timestamp, bytes])), stream, size)
      expect(got).toEqual(frames.map((frame, index) => [index * 40, frame]))
    }),
    { numRuns: 100 },
  )
})

test('a frame that cannot be is an error, not memory', () => {
  const reader = new IvfReader(() => undefined)
  reader.push(Buffer.from(ivfHead('vp8', 320, 240)))
  expect(() => reader.push(Buffer.alloc(12, 0xff))).toThrow(/too large/)
})
