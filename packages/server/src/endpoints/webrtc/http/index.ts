export { iceServerLinks, iceServers, type IceServer, type TurnOptions } from './ice-servers.js'
export { RtcSessions } from './sessions.js'
export { WhepEndpoint } from './whep.js'
export { WhipEndpoint } from './whip.js'
