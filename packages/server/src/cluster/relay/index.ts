export { Relay, type LinkStatus, type RelayOptions } from './relay.js'
export { loadRelaySecurity, type RelaySecurity, type RelaySecurityOption } from './relay-security.js'
export { StreamRelays, type StreamRelaysOptions } from './stream-relays.js'
