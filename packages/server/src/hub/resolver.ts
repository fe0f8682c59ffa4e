import type { StreamKey } from './stream-key.js'

/**
 * Asked when somebody wants a stream that nobody publishes here. A cluster relay pulls it from another node, a mixer makes it
 * of others; a resolver that can, publishes under the key on the hub.
 */
export interface StreamResolver {
  /**
   * True when it fetches the stream, and will publish it: at once, or within `fetchLimits.deadlineMicros`. From then on either
   * the hub calls `release`, or the resolver `giveUp`: it cannot have the stream, or not any more. The next resolver is asked then.
   */
  resolve(key: StreamKey, giveUp: () => void): boolean
  /** Nobody has wanted it for a while, or it did not come in time: nothing more is to be fetched of it. */
  release(key: StreamKey): void
}
