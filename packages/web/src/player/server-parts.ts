import type { Failure } from './source.js'

interface Readiness {
  readonly parts?: Readonly<Record<string, { readonly on: boolean; readonly why?: string } | undefined>>
}

let known: boolean | undefined

/**
 * Why the server has no WebRTC, by what `/readyz` says of it; undefined when it has it, or does not say. A yes is
 * remembered while the page lives; a no is asked again, for a server may be started anew with more in it.
 */
export async function webRtcMissing(origin: string, signal: AbortSignal): Promise<Failure | undefined> {
  if (known === true) return undefined
  const response = await fetch(`${origin}/readyz`, { signal, cache: 'no-store' })
  const readiness = (await response.json().catch(() => ({}))) as Readiness
  const webrtc = readiness.parts?.['webrtc']
  if (webrtc === undefined) return undefined
  known = webrtc.on
  if (webrtc.on) return undefined
  return { reason: 'unavailable', ...(webrtc.why === undefined ? {} : { detail: webrtc.why }) }
}
