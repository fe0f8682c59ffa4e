import { parsePullAddress, shownAddress, withoutSecrets } from './address.js'
import { parsePullOption } from './spec.js'

const decoder = new TextDecoder()

export const fuzzTargets = [
  {
    name: 'pull-address',
    seeds: (): Uint8Array[] =>
      [
        'rtmp://user:password@host/live/a?token=abcdef',
        'https://[::1]:8443/a/b.flv?x=%41&key=secret#frag',
        'live/cam=ws://host/a.flv#on-demand&timeout=900',
        'room:yard/gate=rtmps://host/a/b',
      ].map((text) => new TextEncoder().encode(text)),
    run: (input: Uint8Array): void => {
      const text = decoder.decode(input)
      try {
        parsePullOption(text)
      } catch (error) {
        if ((error as Error).constructor.name !== 'ConfigError') throw error
      }
      const address = parsePullAddress(text)
      if (address === undefined) return
      const { password } = new URL(text)
      const shown = shownAddress(address) + withoutSecrets(`:${password}@`, address)
      if (password.length >= 4 && shown.includes(`:${password}@`)) throw new Error(`a password is shown: ${shown}`)
    },
  },
]
