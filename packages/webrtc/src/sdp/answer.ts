import type { MediaDescription } from 'sdp-transform'
import {
  codecLines,
  extensionLines,
  sendingLines,
  transportLines,
  writeDescription,
  type LocalDescription,
} from './description-lines.js'
import type { NegotiatedMedia } from './negotiate.js'
import type { RemoteDescription } from './remote-description.js'
import type { RemoteMedia } from './remote-media.js'
import { acceptedBundle } from './session-rules.js'

/** The answer to `offer` that accepts `accepted` and refuses the rest: the same m-lines in the same order (RFC 3264 section 6). */
export function writeAnswer(
  offer: RemoteDescription,
  accepted: readonly NegotiatedMedia[],
  local: LocalDescription,
): string {
  const bundle = acceptedBundle(offer, accepted)
  const media = offer.media.map((remote) => {
    const own = accepted.find((entry) => entry.mid === remote.mid)
    return own === undefined ? refusedMedia(remote) : acceptedMedia(remote, own, local, own.mid === bundle[0])
  })
  return writeDescription(media, offer.bundle.length > 0 ? bundle : [], local, offer.isExtmapMixed)
}

/** Port 0 refuses an m-line (RFC 3264 section 6). */
function refusedMedia(remote: RemoteMedia): MediaDescription {
  return {
    type: remote.kind,
    port: 0,
    protocol: remote.protocol,
    payloads: remote.formats,
    connection: { version: 4, ip: '0.0.0.0' },
    mid: remote.mid,
    direction: 'inactive',
    rtp: [],
    fmtp: [],
  }
}

function acceptedMedia(
  remote: RemoteMedia,
  own: NegotiatedMedia,
  local: LocalDescription,
  isTagged: boolean,
): MediaDescription {
  const direction = own.direction === 'send' ? 'sendonly' : 'recvonly'
  return {
    type: own.kind,
    port: 9,
    protocol: remote.protocol,
    connection: { version: 4, ip: '0.0.0.0' },
    mid: own.mid,
    // An offered one-way direction is answered for the same direction, from this side.
    ext: extensionLines(own, (name) => (remote.oneWayExtensions.has(name) ? direction : undefined)),
    direction: own.isHeld === true ? 'inactive' : direction,
    ...codecLines(own.codecs),
    ...transportLines(local, local.dtlsRole === 'server' ? 'passive' : 'active', isTagged),
    ...sendingLines(own, local.streamId, local.cname),
    ...simulcastOf(own),
  }
}

function simulcastOf(own: NegotiatedMedia): Partial<MediaDescription> {
  if (own.rids.length === 0) return {}
  return {
    rids: own.rids.map((id) => ({ id, direction: 'recv' })),
    simulcast: { dir1: 'recv', list1: own.rids.join(';') },
  }
}
