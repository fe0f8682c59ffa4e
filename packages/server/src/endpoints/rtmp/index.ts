import { FLV_NEEDS } from '../flv-needs.js'
import type { Protocol } from '../protocol.js'

export type { Connect } from './forward/rtmp-forward.js'
export { RtmpForwards, type ForwardStatus } from './forward/rtmp-forwards.js'
export { RtmpEndpoint } from './server.js'

/** RTMP and RTMPS: published, played and forwarded. */
export const rtmp: Protocol = {
  name: 'rtmp',
  publishes: ['rtmp'],
  plays: [{ by: 'rtmp', needs: [FLV_NEEDS] }],
}
