export type { Connect } from './forward/rtmp-forward.js'
export { RtmpForwards, type ForwardStatus } from './forward/rtmp-forwards.js'
export { RtmpEndpoint } from './server.js'
