import { iceServersOfLinks } from './link-header.js'
import type { StreamAddress } from './source.js'

/** The server's answer to our leaving is waited for so long. */
const LEAVE_MS = 2_000

/** What the server said to an offer. */
export type OfferAnswer =
  | { readonly kind: 'answer'; readonly sdp: string; readonly iceServers: RTCIceServer[] }
  | { readonly kind: 'refusal'; readonly status: number; readonly sentence: string }
  /** The answer arrived after the caller had left; its session is ended. */
  | { readonly kind: 'left' }

/** A session of WHIP (RFC 9725) or WHEP: made by an offer, known by its Location, ended by DELETE. */
export class HttpSession {
  readonly #resource: string
  readonly #headers: Readonly<Record<string, string>>
  #location: URL | undefined
  #left = false

  constructor(kind: 'whip' | 'whep', { origin, name, token }: StreamAddress) {
    this.#resource = `${origin}/${kind}/${name}`
    this.#headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  }

  /** Rejects when the server cannot be reached. */
  async offer(sdp: string): Promise<OfferAnswer> {
    const headers = { ...this.#headers, 'Content-Type': 'application/sdp', Accept: 'application/sdp' }
    // Not aborted: the session of an abandoned offer must be ended by its Location.
    const response = await fetch(this.#resource, { method: 'POST', body: sdp, headers })
    const body = await response.text()
    const location = response.headers.get('location')
    if (location !== null) this.#location = new URL(location, this.#resource)
    if (this.#left) {
      void this.leave()
      return { kind: 'left' }
    }
    if (response.status !== 201) return { kind: 'refusal', status: response.status, sentence: body }
    return { kind: 'answer', sdp: body, iceServers: iceServersOfLinks(response.headers.get('link') ?? '') }
  }

  /** Ends the session at the server; the request outlives the page. Never rejects. */
  async leave(): Promise<void> {
    this.#left = true
    const location = this.#location
    if (location === undefined) return
    this.#location = undefined
    const signal = AbortSignal.timeout(LEAVE_MS)
    const request = { method: 'DELETE', keepalive: true, headers: this.#headers, signal }
    await fetch(location, request).catch(() => undefined)
  }
}
