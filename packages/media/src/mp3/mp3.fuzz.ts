import { bytesOf } from '../bytes/hex.fake.js'
import { countMp3Frames, parseMp3FrameHeader } from './frame-header.js'

export const fuzzTargets = [
  {
    name: 'mp3',
    seeds: (): Uint8Array[] => ['fffb9064', 'fff380c4', 'ffe388c4'].map((hex) => bytesOf(hex + '00'.repeat(60))),
    run: (input: Uint8Array): void => {
      const header = parseMp3FrameHeader(input)
      if (header !== undefined && !(header.frameLength > 4)) throw new Error(`a frame of ${header.frameLength} bytes`)
      if (countMp3Frames(input, 0, input.length) > input.length) throw new Error('more frames than bytes')
    },
  },
]
