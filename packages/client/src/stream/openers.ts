import type { OpenSource, Protocol, SourceEvents, Source } from './source.js'
import { canPlayFlv, FlvSource } from './flv-source.js'
import { flvAddress } from './reach.js'
import { WhepSource } from './whep-source.js'

/** How each protocol is played. What reads FLV comes over the network only when it is needed. */
export const openers: Readonly<Record<Protocol, OpenSource>> = {
  webrtc: (video, address, events) => {
    if (typeof RTCPeerConnection === 'undefined') return refuse(events)
    return Promise.resolve(new WhepSource(video, address, events))
  },
  'ws-flv': openFlv('ws-flv'),
  'http-flv': openFlv('http-flv'),
}

function openFlv(protocol: 'ws-flv' | 'http-flv'): OpenSource {
  return async (video, address, events) => {
    if (!canPlayFlv()) return refuse(events)
    const { mpegts } = await import('../media/mpegts.js')
    return new FlvSource(mpegts, flvAddress(address, protocol === 'ws-flv' ? 'ws' : 'http'), video, events)
  }
}

function refuse(events: SourceEvents): Promise<Source> {
  events.failed({ reason: 'unsupported' })
  return Promise.resolve({ sample: () => Promise.resolve({ delay: [] }), close: () => undefined })
}
