import type { StreamKey } from '../../hub/index.js'

/** Where a stream is published. */
export interface StreamLocation {
  /** Tag of the node. */
  readonly node: string
  /** The subject of its publisher (see `PublisherInfo.subject`), for takeovers from another node. */
  readonly subject?: string
  /** Unix milliseconds. */
  readonly since: number
}

/**
 * Finds the node that publishes a stream: plain streams by their claim (`stream.B64`), streams of rooms by the documents of
 * their members. The relay asks it; it must answer from memory where it can.
 */
export interface StreamLocations {
  find(key: StreamKey): Promise<StreamLocation | undefined>
  /** Told when a stream that was asked for appears, moves or ends. The answer ends it. */
  observe(listener: (key: StreamKey, location: StreamLocation | undefined) => void): () => void
}
