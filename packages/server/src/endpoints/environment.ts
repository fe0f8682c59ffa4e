import type { StreamGate } from '../auth/index.js'
import type {
  BridgeOf,
  Clock,
  Connections,
  Fanouts,
  FrameSource,
  Stream,
  StreamHub,
  ViewerLimits,
} from '../hub/index.js'
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
  /**
   * The stream as players of FLV and RTMP can take it: itself when it came in as FLV, else with its sound as AAC and its
   * pictures as H.264. Declared here because endpoints do not know the transcoder.
   */
  flvSourceOf(stream: Stream): FrameSource
  /** Makes pictures for viewers that would wait for a keyframe. */
  readonly bridgeOf: BridgeOf
  /** A new unguessable connection id. */
  newConnectionId(): string
}
