export { NativeUnavailableError } from './addon.js'
export { NativeEngine } from './engine.js'
export { srtpKeysForTest, srtpOutboundForTest } from './srtp.js'
export type { SrtpMasterForTest } from './srtp.js'
