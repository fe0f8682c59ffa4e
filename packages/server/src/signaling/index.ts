export { SignalingCounters } from './counters.js'
export type { OriginRules } from './origins.js'
export { SignalingServer } from './server.js'
export type { SignalingOptions } from './server.js'
