export { addressGroup, isLoopbackAddress } from './address-group.js'
export { FairShare } from './fair-share.js'
export * from './limits.js'
export { ConfigError } from './config-error.js'
export { checksEntries, isLoopbackHost, loadConfig, portsOf } from './load.js'
export type { Config, ConfigSources, ConfigWith } from './load.js'
export { ofAllProcesses, servesTls, tcpPort, type PortUse } from './ports.js'
export type { StreamProtocol } from './protocols.js'
export { readSecretFile } from './secret-file.js'
export type { PreviousSecrets } from './secrets.js'
export { definitionsOf, serverOptions } from './schema.js'
export {
  authLimits,
  engineLimits,
  fetchLimits,
  gopCacheLimits,
  hookLimits,
  mixLimits,
  nameLimits,
  observeLimits,
  publisherLimits,
  roomLimits,
  startLimits,
  transcodeLimits,
} from './limits.js'
export * from './option.js'
