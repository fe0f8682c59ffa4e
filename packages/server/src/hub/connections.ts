import type { Micros } from '@crossroom/media'
import type { StreamKey } from './stream-key.js'

/** A publisher or a viewer, as lists and the REST API see it. */
export interface Connection {
  readonly id: string
  readonly role: 'publisher' | 'viewer'
  readonly protocol: string
  readonly remoteAddress: string
  readonly streamKey: StreamKey
  readonly startedAt: Micros
  /** Media bytes received from a publisher, sent to a viewer. */
  bytes(): number
  droppedFrames(): number
  /** Ends it at once; the peer is told why where its protocol can say it. */
  kick(reason?: 'kicked' | 'shutdown'): void
}

/** Everybody who publishes or plays at this moment, by connection id. */
export class Connections {
  readonly #connections = new Map<string, Connection>()

  get size(): number {
    return this.#connections.size
  }

  /** The answer takes it out again. */
  add(connection: Connection): () => void {
    this.#connections.set(connection.id, connection)
    return () => {
      if (this.#connections.get(connection.id) === connection) this.#connections.delete(connection.id)
    }
  }

  get(id: string): Connection | undefined {
    return this.#connections.get(id)
  }

  /** In order of arrival; of one stream when a key is given. */
  list(streamKey?: StreamKey): Connection[] {
    const all = [...this.#connections.values()]
    return streamKey === undefined ? all : all.filter((connection) => connection.streamKey.equals(streamKey))
  }
}
