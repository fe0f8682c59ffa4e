export interface PendingLimits {
  /** Connections that nobody has been admitted on yet. */
  readonly total: number
  /** The same from one address; loopback is only bound by the total. */
  readonly perAddress: number
  /** Bytes they may have sent all together: more than what is kept of them. */
  readonly totalBytes: number
}

/** One connection that still has to show what it wants. */
export interface PendingConnection {
  /** It sent something. May evict the oldest pending connection, this one included. */
  received(bytes: number): void
  /** It was admitted or is gone: it counts no more. Idempotent. */
  settle(): void
}

interface Entry {
  readonly group: string
  readonly evict: () => void
  bytes: number
}

/**
 * Bounds the connections that have not yet been admitted to publish or play. When the table is full the oldest one is
 * evicted; admitted connections are not in it and cannot be.
 */
export class PendingConnections {
  readonly #limits: PendingLimits
  /** In order of arrival. */
  readonly #pending = new Map<symbol, Entry>()
  readonly #perGroup = new Map<string, number>()
  #bytes = 0
  refused = 0
  evicted = 0

  constructor(limits: PendingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#pending.size
  }

  /** Undefined when this address has too many already. `evict` must close the connection. */
  add(remoteAddress: string, evict: () => void): PendingConnection | undefined {
    const group = addressGroup(remoteAddress)
    const count = this.#perGroup.get(group) ?? 0
    if (count >= this.#limits.perAddress && !isLoopbackAddress(remoteAddress)) {
      this.refused++
      return undefined
    }
    if (this.#pending.size >= this.#limits.total) this.#evictOldest()
    const id = Symbol('pending')
    this.#pending.set(id, { group, evict, bytes: 0 })
    this.#perGroup.set(group, count + 1)
    return { settle: () => this.#settle(id), received: (bytes) => this.#count(id, bytes) }
  }

  #settle(id: symbol): void {
    const entry = this.#pending.get(id)
    if (entry === undefined) return
    this.#pending.delete(id)
    this.#bytes -= entry.bytes
    const count = this.#perGroup.get(entry.group)! - 1
    if (count === 0) this.#perGroup.delete(entry.group)
    else this.#perGroup.set(entry.group, count)
  }

  #count(id: symbol, bytes: number): void {
    const entry = this.#pending.get(id)
    if (entry === undefined) return
    entry.bytes += bytes
    this.#bytes += bytes
    if (this.#bytes > this.#limits.totalBytes) this.#evictOldest()
  }

  #evictOldest(): void {
    for (const [id, entry] of this.#pending) {
      this.#settle(id)
      this.evicted++
      entry.evict()
      return
    }
  }
}

export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

/** An IPv4 address stands for itself, an IPv6 address for its /64: one customer has all of it. */
export function addressGroup(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length)
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':')
    while (groups.length + last.length < 8) groups.push('0')
    groups.push(...last)
  }
  return groups.slice(0, 4).join(':')
}
