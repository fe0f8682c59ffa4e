import { bytesOf } from '../bytes/hex.fake.js'
import { videoConfigFromVp8Keyframe } from './config.js'
import { isVp8Keyframe } from './frame-header.js'

export const fuzzTargets = [
  {
    name: 'vp8',
    seeds: (): Uint8Array[] => ['3055009d012a4001b4004708', 'b106000b'].map(bytesOf),
    run: (input: Uint8Array): void => {
      const config = videoConfigFromVp8Keyframe(input, undefined)
      if (config !== undefined && !isVp8Keyframe(input)) throw new Error('a config without key frame')
      if (config !== undefined && config.width * config.height > 36_864 * 256) throw new Error('a picture too large')
    },
  },
]
