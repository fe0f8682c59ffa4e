export { SignalingCounters } from './counters.js'
export { SignalingServer } from './server.js'
export type { SignalingOptions } from './server.js'
