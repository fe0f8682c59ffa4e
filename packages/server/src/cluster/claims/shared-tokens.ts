import { createHash, randomUUID } from 'node:crypto'
import type { Micros } from '@crossroom/media'
import type { UsedTokens } from '../../auth/index.js'
import { authLimits, claimLimits } from '../../config/index.js'
import { EngineLostError, type ClusterEngine } from '../engine/engine.js'
import { readJson } from '../json.js'
import { CLUSTER_VERSION } from '../nodes/node-record.js'

const RETRY: Micros = 250_000
const SWEEP: Micros = 600_000_000

export interface SharedTokensDeps {
  readonly engine: ClusterEngine
  readonly clock: { listened(): Micros; after(delay: Micros, callback: () => void): () => void }
  /** Wall clock. */
  readonly nowMs: () => number
  /** Varies when nodes tidy up. */
  readonly random: () => number
}

/** One-time tokens that were used on any node: `once.HASH` in the store. A token whose use is acknowledged is never taken again. */
export class SharedTokens implements UsedTokens {
  readonly #deps: SharedTokensDeps
  /** Revisions of those that were used here. */
  readonly #own = new Map<string, number>()
  #cancelSweep: () => void = () => undefined
  #isClosed = false

  constructor(deps: SharedTokensDeps) {
    this.#deps = deps
    this.#sweepLater()
  }

  get size(): number {
    return this.#own.size
  }

  async has(id: string): Promise<boolean | undefined> {
    return await this.#ask(async () => (await this.#deps.engine.get(keyOf(id))) !== undefined)
  }

  async use(id: string, expiresAtMs: number): Promise<boolean | undefined> {
    const { engine } = this.#deps
    const key = keyOf(id)
    // A write whose answer was lost is found again by who wrote it.
    const by = randomUUID()
    const value = Buffer.from(JSON.stringify({ v: CLUSTER_VERSION, by, expiresAtMs }))
    return await this.#ask(async () => {
      const entry = { revision: await engine.create(key, value), value }
      const present = entry.revision === undefined ? await engine.get(key) : entry
      if (present === undefined || readJson(present.value)?.['by'] !== by) return false
      this.#own.set(key, present.revision!)
      return true
    })
  }

  giveBack(id: string): void {
    const key = keyOf(id)
    const revision = this.#own.get(key)
    this.#own.delete(key)
    if (revision !== undefined) this.#deps.engine.delete(key, revision).catch(() => false)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelSweep()
  }

  /** Asks again while the engine elects a leader; undefined when it does not answer. */
  async #ask<Result>(question: () => Promise<Result>): Promise<Result | undefined> {
    const { clock, engine } = this.#deps
    const from = clock.listened()
    for (;;) {
      try {
        return await question()
      } catch (error) {
        if (!(error instanceof EngineLostError)) throw error
      }
      const isOver = clock.listened() - from > claimLimits.tokenMicros
      if (engine.state === 'lost' || isOver || this.#isClosed) return undefined
      await new Promise<void>((resolve) => clock.after(RETRY, resolve))
    }
  }

  #sweepLater(): void {
    const { clock, random } = this.#deps
    this.#cancelSweep = clock.after(SWEEP * (0.5 + random()), () => {
      this.#sweep().catch(() => undefined)
      this.#sweepLater()
    })
  }

  /** Removes those that have run out, of all nodes: the one that used a token may be gone. */
  async #sweep(): Promise<void> {
    const { engine, nowMs } = this.#deps
    for (const { key, value, revision } of await engine.list('once.*')) {
      const expiresAtMs = readJson(value)?.['expiresAtMs']
      if (typeof expiresAtMs === 'number' && expiresAtMs + 2 * authLimits.clockLeewayMs > nowMs()) continue
      this.#own.delete(key)
      await engine.delete(key, revision)
    }
  }
}

/** Ids are of any length and alphabet. */
function keyOf(id: string): string {
  return `once.${createHash('sha256').update(id).digest('base64url')}`
}
