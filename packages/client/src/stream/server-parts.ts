import { failureOfStatus, whepAddress } from './reach.js'
import type { Failure, StreamAddress } from './source.js'

interface Readiness {
  readonly parts?: Readonly<Record<string, { readonly on: boolean; readonly why?: string } | undefined>>
}

let offered = false

/**
 * Why the server has no WebRTC, according to `/readyz` or its answer to OPTIONS; undefined if it has WebRTC. A yes is
 * cached for the page; a no is checked again, because the server may restart with more parts.
 */
export async function webRtcMissing(address: StreamAddress, signal: AbortSignal): Promise<Failure | undefined> {
  if (offered) return undefined
  const response = await fetch(`${address.origin}/readyz`, { signal, cache: 'no-store' }).catch(() => undefined)
  signal.throwIfAborted()
  // Not for pages of other origins: then the answer to the offer says it.
  if (response === undefined) return undefined
  const readiness = (await response.json().catch(() => ({}))) as Readiness
  const webrtc = readiness.parts?.['webrtc']
  if (webrtc === undefined) return notOffered(address, signal)
  offered = webrtc.on
  if (offered) return undefined
  return { reason: 'unavailable', ...(webrtc.why === undefined ? {} : { detail: webrtc.why }) }
}

async function notOffered(address: StreamAddress, signal: AbortSignal): Promise<Failure | undefined> {
  const { ok, status } = await fetch(whepAddress(address), { method: 'OPTIONS', signal })
  offered = ok
  return ok ? undefined : { ...failureOfStatus(status), reason: 'unavailable' }
}
