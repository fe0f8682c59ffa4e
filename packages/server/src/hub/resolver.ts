import type { StreamKey } from './stream-key.js'

/**
 * Asked when there is demand for a stream without a publisher here. A cluster relay pulls it from another node, a mixer
 * creates it from others; a resolver that can do so publishes under the key on the hub.
 */
export interface StreamResolver {
  /**
   * True when it fetches the stream, and will publish it: at once, or within `fetchLimits.deadlineMicros`. From then on either
   * the hub calls `release`, or the resolver `giveUp`: it cannot have the stream, or not any more. The next resolver is asked then.
   */
  resolve(key: StreamKey, giveUp: () => void): boolean
  /** There has been no demand for a while, or the stream did not arrive in time: stop fetching. */
  release(key: StreamKey): void
}
