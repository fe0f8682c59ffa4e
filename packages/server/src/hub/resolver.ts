import type { StreamKey } from './stream-key.js'

/**
 * Asked when somebody wants a stream that is not here. A cluster relay pulls it from another node, a transcoder makes
 * it from one that is here; a resolver that can, publishes under `key` on the hub.
 */
export interface StreamResolver {
  /** True when the resolver will publish `key`, so that waiting for it makes sense. */
  resolve(key: StreamKey): boolean
}
