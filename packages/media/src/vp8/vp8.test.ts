import { expect, test } from 'vitest'
import { bytesOf } from '../bytes/hex.fake.js'
import { videoConfigFromVp8Keyframe } from './config.js'
import { parseVp8FrameHeader } from './frame-header.js'

/** The first bytes of a 320 × 180 stream of libvpx by ffmpeg 5.1. */
const key = '3055009d012a4001b4004708'

test.each([
  ['a key frame', key, { keyframe: true, width: 320, height: 180 }],
  ['a key frame with scaling bits', '3055009d012a4041b4804708', { keyframe: true, width: 320, height: 180 }],
  ['an inter frame', 'b106000b', { keyframe: false, width: 0, height: 0 }],
  ['a key frame without start code', '3055009d012b4001b400', undefined],
  ['a key frame cut short', '3055009d012a4001b4', undefined],
  ['two bytes', 'b106', undefined],
])('%s', (_, hex, header) => {
  expect(parseVp8FrameHeader(bytesOf(hex))).toEqual(header)
})

test('the config stays while the size stays', () => {
  const config = videoConfigFromVp8Keyframe(bytesOf(key), undefined)!
  expect(config).toMatchObject({ codec: 'vp8', width: 320, height: 180, reorderFrames: 0 })
  expect(videoConfigFromVp8Keyframe(bytesOf(key), config)).toBe(config)
  expect(videoConfigFromVp8Keyframe(bytesOf('3055009d012a8002b4004708'), config)).toMatchObject({ width: 640 })
  expect(videoConfigFromVp8Keyframe(bytesOf('3055009d012a0100b4004708'), config)).toBeUndefined()
})
