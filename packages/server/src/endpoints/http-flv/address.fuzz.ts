import { addressCases } from './address.cases.js'
import { parseFlvAddress } from './address.js'

const decoder = new TextDecoder('latin1')

export const fuzzTargets = [
  {
    name: 'flv-address',
    seeds: (): Uint8Array[] => addressCases.map(([target]) => new TextEncoder().encode(target)),
    run: (input: Uint8Array): void => {
      const address = parseFlvAddress(decoder.decode(input), 32)
      if (address === undefined) return
      if (address.app === '' || address.stream === '') throw new Error('an empty name passed')
      if (address.query.size > 32) throw new Error('too many arguments were kept')
    },
  },
]
