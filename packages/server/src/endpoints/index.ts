import { httpFlv } from './http-flv/index.js'
import type { Protocol } from './protocol.js'
import { rtmp } from './rtmp/index.js'
import { webrtc } from './webrtc/index.js'

export type { Protocol } from './protocol.js'

/** Every protocol there is: a new one is a folder and a line here. */
export const protocols: readonly Protocol[] = [httpFlv, rtmp, webrtc]
