import { randomBytes } from 'node:crypto'
import {
  dtlsRoleFor,
  writeAnswer,
  type IceCredentials,
  type NegotiatedMedia,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { RtcGateway } from './gateway.js'

/** The answer to an offer of WHIP or WHEP: those sessions have one description for their whole life. */
export function describeSession(
  gateway: RtcGateway,
  offer: RemoteDescription,
  media: readonly NegotiatedMedia[],
  ice: IceCredentials,
): string {
  return writeAnswer(offer, media, {
    sessionId: String(randomBytes(6).readUIntBE(0, 6)),
    version: 1,
    ice,
    candidates: gateway.candidates,
    fingerprint: gateway.fingerprint,
    dtlsRole: dtlsRoleFor(offer),
    cname: gateway.cname,
    streamId: 'crossroom',
  })
}
