import { createHash } from 'node:crypto'
import { authLimits } from '../config/index.js'
import { equalSecrets } from './constant-time.js'
import type { TokenVerdict } from './stream-token.js'

/**
 * The push URL signature of Tencent's live service: `?txSecret=<hex md5>&txTime=<hex unix seconds>` with `txSecret =
 * MD5(key + StreamName + txTime)`, txTime in hexadecimal digits as in the address. It contains neither app nor action.
 * Nothing separates name and time, so the time must have exactly eight digits: otherwise a signature for `cam1` would
 * be valid for `cam`.
 */

const TX_TIME = /^[0-9A-Fa-f]{8}$/
const TX_SECRET = /^[0-9A-Fa-f]{32}$/

/** The txSecret of a stream name; `txTime` as it stands in the address. */
export function makeTxSecret(key: string, stream: string, txTime: string): string {
  return createHash('md5').update(`${key}${stream}${txTime}`, 'utf8').digest('hex')
}

/** Checks a txSecret in constant time; `nowMs` is the wall clock, 60 s of difference are forgiven. */
export function verifyTxSecret(
  key: string,
  stream: string,
  given: { readonly txSecret: string; readonly txTime: string },
  nowMs: number,
): Exclude<TokenVerdict, 'other-action'> {
  if (!TX_SECRET.test(given.txSecret) || !TX_TIME.test(given.txTime)) return 'invalid'
  if (!equalSecrets(given.txSecret.toLowerCase(), makeTxSecret(key, stream, given.txTime))) return 'invalid'
  return Number.parseInt(given.txTime, 16) * 1000 + authLimits.clockLeewayMs < nowMs ? 'expired' : 'valid'
}
