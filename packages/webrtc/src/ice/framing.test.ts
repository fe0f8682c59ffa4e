import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader, MAX_FRAMED_PACKET_BYTES, writeFrame } from './framing.js'

function readAll(reader: FrameReader): Uint8Array[] {
  const packets: Uint8Array[] = []
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) packets.push(packet.slice())
  return packets
}

test('packets come out as they went in, however the stream is cut', () => {
  const packets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 })
  fc.assert(
    fc.property(packets, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 30 }), (sent, cuts) => {
      const stream = new Uint8Array(sent.reduce((sum, packet) => sum + packet.length + 2, 0))
      sent.reduce((offset, packet) => writeFrame(packet, stream, offset), 0)
      const reader = new FrameReader()
      const received: Uint8Array[] = []
      for (let offset = 0, turn = 0; offset < stream.length; turn++) {
        const size = cuts[turn % cuts.length]!
        reader.push(stream.subarray(offset, offset + size))
        received.push(...readAll(reader))
        offset += size
      }
      expect(received).toEqual(sent)
      expect(reader.bufferedBytes).toBe(0)
    }),
  )
})

test('an empty frame is passed over', () => {
  const reader = new FrameReader()
  reader.push(Uint8Array.of(0, 0, 0, 1, 7))
  expect(readAll(reader)).toEqual([Uint8Array.of(7)])
})

test('a declared length over the limit fails the stream at once and holds no memory', () => {
  const reader = new FrameReader()
  reader.push(Uint8Array.of((MAX_FRAMED_PACKET_BYTES + 1) >>> 8, (MAX_FRAMED_PACKET_BYTES + 1) & 0xff, 1, 2, 3))
  expect(reader.next()).toBeUndefined()
  expect(reader.failed).toBe(true)
  reader.push(new Uint8Array(1000))
  expect(reader.bufferedBytes).toBe(0)
})
