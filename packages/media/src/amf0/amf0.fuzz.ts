import { bytesOf } from '../bytes/hex.fake.js'
import { amf0Cases, tolerantCases } from './amf0.cases.js'
import { parseAmf0Values } from './reader.js'
import { DEFAULT_AMF0_LIMITS } from './value.js'
import { encodeAmf0Values } from './writer.js'

/** Text that is not UTF-8 grows threefold when it is written again. */
const ROUND_TRIP_LIMITS = { ...DEFAULT_AMF0_LIMITS, maxBytes: 4 * DEFAULT_AMF0_LIMITS.maxBytes }

export const fuzzTargets = [
  {
    name: 'amf0',
    seeds: (): Uint8Array[] => [...amf0Cases, ...tolerantCases].map(({ hex }) => bytesOf(hex)),
    run: (input: Uint8Array): void => {
      const values = parseAmf0Values(input)
      if (values === undefined) return
      const once = encodeAmf0Values(values)
      const again = parseAmf0Values(once, ROUND_TRIP_LIMITS)
      if (again === undefined) throw new Error('what was read cannot be read again once written')
      const twice = encodeAmf0Values(again)
      if (twice.length !== once.length) throw new Error(`written with ${once.length} bytes, then with ${twice.length}`)
      for (let index = 0; index < once.length; index++) {
        if (once[index] !== twice[index]) throw new Error(`round trip differs at byte ${index}`)
      }
    },
  },
]
