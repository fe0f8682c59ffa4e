import { FLV_NEEDS } from '../flv-needs.js'
import type { Protocol } from '../protocol.js'

export { HttpFlvEndpoint } from './play.js'
export { WebSocketFlvEndpoint } from './web-socket.js'

/** FLV over HTTP and over WebSocket: only played. */
export const httpFlv: Protocol = {
  name: 'http-flv',
  publishes: [],
  plays: [
    { by: 'http-flv', needs: [FLV_NEEDS] },
    { by: 'ws-flv', needs: [FLV_NEEDS] },
  ],
}
