import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import {
  byteLengthOfTag,
  FLV_FILE_HEADER_LENGTH,
  writeFileHeader,
  writePreviousTagSize,
  writeTagHeader,
} from './file-format.js'
import { FlvStreamReader, type FlvTag } from './stream-reader.js'

function fileOf(tags: readonly FlvTag[]): Uint8Array {
  const length = tags.reduce((sum, { body }) => sum + byteLengthOfTag(body.length), FLV_FILE_HEADER_LENGTH)
  const file = new Uint8Array(length)
  let offset = writeFileHeader({ audio: true, video: false }, file, 0)
  for (const { type, timestampMs, body } of tags) {
    offset = writeTagHeader(type, body.length, timestampMs, file, offset)
    file.set(body, offset)
    offset = writePreviousTagSize(body.length, file, offset + body.length)
  }
  expect(offset).toBe(length)
  return file
}

const tag = fc.record({
  type: fc.constantFrom(8, 9, 18),
  timestampMs: fc.oneof(fc.nat(100), fc.integer({ min: 0xfffff0, max: 0x100000f }), fc.constant(0xffffffff)),
  body: fc.uint8Array({ maxLength: 300 }),
})

test('tags come out as they were written, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(tag, { maxLength: 10 }), fc.array(fc.nat(400)), (tags, cuts) => {
      const file = fileOf(tags)
      const reader = new FlvStreamReader()
      const read: FlvTag[] = []
      let offset = 0
      for (const cut of [...cuts, file.length]) {
        reader.handleInput(file.slice(offset, offset + cut))
        offset = Math.min(file.length, offset + cut)
        for (let next = reader.pollTag(); next !== undefined; next = reader.pollTag()) read.push(next)
      }
      expect(reader.error).toBeUndefined()
      expect(reader.header).toEqual({ audio: true, video: false })
      expect(read).toEqual(tags)
    }),
  )
})

test('a body within one piece is not copied; tags stay what they were when more comes', () => {
  const file = fileOf([
    { type: 9, timestampMs: 0, body: bytesOf('010203') },
    { type: 9, timestampMs: 40, body: bytesOf('040506') },
  ])
  const reader = new FlvStreamReader()
  reader.handleInput(file.subarray(0, 38))
  const first = reader.pollTag()!
  expect(first.body.buffer).toBe(file.buffer)
  reader.handleInput(file.subarray(38))
  const second = reader.pollTag()!
  reader.handleInput(new Uint8Array(100_000).fill(0xff))
  expect([first.body, second.body].map(hexOf)).toEqual(['010203', '040506'])
})

test('the file header and a tag header, byte by byte', () => {
  const out = new Uint8Array(FLV_FILE_HEADER_LENGTH + 11)
  writeTagHeader(9, 0x010203, 0x12345678, out, writeFileHeader({ audio: true, video: true }, out, 0))
  expect(hexOf(out)).toBe('464c5601050000000900000000' + '09' + '010203' + '34567812' + '000000')
})

test('timestamps wrap at 2^32 ms', () => {
  const [out, wrapped] = [new Uint8Array(11), new Uint8Array(11)]
  writeTagHeader(8, 0, 77, out, 0)
  writeTagHeader(8, 0, 2 ** 32 + 77, wrapped, 0)
  expect(wrapped).toEqual(out)
})

test.each([
  ['no FLV', '474c5601050000000900000000'],
  ['a header of 4 bytes', '464c5601050000000400000000'],
  ['a header of 4 GiB', '464c560105ffffffff00000000'],
])('not read: %s', (_, hex) => {
  const reader = new FlvStreamReader()
  reader.handleInput(bytesOf(hex))
  expect(reader.pollTag()).toBeUndefined()
  expect(reader.error).toMatch(/file header/)
  reader.handleInput(fileOf([]))
  expect(reader.pollTag()).toBeUndefined()
})

test('a longer file header is passed over', () => {
  const reader = new FlvStreamReader()
  reader.handleInput(bytesOf('464c5601050000000b aaaa 00000000 08 000001 000000 00 000000 77 0000000c'))
  expect(reader.pollTag()).toEqual({ type: 8, timestampMs: 0, body: bytesOf('77') })
})

test('a body longer than the limit is an error before it is gathered', () => {
  const reader = new FlvStreamReader({ maxBodyBytes: 1000 })
  const head = new Uint8Array(FLV_FILE_HEADER_LENGTH + 11)
  writeTagHeader(9, 1001, 0, head, writeFileHeader({ audio: true, video: true }, head, 0))
  reader.handleInput(head)
  expect(reader.pollTag()).toBeUndefined()
  expect(reader.error).toMatch(/1001 bytes/)
})
