import { createHmac } from 'node:crypto'
import { authLimits } from '../config/index.js'
import { equalSecrets } from './constant-time.js'
import { deriveKey } from './derived-key.js'
import type { StreamAction } from './gate.js'

/**
 * The token of a plain stream: 32 characters of `[A-Za-z0-9_-]`, because LiteAV on iOS fails on long or escaped addresses.
 *
 *     p tfs3k1c 5SxN…   action (p publish, v view) · expiry (unix seconds, base 36, 7 digits) · 18 bytes of HMAC-SHA256
 *
 * The HMAC is keyed with a key derived from the server's secret, and covers a purpose line, the action, `APP/STREAM` and the expiry.
 */

const LETTER = { publish: 'p', play: 'v' } as const satisfies Record<StreamAction, string>
const EXPIRY_DIGITS = 7
/** 144 bits: far beyond guessing, and with the nine characters before it a token has 32. */
const MAC_BYTES = 18
const TOKEN = /^[pv][0-9a-z]{7}[A-Za-z0-9_-]{24}$/

/** The permission of a token. */
export interface StreamTokenScope {
  readonly action: StreamAction
  readonly app: string
  readonly stream: string
}

/** Result of {@link verifyStreamToken}. `other-action`: a play token was used to publish, or vice versa. */
export type TokenVerdict = 'valid' | 'expired' | 'other-action' | 'invalid'

/** Makes a token that is valid until `expiresAtSeconds` (unix time). */
export function makeStreamToken(secret: string, scope: StreamTokenScope, expiresAtSeconds: number): string {
  const expiry = Math.floor(expiresAtSeconds).toString(36).padStart(EXPIRY_DIGITS, '0')
  if (expiry.length > EXPIRY_DIGITS) throw new RangeError('expiresAtSeconds is too far away for a token')
  return `${LETTER[scope.action]}${expiry}${mac(secret, scope, expiry)}`
}

/** Checks a token in constant time; `nowMs` is the wall clock, 60 s of difference are forgiven. */
export function verifyStreamToken(secret: string, scope: StreamTokenScope, token: string, nowMs: number): TokenVerdict {
  if (token.length > authLimits.tokenChars || !TOKEN.test(token)) return 'invalid'
  const action = token.startsWith(LETTER.publish) ? 'publish' : 'play'
  const expiry = token.slice(1, 1 + EXPIRY_DIGITS)
  if (!equalSecrets(token.slice(1 + EXPIRY_DIGITS), mac(secret, { ...scope, action }, expiry))) return 'invalid'
  if (action !== scope.action) return 'other-action'
  return Number.parseInt(expiry, 36) * 1000 + authLimits.clockLeewayMs < nowMs ? 'expired' : 'valid'
}

function mac(secret: string, scope: StreamTokenScope, expiry: string): string {
  return createHmac('sha256', deriveKey(secret, 'stream-token'))
    .update(`crossroom stream token 1\n${scope.action}\n${scope.app}/${scope.stream}\n${expiry}`)
    .digest()
    .subarray(0, MAC_BYTES)
    .toString('base64url')
}
