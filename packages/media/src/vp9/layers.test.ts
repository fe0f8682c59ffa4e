import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf } from '../bytes/hex.fake.js'
import { videoConfigFromVp9Keyframe, videoConfigFromVp9Record } from './config.js'
import { buildVp9Frame, type BuiltFrame } from './frames.fake.js'
import { buildVp9SuperframeIndex, hideVp9Frame, splitVp9Superframe } from './superframe.js'
import { Vp9HeaderReader } from './uncompressed-header.js'

const record = bytesOf('01000000000b820202020000')
const small = { width: 320, height: 180 }
const large = { width: 1280, height: 720 }

function joined(...frames: Uint8Array[]): Uint8Array {
  return Uint8Array.from(
    [...frames, buildVp9SuperframeIndex(frames.map(({ length }) => length))].flatMap((part) => [...part]),
  )
}

const builtFrames: fc.Arbitrary<BuiltFrame> = fc.record({
  ...{ keyframe: fc.boolean(), width: fc.integer({ min: 16, max: 4096 }), height: fc.integer({ min: 16, max: 2160 }) },
  ...{ errorResilient: fc.boolean(), segments: fc.boolean(), deltas: fc.boolean() },
  refreshes: fc.integer({ min: 0, max: 255 }),
  data: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 }),
})

test('a hidden frame is the same frame, and not shown', () => {
  fc.assert(
    fc.property(builtFrames, (built) => {
      const frame = buildVp9Frame(built)
      const header = new Vp9HeaderReader().read(frame)!
      expect(header).toMatchObject({ width: built.width, height: built.height, shown: true })
      expect((header.bitLength + 7) >> 3).toBe(frame.length - built.data!.length)
      const hidden = hideVp9Frame(frame, header)
      const after = new Vp9HeaderReader().read(hidden)!
      expect(after).toEqual({
        ...header,
        shown: false,
        bitLength: header.bitLength + (built.keyframe === true ? 0 : 1),
      })
      expect([...hidden.subarray((after.bitLength + 7) >> 3)]).toEqual(built.data)
      expect(hideVp9Frame(hidden, after)).toBe(hidden)
    }),
  )
})

test('a frame has the size of its reference', () => {
  const headers = new Vp9HeaderReader()
  headers.read(buildVp9Frame({ keyframe: true, ...small }))
  headers.read(buildVp9Frame({ ...large, refreshes: 0b100 }))
  expect(headers.read(buildVp9Frame({ ...small, sizeOfSlot: 2 }))).toMatchObject(large)
  expect(headers.read(buildVp9Frame({ ...large, sizeOfSlot: 1 }))).toMatchObject(small)
  expect(new Vp9HeaderReader().read(buildVp9Frame({ ...small, sizeOfSlot: 2 }))).toBeUndefined()
})

test('a superframe is taken apart as it was put together', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 700 }), { minLength: 1, maxLength: 8 }), (frames) => {
      expect(splitVp9Superframe(joined(...frames))).toEqual(frames)
    }),
  )
})

test('an index that does not fit what is before it is part of the frame', () => {
  for (const hex of ['', 'c1', 'a1c10902c1', 'a1a2c0c0'])
    expect(splitVp9Superframe(bytesOf(hex))).toEqual([bytesOf(hex)])
})

test('the size of a picture in layers is that of the highest', () => {
  const config = videoConfigFromVp9Record(record)!
  const key = buildVp9Frame({ keyframe: true, ...small })
  const upper = buildVp9Frame(large)
  expect(videoConfigFromVp9Keyframe(joined(key, upper), config)).toMatchObject(large)
  expect(
    videoConfigFromVp9Keyframe(joined(key, buildVp9Frame({ width: 16_000, height: 16_000 })), config),
  ).toBeUndefined()
  expect(videoConfigFromVp9Keyframe(joined(upper, key), config)).toBeUndefined()
})
