import { observeLimits } from '../config/limits.js'
import { REDACTED, sanitiseText } from './sanitise.js'

/** The longest thing one character can become: `\u{10ffff}`. */
const ESCAPE_CHARS = 10

const decoder = new TextDecoder('latin1')

export const fuzzTargets = [
  {
    name: 'log-text',
    seeds: (): Uint8Array[] =>
      [
        'rtmp://user:pass@h/live/x?token=abc&txSecret=0f',
        'Authorization: Bearer abc',
        'a=ice-pwd:x\r\n',
        '\u001b[2J',
      ].map((text) => new TextEncoder().encode(text)),
    run: (input: Uint8Array): void => {
      const text = decoder.decode(input)
      const clean = sanitiseText(text)
      if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(clean)) throw new Error('something unprintable is left')
      const longest = (Math.min(text.length, observeLimits.logTextChars) + 1) * (ESCAPE_CHARS + REDACTED.length)
      if (clean.length > longest) throw new Error('the text is too long')
      const secret = /[?&]token=([^&;\s"'<>]+)/.exec(clean)?.[1]
      if (secret !== undefined && !secret.startsWith(REDACTED)) throw new Error('a token is left')
    },
  },
]
