import { isErrorCode } from '@crossroom/protocol'
import { Seal } from '../auth/index.js'
import {
  RoomDocuments,
  type ClusterEngine,
  type NodeRequests,
  type Nodes,
  type StreamLocation,
  type StreamLocations,
} from '../cluster/index.js'
import type { StreamKey } from '../hub/index.js'
import {
  RoomError,
  SealedAddresses,
  SealedSessions,
  type RoomErrorCode,
  type RoomsCluster,
  type StreamPlaces,
} from '../rooms/index.js'
import type { Core } from './core.js'

export interface ClusterRoomsDeps {
  readonly engine: ClusterEngine
  readonly nodes: Nodes
  readonly requests: NodeRequests
  /** Of plain streams. */
  readonly claims: StreamLocations
}

/** Joins rooms to the cluster: what they need of it, and what its relay needs of them. */
export class ClusterRooms implements StreamLocations {
  readonly rooms: RoomsCluster
  readonly #documents: RoomDocuments
  readonly #claims: StreamLocations
  #places: StreamPlaces | undefined
  readonly #listeners = new Set<(key: StreamKey, location: StreamLocation | undefined) => void>()

  constructor({ clock, clusterSecrets, config }: Core, { engine, nodes, requests, claims }: ClusterRoomsDeps) {
    this.#claims = claims
    this.#documents = new RoomDocuments({
      ...{ engine, nodes, requests, clock, nowMs: Date.now, random: Math.random },
      isolated: config.clusterIsolated,
      refusal: (code, sentence) => new RoomError(isErrorCode(code) ? (code as RoomErrorCode) : 'INTERNAL', sentence),
      refusalOf: (error) => (error instanceof RoomError ? { code: error.code, sentence: error.message } : undefined),
    })
    const ring = clusterSecrets
    this.rooms = {
      network: this.#documents,
      addresses: new SealedAddresses(new Seal(ring, 'room-address')),
      sessions: new SealedSessions(new Seal(ring, 'resume-token')),
    }
  }

  /** From now on streams of rooms are found as well. */
  open(places: StreamPlaces): void {
    this.#places = places
    places.observe((key, place) => {
      for (const listener of [...this.#listeners]) listener(key, place)
    })
  }

  async find(key: StreamKey): Promise<StreamLocation | undefined> {
    return key.space === 'room' ? this.#places?.find(key) : await this.#claims.find(key)
  }

  observe(listener: (key: StreamKey, location: StreamLocation | undefined) => void): () => void {
    this.#listeners.add(listener)
    const end = this.#claims.observe(listener)
    return () => {
      this.#listeners.delete(listener)
      end()
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.#documents.close()
  }
}
