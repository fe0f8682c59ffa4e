import { isSegment } from './names.js'
import { makeStreamToken, verifyStreamToken } from './stream-token.js'
import { verifyTxSecret } from './tx-secret.js'

const NOW_MS = 1_700_000_000_000
const SECRET = 'a secret of the fuzzer'
const scope = { action: 'play', app: 'live', stream: 'x' } as const
const good = makeStreamToken(SECRET, scope, NOW_MS / 1000 + 60)

const decoder = new TextDecoder('latin1')
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

export const fuzzTargets = [
  {
    name: 'stream-token',
    seeds: (): Uint8Array[] => [encode(good), encode('p0000000'), encode('')],
    run: (input: Uint8Array): void => {
      const token = decoder.decode(input)
      const verdict = verifyStreamToken(SECRET, scope, token, NOW_MS)
      if (verdict !== 'invalid' && token !== good) throw new Error(`a forged token is ${verdict}`)
      const [txSecret = '', txTime = ''] = token.split('&')
      if (verifyTxSecret(SECRET, 'x', { txSecret, txTime }, NOW_MS) !== 'invalid') throw new Error('a forged txSecret')
    },
  },
  {
    name: 'stream-name',
    seeds: (): Uint8Array[] => [encode('live'), encode('..'), encode('a'.repeat(128)), encode('%2e%2e/')],
    run: (input: Uint8Array): void => {
      const name = decoder.decode(input)
      if (!isSegment(name)) return
      if (name === '' || name.length > 128 || name.startsWith('.')) throw new Error('a bad name passed')
      if (encodeURIComponent(name) !== name) throw new Error('a name passed that an address would escape')
    },
  },
]
