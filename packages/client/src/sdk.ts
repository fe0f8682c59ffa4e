/** Entry of `/sdk/crossroom.js`: the SDK for pages that load it from a server, and mean that server. */
import { setLoadedFrom } from './server-address.js'

setLoadedFrom(import.meta.url)

export * from './index.js'
export { WebRTCAPI } from './webrtc-api/index.js'
