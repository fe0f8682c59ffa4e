import type { StreamKey } from '../../hub/index.js'
import type { SealedScope } from './token-scope.js'

/** What an address of another node opens. */
export interface DistantTarget {
  /** With the names of room, user and type, where they are known. */
  readonly key: StreamKey
  /** Of whose stream. */
  readonly userId: string
  /** Of the publisher, for an address to publish by. */
  readonly subject?: string | undefined
}

/** Members of other nodes, whose sealed addresses this node opens too. */
export interface DistantHolders {
  /**
   * Undefined when the holder is no member, on any node, or the stream is nobody's. Rejects with `EngineLostError` where that
   * cannot be known now.
   */
  find(scope: SealedScope): Promise<DistantTarget | undefined>
  /** A member of another node publishes here. The answer says that it is over. */
  published(target: DistantTarget): () => void
  /** Told when members of a room came or went on another node. The answer ends it. */
  observe(listener: (roomId: string) => void): () => void
}
