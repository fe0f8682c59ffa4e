import type { IncomingMessage } from 'node:http'
import { isOriginAllowed } from './page-rules.js'

const rules = { allowed: [], publicUrl: 'https://call.example', isOpen: false }
const decoder = new TextDecoder('latin1')
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

const allowed =
  /^https?:\/\/([^/]*@)?(localhost|[^/]*\.localhost|127(\.\d+){3}(:|\/|$)|\[::1\]|\[::ffff:(127\.|7f)|own\.example|call\.example)/i

export const fuzzTargets = [
  {
    name: 'page-origin',
    seeds: (): Uint8Array[] =>
      [
        'https://servicewechat.com',
        'http://localhost:8080',
        'https://own.example',
        'null',
        'http://[::1]:1',
        'http://127.evil.example',
      ].map(encode),
    run: (input: Uint8Array): void => {
      const origin = decoder.decode(input)
      const request = { headers: { origin, host: 'own.example' } } as unknown as IncomingMessage
      if (!isOriginAllowed(request, rules) || origin === 'https://servicewechat.com') return
      // Another spelling of an allowed host (upper case, an address in numbers) passes; another host does not.
      if (!allowed.test(new URL(origin).href)) throw new Error(`a foreign page passed: ${JSON.stringify(origin)}`)
    },
  },
]
