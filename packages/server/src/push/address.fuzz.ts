import { parsePushAddress, shownAddress, withoutSecrets } from './address.js'
import { parsePushOption } from './spec.js'

const decoder = new TextDecoder()

export const fuzzTargets = [
  {
    name: 'push-address',
    seeds: (): Uint8Array[] =>
      [
        'rtmp://host/live/KEY-of-it?token=abcdef',
        'rtmps://[::1]:8443/a/b/c?x=%41&key=secret#frag',
        'live/cam=rtmp://host/app/key#on-demand',
        'room:yard/gate/aux=rtmps://host/a/b',
      ].map((text) => new TextEncoder().encode(text)),
    run: (input: Uint8Array): void => {
      const text = decoder.decode(input)
      try {
        parsePushOption(text)
      } catch (error) {
        if ((error as Error).constructor.name !== 'ConfigError') throw error
      }
      const address = parsePushAddress(text)
      if (address === undefined) return
      const { search, password } = new URL(text)
      const shown = shownAddress(address) + withoutSecrets(`Bad ${search}, :${password}@`, address)
      for (const secret of [search, password === '' ? '' : `:${password}@`])
        if (secret.length >= 5 && shown.includes(secret)) throw new Error(`a secret is shown: ${shown}`)
    },
  },
]
