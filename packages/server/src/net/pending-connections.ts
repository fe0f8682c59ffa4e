import { addressGroup, isLoopbackAddress } from '../config/index.js'

export interface PendingLimits {
  /** Connections that have not been admitted yet. */
  readonly total: number
  /** The same from one address; loopback is only bound by the total. */
  readonly perAddress: number
  /** Bytes they may have sent in total: more than the server keeps of them. */
  readonly totalBytes: number
}

/** One connection that is not yet admitted. */
export interface PendingConnection {
  /** It sent something. May evict the oldest pending connection, this one included. */
  received(bytes: number): void
  /** Stops counting it: it was admitted or is gone. Idempotent. */
  settle(): void
}

interface Entry {
  readonly group: string
  readonly evict: () => void
  bytes: number
}

/**
 * Bounds the connections that have not yet been admitted to publish or play. When the table is full its oldest one is
 * evicted, and past the share of an address the oldest of that address: new connections are always accepted, even
 * behind a shared proxy. Admitted connections are not in the table and cannot be evicted.
 */
export class PendingConnections {
  readonly #limits: PendingLimits
  /** In order of arrival. */
  readonly #pending = new Map<symbol, Entry>()
  readonly #perGroup = new Map<string, Set<symbol>>()
  #bytes = 0
  evicted = 0

  constructor(limits: PendingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#pending.size
  }

  /** `evict` must close the connection. */
  add(remoteAddress: string, evict: () => void): PendingConnection {
    const group = addressGroup(remoteAddress)
    const own = this.#perGroup.get(group) ?? new Set()
    if (own.size >= this.#limits.perAddress && !isLoopbackAddress(remoteAddress)) this.#evictOldest(own)
    if (this.#pending.size >= this.#limits.total) this.#evictOldest(this.#pending.keys())
    const id = Symbol('pending')
    this.#pending.set(id, { group, evict, bytes: 0 })
    own.add(id)
    this.#perGroup.set(group, own)
    return { settle: () => this.#settle(id), received: (bytes) => this.#count(id, bytes) }
  }

  #settle(id: symbol): void {
    const entry = this.#pending.get(id)
    if (entry === undefined) return
    this.#pending.delete(id)
    this.#bytes -= entry.bytes
    const own = this.#perGroup.get(entry.group)!
    own.delete(id)
    if (own.size === 0) this.#perGroup.delete(entry.group)
  }

  #count(id: symbol, bytes: number): void {
    const entry = this.#pending.get(id)
    if (entry === undefined) return
    entry.bytes += bytes
    this.#bytes += bytes
    if (this.#bytes > this.#limits.totalBytes) this.#evictOldest(this.#pending.keys())
  }

  #evictOldest(ids: Iterable<symbol>): void {
    for (const id of ids) {
      const entry = this.#pending.get(id)!
      this.#settle(id)
      this.evicted++
      entry.evict()
      return
    }
  }
}
