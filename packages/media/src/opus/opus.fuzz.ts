import { bytesOf } from '../bytes/hex.fake.js'
import { audioConfigFromOpusHead, parseOpusHead } from './opus-head.js'
import { MAX_OPUS_PACKET_SAMPLES, opusPacketSamples } from './toc.js'

export const fuzzTargets = [
  {
    name: 'opus',
    seeds: (): Uint8Array[] => ['4f707573486561640101380180bb0000000000', 'fc00', 'ff0600'].map(bytesOf),
    run: (input: Uint8Array): void => {
      const samples = opusPacketSamples(input)
      if (samples !== undefined && !(samples > 0 && samples <= MAX_OPUS_PACKET_SAMPLES))
        throw new Error(`${samples} samples`)
      const head = parseOpusHead(input)
      if ((head === undefined) !== (audioConfigFromOpusHead(input) === undefined)) throw new Error('two opinions')
      if (head !== undefined && !(head.channels >= 1 && head.channels <= 8))
        throw new Error(`${head.channels} channels`)
    },
  },
]
