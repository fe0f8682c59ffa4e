import { expect, test } from 'vitest'
import { PictureSizes } from './picture-sizes.js'
import { annexBytesOfH264, annexBytesOfH265 } from './rtp-sizes.js'
import { fuzzTargets } from './rtsp-watch.fuzz.js'
import { RtspWatch } from './rtsp-watch.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

test('a redirection is told with its place, and no body is taken for an answer', () => {
  const told: unknown[] = []
  const watch = new RtspWatch({ response: (...what) => told.push(what), broken: () => told.push('broken') })
  watch.push(new TextEncoder().encode('RTSP/1.0 200 OK\r\nContent-Length: 25\r\n\r\nRTSP/1.0 302 Body\r\nx: y\r\n\r'))
  watch.push(new TextEncoder().encode('RTSP/1.0 302 Moved\r\nLocation:  rtsp://h/b \r\n\r\n'))
  expect(told).toEqual([
    [200, undefined],
    [302, 'rtsp://h/b'],
  ])
})

test.each([
  ['a single unit', annexBytesOfH264, bytes(0x65, 1, 2, 3), 8],
  ['a STAP-A', annexBytesOfH264, bytes(0x78, 0, 2, 0x67, 1, 0, 1, 0x68), 4 + 2 + 4 + 1],
  ['the first FU-A', annexBytesOfH264, bytes(0x7c, 0x85, 1, 2), 4 + 1 + 2],
  ['a further FU-A', annexBytesOfH264, bytes(0x7c, 0x05, 1, 2), 2],
  ['a single unit of H.265', annexBytesOfH265, bytes(0x26, 1, 2, 3), 8],
  ['an aggregate of H.265', annexBytesOfH265, bytes(0x60, 1, 0, 2, 0x40, 1, 0, 3, 0x42, 1, 2), 4 + 2 + 4 + 3],
  ['the first fragment of H.265', annexBytesOfH265, bytes(0x62, 1, 0x93, 1, 2), 4 + 2 + 2],
  ['a further fragment of H.265', annexBytesOfH265, bytes(0x62, 1, 0x13, 1, 2), 2],
])('%s becomes so many bytes', (_name, measure, payload, expected) => {
  expect(measure(payload)).toBe(expected)
})

test('the size of a picture is told with its marker', () => {
  const sizes = new PictureSizes()
  const watch = new RtspWatch({ response: () => undefined, broken: () => undefined })
  watch.follow(2, 'h264', sizes)
  const packet = (marker: number, ...payload: number[]): Uint8Array =>
    bytes(0x24, 2, 0, 12 + payload.length, 0x80, marker | 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, ...payload)
  watch.push(packet(0, 0x67, 1))
  expect(sizes.next).toBeUndefined()
  watch.push(packet(0x80, 0x65, 1, 2))
  expect(sizes.next).toBe(4 + 2 + 4 + 3)
})

test.each(fuzzTargets)('seeds of $name pass', ({ seeds, run }) => {
  for (const seed of seeds()) run(seed)
})
