import { linkCases } from './link.cases.js'
import { callAddress, parseDesktopLink } from './link.js'

const decoder = new TextDecoder('latin1')

export const fuzzTargets = [
  {
    name: 'desktop-link',
    seeds: (): Uint8Array[] => linkCases.map(([link]) => new TextEncoder().encode(link)),
    run: (input: Uint8Array): void => {
      const link = parseDesktopLink(decoder.decode(input))
      if (typeof link === 'string') return
      const address = new URL(callAddress(link))
      if (address.origin !== link.server || address.pathname !== '/call') throw new Error('the address left its server')
      if (address.searchParams.get('room') !== link.roomId) throw new Error('the address has another room')
    },
  },
]
