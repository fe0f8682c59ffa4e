import { expect, test } from 'vitest'
import { bytesOf } from '../bytes/hex.fake.js'
import { videoConfigFromVp9Keyframe, videoConfigFromVp9Record } from './config.js'
import { parseVp9FrameHeader } from './frame-header.js'

/** From a 320 × 180 stream of libvpx-vp9 by ffmpeg 5.1: box vpcC, a key frame, an inter frame. */
const record = '01000000000b820202020000'
const key = '824983420013f00b3606'

test.each([
  ['a key frame', key, { keyframe: true, width: 320, height: 180 }],
  ['an inter frame', '86004092f1', { keyframe: false, width: 0, height: 0 }],
  ['a frame that shows an earlier one', '8800', { keyframe: false, width: 0, height: 0 }],
  ['another frame marker', '424983420013f00b3606', undefined],
  ['another sync code', '824983430013f00b3606', undefined],
  ['a key frame cut short', '824983420013', undefined],
])('%s', (_, hex, header) => {
  expect(parseVp9FrameHeader(bytesOf(hex))).toEqual(header)
})

test('a record says the profile, a key frame the size', () => {
  const config = videoConfigFromVp9Record(bytesOf(record))!
  expect(config).toMatchObject({ codec: 'vp9', width: 0, codecString: 'vp09.00.11.08' })
  const sized = videoConfigFromVp9Keyframe(bytesOf(key), config)!
  expect(sized).toMatchObject({ width: 320, height: 180, description: config.description })
  expect(videoConfigFromVp9Keyframe(bytesOf(key), sized)).toBe(sized)
  expect(videoConfigFromVp9Keyframe(bytesOf(key), undefined)).toBeUndefined()
  expect(videoConfigFromVp9Record(bytesOf('0000000004'))).toBeUndefined()
})
