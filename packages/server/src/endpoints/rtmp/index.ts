export type { Connect } from './forward.js'
export { RtmpForwards, type ForwardStatus } from './forwards.js'
export { RtmpEndpoint } from './server.js'
