import { equalSecrets, type StreamEndReason } from '../../../auth/index.js'
import type { RtcPeer } from '../port/index.js'

/** A WHEP or WHIP session as its address knows it. */
export interface RtcSession {
  /** 128 random bits in base64url: the last part of its address. */
  readonly id: string
  /** Changes with every ICE restart (RFC 9725 section 4.3). */
  etag: string
  readonly peer: RtcPeer
  /** What the POST carried; the same must come with PATCH and DELETE. */
  readonly bearer: string | undefined
  /** Whose pending sessions are counted together: the address's. */
  readonly owner: string
  /** The mid that carries the transport of all m-lines. */
  readonly mid: string
  end(reason: StreamEndReason): void
}

/** The sessions whose addresses were given out. */
export class RtcSessions {
  readonly #sessions = new Map<string, RtcSession>()

  get size(): number {
    return this.#sessions.size
  }

  /** Sessions that have not connected yet; of one owner when it is given. */
  pending(owner?: string): number {
    let count = 0
    for (const session of this.#sessions.values())
      if (!session.peer.isConnected && (owner === undefined || session.owner === owner)) count++
    return count
  }

  add(session: RtcSession): void {
    this.#sessions.set(session.id, session)
  }

  /** False when it was gone already. */
  remove(id: string): boolean {
    return this.#sessions.delete(id)
  }

  has(id: string): boolean {
    return this.#sessions.has(id)
  }

  /** Undefined as well when the token is not the session's: a stranger cannot tell one from the other. */
  get(id: string, bearer: string | undefined): RtcSession | undefined {
    const session = this.#sessions.get(id)
    if (session === undefined) return undefined
    if (session.bearer === undefined) return session
    return bearer !== undefined && equalSecrets(bearer, session.bearer) ? session : undefined
  }
}
