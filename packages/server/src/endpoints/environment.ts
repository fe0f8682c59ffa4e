import type { StreamGate } from '../auth/index.js'
import type { BridgeOf, Clock, Connections, Fanouts, SourceFor, StreamHub, ViewerLimits } from '../hub/index.js'
import type { Log, Metrics } from '../observe/index.js'

/** What every endpoint is given by the composition root. */
export interface EndpointEnvironment {
  readonly hub: StreamHub
  readonly gate: StreamGate
  readonly fanouts: Fanouts
  readonly connections: Connections
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly viewerLimits: ViewerLimits & {
    /** How long a play waits for a stream that is not there, or has no publisher. */
    readonly waitForPublisherMicros: number
    readonly audioMergeMicros: number
  }
  readonly sourceFor: SourceFor
  /** Makes pictures for viewers that would wait for a keyframe. */
  readonly bridgeOf: BridgeOf
  /** A new unguessable connection id. */
  newConnectionId(): string
}
