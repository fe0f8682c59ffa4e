import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_RTMP_LIMITS } from '../limits.js'
import { MessageType } from '../message/message-type.js'
import { encodeControlValue } from '../message/protocol-control.js'
import { ChunkReader } from './chunk-reader.js'
import { byteLengthOfMessageChunks, writeMessageChunks, type MessageHeader } from './chunk-writer.js'

const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

const write = (header: MessageHeader, payload: Uint8Array, chunkSize: number): Uint8Array => {
  const extent = { payloadLength: payload.length, chunkSize, timestampMs: header.timestampMs }
  const out = new Uint8Array(byteLengthOfMessageChunks(extent) + 2)
  expect(writeMessageChunks(header, payload, chunkSize, out, 1)).toBe(out.length - 1)
  expect([out[0], out.at(-1)]).toEqual([0, 0])
  return out.slice(1, -1)
}

const video = { chunkStreamId: 6, messageType: 9, messageStreamId: 1 }

test('writes header type 0, then type 3 (RTMP 1.0, section 5.3.1.2)', () => {
  const bytes = write({ ...video, timestampMs: 0x010203 }, Uint8Array.of(1, 2, 3, 4, 5), 2)
  expect(hexOf(bytes)).toBe('06' + '010203' + '000005' + '09' + '01000000' + '0102' + 'c6' + '0304' + 'c6' + '05')
})

test('repeats an extended timestamp in every chunk', () => {
  const bytes = write({ ...video, timestampMs: 0xffffff }, Uint8Array.of(1, 2, 3), 2)
  expect(hexOf(bytes)).toBe('06' + 'ffffff' + '000003' + '09' + '01000000' + '00ffffff' + '0102' + 'c600ffffff' + '03')
})

test('writes timestamps beyond 2^32 and below 0 modulo 2^32', () => {
  expect(hexOf(write({ ...video, timestampMs: 2 ** 32 + 1 }, new Uint8Array(), 128)).slice(2, 8)).toBe('000001')
  expect(hexOf(write({ ...video, timestampMs: -1 }, new Uint8Array(), 128)).slice(24)).toBe('ffffffff')
})

test('written messages are read back at every chunk size', () => {
  const timestamps = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 0xfffffe, 0xffffff, 0x1000000, 0xffffffff))
  fc.assert(
    fc.property(fc.integer({ min: 128, max: 5000 }), timestamps, fc.nat(20_000), (chunkSize, timestampMs, length) => {
      const payload = Uint8Array.from({ length }, (_, index) => index)
      const read: { timestamp: number; payload: Uint8Array }[] = []
      const reader = new ChunkReader(DEFAULT_RTMP_LIMITS, {
        onMessage: (_type, _streamId, timestamp, bytes) => read.push({ timestamp, payload: bytes }),
      })
      reader.authorised()
      const control = { chunkStreamId: 2, timestampMs: 0, messageType: MessageType.setChunkSize, messageStreamId: 0 }
      expect(reader.read(write(control, encodeControlValue(chunkSize), 128))).toBeUndefined()
      expect(reader.read(write({ ...video, timestampMs }, payload, chunkSize))).toBeUndefined()
      expect(read).toEqual([{ timestamp: timestampMs, payload }])
    }),
  )
})
