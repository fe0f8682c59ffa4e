import type { OpenSource, Protocol, SourceEvents, Source } from './source.js'
import { WhepSource } from './whep.js'

/** How each protocol is played. The FLV player comes over the network only when it is needed. */
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
    const { FlvSource, canPlayFlv } = await import('./flv.js')
    if (!canPlayFlv()) return refuse(events)
    return new FlvSource(protocol, video, address, events)
  }
}

function refuse(events: SourceEvents): Promise<Source> {
  events.failed({ reason: 'unsupported' })
  return Promise.resolve({ sample: () => Promise.resolve({ delay: [] }), close: () => undefined })
}
