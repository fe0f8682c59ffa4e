import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { authLimits } from '../config/index.js'

/** The fetch function; `globalThis.fetch` fits. */
export type Fetch = (
  url: string,
  init: { method: 'GET'; headers: Headers; signal: AbortSignal; redirect: 'manual' },
) => Promise<Response>

/**
 * The keys at `url` (RFC 7517), fetched when first needed and kept for ten minutes. Unknown key ids of strangers
 * would otherwise trigger fetches at will, so there is a pause after every success and failure; redirects are not
 * followed, and long answers are cut off.
 */
export function remoteKeys(url: string, nowMs: () => number, fetch: Fetch = globalThis.fetch): JWTVerifyGetKey {
  let pausedUntilMs = 0
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: authLimits.jwksTimeoutMs,
    cacheMaxAge: authLimits.jwksFreshMs,
    cooldownDuration: authLimits.jwksPauseMs,
    [customFetch]: async (address, init) => {
      if (nowMs() < pausedUntilMs) throw new Error('The key set could not be fetched just now.')
      try {
        const response = await fetch(address, init)
        if (response.status !== 200) throw new Error(`The server of the key set answered ${String(response.status)}.`)
        return new Response(await readBounded(response, authLimits.jwksBytes))
      } catch (error) {
        pausedUntilMs = nowMs() + authLimits.jwksPauseMs
        throw error
      }
    },
  })
}

async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader()
  const parts: Uint8Array[] = []
  let bytes = 0
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    bytes += part.value.length
    if (bytes > maxBytes) {
      await reader?.cancel()
      throw new Error(`The key set is longer than ${String(maxBytes)} bytes.`)
    }
    parts.push(part.value)
  }
  return new Uint8Array(Buffer.concat(parts))
}
