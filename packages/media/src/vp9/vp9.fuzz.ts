import { bytesOf } from '../bytes/hex.fake.js'
import { buildVp9SuperframeIndex, hideVp9Frame, splitVp9Superframe } from './superframe.js'
import { Vp9HeaderReader } from './uncompressed-header.js'
import { buildVp9Frame } from './frames.fake.js'
import { videoConfigFromVp9Keyframe, videoConfigFromVp9Record } from './config.js'

const current = videoConfigFromVp9Record(bytesOf('01000000000b820202020000'))

/** Whatever comes, a frame that is hidden is read as a hidden one, and grows by a byte at most. */
function checkLayers(input: Uint8Array): void {
  const headers = new Vp9HeaderReader()
  for (const frame of splitVp9Superframe(input)) {
    const header = headers.read(frame)
    if (header === undefined || header.profile === 3) continue
    const hidden = hideVp9Frame(frame, header)
    if (hidden.length > frame.length + 1 || hidden.length < frame.length)
      throw new Error('a hidden frame of another length')
    if ((hidden[0]! & 2) !== 0) throw new Error('a hidden frame is shown')
  }
}

const inLayers = (): Uint8Array => {
  const frames = [
    { keyframe: true, width: 320, height: 180 },
    { width: 640, height: 360, segments: true },
  ].map(buildVp9Frame)
  return Uint8Array.from(
    [...frames, buildVp9SuperframeIndex(frames.map(({ length }) => length))].flatMap((part) => [...part]),
  )
}

export const fuzzTargets = [
  {
    name: 'vp9',
    seeds: (): Uint8Array[] => [
      ...['824983420013f00b3606', '86004092f1', '01000000000b820202020000'].map(bytesOf),
      inLayers(),
    ],
    run: (input: Uint8Array): void => {
      videoConfigFromVp9Record(input)
      const config = videoConfigFromVp9Keyframe(input, current)
      checkLayers(input)
      if (config !== undefined && config.width * config.height > 36_864 * 256) throw new Error('a picture too large')
    },
  },
]
