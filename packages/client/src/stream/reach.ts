import type { Failure, FailureReason, StreamAddress } from './source.js'

const BY_STATUS: Readonly<Record<number, FailureReason>> = {
  401: 'refused',
  403: 'refused',
  404: 'not-found',
  406: 'codec',
  415: 'unavailable',
  405: 'unavailable',
  501: 'unavailable',
  503: 'unavailable',
}

/** What an HTTP status means for a player. `detail` is the server's sentence. */
export function failureOfStatus(status: number, detail?: string): Failure {
  const reason = BY_STATUS[status] ?? 'network'
  const sentence = detail === undefined || detail === '' ? `HTTP ${String(status)}` : detail
  return { reason, detail: sentence.trim().slice(0, 300) }
}

/** `http(s)://HOST/APP/STREAM.flv`, or `ws(s)` for `scheme` 'ws'. */
export function flvAddress(address: StreamAddress, scheme: 'http' | 'ws'): string {
  const origin = scheme === 'ws' ? address.origin.replace(/^http/, 'ws') : address.origin
  const query = address.token === undefined ? '' : `?token=${encodeURIComponent(address.token)}`
  return `${origin}/${address.name}.flv${query}`
}

/** `http(s)://HOST/whep/APP/STREAM` */
export function whepAddress(address: StreamAddress): string {
  return `${address.origin}/whep/${address.name}`
}
