import { bytesOf } from '../bytes/hex.fake.js'
import { videoConfigFromAv1Record } from './config.js'
import { isAv1Keyframe, parseObus } from './obu.js'

export const fuzzTargets = [
  {
    name: 'av1',
    seeds: (): Uint8Array[] =>
      ['81000c000a0b000000043cfecc02f80040', '12000a0b000000043cfeccfbf9004032021400', '12001a01d8'].map(bytesOf),
    run: (input: Uint8Array): void => {
      for (const { start, end } of parseObus(input) ?? []) {
        if (start > end || end > input.length) throw new Error(`an OBU from ${start} to ${end}`)
      }
      isAv1Keyframe(input)
      const config = videoConfigFromAv1Record(input)
      if (config !== undefined && config.width * config.height > 36_864 * 256) throw new Error('a picture too large')
    },
  },
]
