import { randomBytes } from 'node:crypto'
import {
  dtlsRoleFor,
  writeAnswer,
  type DtlsRole,
  type IceCredentials,
  type NegotiatedMedia,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { RtcGateway } from './gateway.js'

/** What one session's descriptions have in common. */
export interface SessionIdentity {
  /** Decimal digits (RFC 8866 section 5.2). */
  readonly sessionId: string
  /** Of the next description; grows by one with each. */
  readonly version: number
  readonly dtlsRole: DtlsRole
}

/** Of a session that begins with this offer. */
export function newSessionIdentity(offer: RemoteDescription): SessionIdentity {
  return { sessionId: String(randomBytes(6).readUIntBE(0, 6)), version: 1, dtlsRole: dtlsRoleFor(offer) }
}

/** The answer to an offer. Sessions of WHIP and WHEP have one description for their whole life. */
export function describeSession(
  gateway: RtcGateway,
  offer: RemoteDescription,
  media: readonly NegotiatedMedia[],
  ice: IceCredentials,
  identity: SessionIdentity = newSessionIdentity(offer),
): string {
  return writeAnswer(offer, media, {
    ...identity,
    ice,
    candidates: gateway.candidates,
    fingerprint: gateway.fingerprint,
    cname: gateway.cname,
    streamId: 'crossroom',
  })
}
