import { addressCases, reloadCases } from './address.cases.js'
import { parseHlsAddress, parseReload } from './address.js'

const decoder = new TextDecoder('latin1')
const MAX_FIELDS = 32

export const fuzzTargets = [
  {
    name: 'hls-address',
    seeds: (): Uint8Array[] => {
      const reloads = reloadCases.map(([query]) => `/hls/live/a/index.m3u8?${query}`)
      return [...addressCases.map(([target]) => target), ...reloads].map((target) => new TextEncoder().encode(target))
    },
    run: (input: Uint8Array): void => {
      const address = parseHlsAddress(decoder.decode(input), MAX_FIELDS)
      if (address === undefined) return
      if (address.app === '' || address.stream === '' || address.file === '') throw new Error('an empty name passed')
      if (address.file.includes('/') || address.file.startsWith('.')) throw new Error('a path passed as a file')
      if (address.query.size > MAX_FIELDS) throw new Error('too many arguments were kept')
      const reload = parseReload(address.query)
      if (reload === undefined || reload === 'wrong') return
      for (const number of [reload.segment, reload.part ?? 0])
        if (!Number.isSafeInteger(number) || number < 0) throw new Error('no whole number passed')
    },
  },
]
