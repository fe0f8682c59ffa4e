import { randomBytes } from 'node:crypto'
import {
  acceptedBundle,
  dtlsRoleFor,
  writeTrickleFragment,
  type IceCredentials,
  type MediaReceiver,
  type NegotiatedMedia,
  type PeerAddress,
  type RemoteDescription,
  type SrtpKeys,
  type SrtpProfile,
} from '@crossroom/webrtc'
import { equalSecrets, type StreamEndReason, type StreamRequest } from '../../../auth/index.js'
import { rtcLimits } from '../../../config/index.js'
import { addressGroup, isLoopbackAddress } from '../../../net/index.js'
import type { EndpointEnvironment } from '../../environment.js'
import { describeSession, type RtcGateway, type RtcPeer } from '../port/index.js'
import { HttpRefusal } from './session-requests.js'

/** What is kept of a POST. The offer is not: there are thousands of sessions. */
export interface SessionPost {
  /** What the gate is asked. */
  readonly asked: StreamRequest
  /** Whose pending sessions are counted together: the address's. */
  readonly owner: string
}

export interface SessionContext {
  readonly environment: EndpointEnvironment
  readonly gateway: RtcGateway
  readonly sessions: RtcSessions
}

/** What a session's transport carries. */
export interface SessionMedia extends MediaReceiver {
  handleMoved(address: PeerAddress | undefined): void
}

/** A WHIP or WHEP session, from its POST to its DELETE: everything except the direction of the media. */
export abstract class RtcSession {
  /** 128 random bits in base64url: the last part of its address. */
  readonly id = randomBytes(rtcLimits.sessionIdBytes).toString('base64url')
  readonly post: SessionPost
  protected readonly context: SessionContext
  #etag = `"${this.id.slice(0, 8)}"`
  #peer: RtcPeer | undefined
  /** The mid that carries the transport of all m-lines. */
  #mid = ''
  #isOver = false

  constructor(context: SessionContext, post: SessionPost) {
    this.context = context
    this.post = post
  }

  /** Whether a room, a token or a hook admitted the client; false where everybody may. */
  abstract get isKnown(): boolean

  /** Changes with every ICE restart (RFC 9725 section 4.3). */
  get etag(): string {
    return this.#etag
  }

  get isConnected(): boolean {
    return this.#peer?.isConnected === true
  }

  /** What the POST carried must come with PATCH and DELETE as well. */
  isOf(bearer: string | undefined): boolean {
    const { bearer: own } = this.post.asked
    return own === undefined || (bearer !== undefined && equalSecrets(bearer, own))
  }

  /** POST: resolves with the answer to the offer. Rejects with HttpRefusal or SdpError, and the session is over. */
  async begin(offer: RemoteDescription): Promise<string> {
    try {
      return await this.admit(offer)
    } catch (error) {
      this.end('error')
      throw error
    }
  }

  /**
   * PATCH: candidates name the session's ETag, and are not needed, for the client's checks show them. A restart names `*`,
   * and is answered with our credentials; undefined without one.
   */
  patch(names: '*' | readonly string[], remote: IceCredentials | undefined): string | undefined {
    if (names !== '*' && !names.includes(this.#etag))
      throw new HttpRefusal(412, 'The ETag does not match the current ICE session.')
    if (remote === undefined || names !== '*' || this.#peer === undefined) return undefined
    const { gateway } = this.context
    const local = gateway.restartIce(this.#peer, remote)
    this.#etag = `"${local.usernameFragment.replaceAll('/', '-').replaceAll('+', '_')}"`
    return writeTrickleFragment(local, gateway.candidates, this.#mid)
  }

  /** DELETE, the end of the path or of the stream, and being removed. Idempotent. */
  end(reason: StreamEndReason): void {
    if (this.#isOver) return
    this.#isOver = true
    this.context.sessions.remove(this.id)
    this.release(reason)
    this.#peer?.close()
  }

  /** Asks the gate, and connects. */
  protected abstract admit(offer: RemoteDescription): Promise<string>
  protected abstract handleConnected(keys: SrtpKeys, profile: SrtpProfile, address: PeerAddress | undefined): void
  /** Undoes what `admit` began. */
  protected abstract release(reason: StreamEndReason): void

  /** Makes the transport, and gives the address out. Returns the answer to the offer. */
  protected connect(offer: RemoteDescription, media: readonly NegotiatedMedia[], carried: SessionMedia): string {
    const { gateway, sessions } = this.context
    if (this.#isOver) throw new HttpRefusal(404, 'The stream has just ended.')
    this.#mid = acceptedBundle(offer, media)[0]!
    this.#peer = gateway.createPeer({
      remote: offer.ice,
      remoteFingerprint: offer.fingerprint,
      dtlsRole: dtlsRoleFor(offer),
      media: carried,
      handlers: {
        connected: (keys, profile, address) => this.handleConnected(keys, profile, address),
        moved: (address) => carried.handleMoved(address),
        closed: (reason, failed) => this.#handleClosed(reason, failed),
      },
    })
    sessions.add(this)
    return describeSession(gateway, offer, media, this.#peer.local)
  }

  #handleClosed(reason: string, failed: boolean): void {
    const { protocol } = this.post.asked
    this.context.environment.log.debug({ session: this.id.slice(0, 8), protocol, reason, failed }, 'Transport closed')
    this.end(failed || reason === 'consent-expired' ? 'timeout' : 'client')
  }
}

/** The sessions whose addresses were given out. */
export class RtcSessions {
  readonly #sessions = new Map<string, RtcSession>()

  /**
   * Limits unconnected sessions, in total and per address; tokens do not count, because anyone can invent one. Returns
   * the owner that a new session counts for. Loopback, which may be a proxy, gets half of the places, so that it never
   * has all.
   */
  checkPending(remoteAddress: string): string {
    const owner = addressGroup(remoteAddress)
    const pending = [...this.#sessions.values()].filter((session) => !session.isConnected)
    const busy = 'sessions are connecting; try again in a moment.'
    if (pending.length >= rtcLimits.pendingSessions)
      throw new HttpRefusal(503, `Too many ${busy}`, { 'Retry-After': '2' })
    const own = isLoopbackAddress(remoteAddress) ? rtcLimits.pendingSessions / 2 : rtcLimits.pendingPerPeer
    if (pending.filter(({ post }) => post.owner === owner).length >= own)
      throw new HttpRefusal(429, `Too many of your ${busy}`, { 'Retry-After': '2' })
    return owner
  }

  add(session: RtcSession): void {
    this.#sessions.set(session.id, session)
  }

  remove(id: string): void {
    this.#sessions.delete(id)
  }

  get(id: string): RtcSession | undefined {
    return this.#sessions.get(id)
  }
}
