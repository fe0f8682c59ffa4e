import { bytesOf } from '../bytes/hex.cases.js'
import { videoConfigFromVp9Keyframe, videoConfigFromVp9Record } from './config.js'

const current = videoConfigFromVp9Record(bytesOf('01000000000b820202020000'))

export const fuzzTargets = [
  {
    name: 'vp9',
    seeds: (): Uint8Array[] => ['824983420013f00b3606', '86004092f1', '01000000000b820202020000'].map(bytesOf),
    run: (input: Uint8Array): void => {
      videoConfigFromVp9Record(input)
      const config = videoConfigFromVp9Keyframe(input, current)
      if (config !== undefined && config.width * config.height > 36_864 * 256) throw new Error('a picture too large')
    },
  },
]
