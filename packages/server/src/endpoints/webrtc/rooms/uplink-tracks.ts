import type { PublishedTrack } from '@crossroom/protocol'
import { SdpError, type RemoteDescription } from '@crossroom/webrtc'

/**
 * The tracks by their mid. Throws SdpError when the offer has no such m-line, or two tracks claim to be the same part of a stream.
 */
export function checkTracks(offer: RemoteDescription, tracks: readonly PublishedTrack[]): Map<string, PublishedTrack> {
  const byMid = new Map<string, PublishedTrack>()
  const parts = new Set<string>()
  for (const track of tracks) {
    const { mid, kind, streamType } = track
    const media = offer.media.find((entry) => entry.mid === mid)
    if (media === undefined)
      throw new SdpError('SDP_INVALID', `A track names m-line ${mid}, which is not in the offer.`)
    if (media.kind !== kind)
      throw new SdpError('SDP_INVALID', `M-line ${mid} is ${media.kind.slice(0, 16)}, but its track says ${kind}.`)
    const part = `${streamType} ${kind}`
    if (byMid.has(mid) || parts.has(part))
      throw new SdpError('SDP_INVALID', `Two tracks are the ${part}, or m-line ${mid} is named twice.`)
    parts.add(part)
    byMid.set(mid, track)
  }
  return byMid
}
