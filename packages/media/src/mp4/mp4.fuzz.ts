import { aac, h264, pictureOf, soundOf } from '../wire/wire.fake.js'
import { readBoxes, readFragmentTracks, readTimescales } from './box-reader.js'
import { initSegment } from './init-segment.js'
import { mp4Of } from './mp4.fake.js'

const file = () => mp4Of([pictureOf(0, [new Uint8Array(4)], true), soundOf(5000), pictureOf(40_000, [], false)])

const moovOf = (init: Uint8Array) => init.slice(readBoxes(init)![1]!.start)

export const fuzzTargets = [
  {
    name: 'mp4-boxes',
    seeds: (): Uint8Array[] => {
      const bytes = file()
      const moof = readBoxes(bytes)!.find(({ type }) => type === 'moof')!
      return [bytes, bytes.slice(moof.start, moof.end), moovOf(initSegment({ video: h264, audio: aac }))]
    },
    run: (input: Uint8Array): void => {
      for (const { end } of readBoxes(input) ?? []) if (end > input.length) throw new Error('A box beyond the bytes')
      const samples = (readFragmentTracks(input) ?? []).reduce((sum, track) => sum + track.samples, 0)
      if (samples * 4 > input.length) throw new Error('More samples than bytes')
      for (const timescale of readTimescales(input)?.values() ?? []) if (timescale === 0) throw new Error('No ticks')
    },
  },
]
