import { isIPv6 } from 'node:net'
import { authLimits } from '../config/limits.js'

interface Failures {
  count: number
  windowEndsMs: number
}

/**
 * Slows down guessing: an address (IPv6: its /64) that failed 10 times within a minute is refused until that minute is
 * over, each refusal held back for 2 s. The memory is bounded; the oldest address is forgotten first.
 */
export class FailureGuard {
  readonly #nowMs: () => number
  readonly #delay: (ms: number) => Promise<void>
  readonly #failures = new Map<string, Failures>()
  #delayed = 0

  /** `nowMs` answers milliseconds that never go back; `delay` resolves after so many milliseconds. */
  constructor(nowMs: () => number, delay: (ms: number) => Promise<void>) {
    this.#nowMs = nowMs
    this.#delay = delay
  }

  /** Whether this address must be refused without looking at what it brings. */
  isBlocked(address: string): boolean {
    const failures = this.#failures.get(network(address))
    return (
      failures !== undefined && failures.windowEndsMs > this.#nowMs() && failures.count >= authLimits.failuresPerMinute
    )
  }

  /** Remembers that this address brought a wrong secret. */
  fail(address: string): void {
    const now = this.#nowMs()
    const key = network(address)
    const failures = this.#failures.get(key)
    if (failures !== undefined && failures.windowEndsMs > now) {
      failures.count++
      return
    }
    this.#failures.delete(key)
    if (this.#failures.size >= authLimits.failureAddresses) this.#failures.delete(this.#failures.keys().next().value!)
    this.#failures.set(key, { count: 1, windowEndsMs: now + authLimits.failureWindowMs })
  }

  /** Waits before a blocked address gets its answer; at once when too many answers are held back already. */
  async holdBack(): Promise<void> {
    if (this.#delayed >= authLimits.delayedAnswers) return
    this.#delayed++
    try {
      await this.#delay(authLimits.failureDelayMs)
    } finally {
      this.#delayed--
    }
  }
}

/** What one customer usually holds: an IPv4 address, or the first four groups of an IPv6 address. */
function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]!
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
