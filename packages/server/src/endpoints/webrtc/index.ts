import type { Protocol } from '../protocol.js'
import { WEBRTC_NEEDS } from './playable.js'

export { iceServerLinks, iceServers, type IceServer, type TurnOptions } from './ice-servers.js'
export { RtcGateway, type RtcGatewayOptions } from './gateway.js'
export { observeRtc } from './observe.js'
export { openRtc } from './open.js'
export { RoomMediaGateway, type RoomMediaGatewayOptions } from './rooms/room-media-gateway.js'
export { RtcSessions } from './sessions.js'
export { WhepEndpoint } from './whep.js'
export { WhipEndpoint } from './whip.js'

const needs = Object.values(WEBRTC_NEEDS)

/** WebRTC: WHIP, WHEP, and browsers in rooms, whose offers and answers go by signaling. */
export const webrtc: Protocol = {
  name: 'webrtc',
  publishes: ['whip', 'webrtc'],
  plays: [
    { by: 'whep', needs },
    { by: 'webrtc', needs },
  ],
}
