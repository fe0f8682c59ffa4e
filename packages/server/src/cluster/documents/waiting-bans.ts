import { clusterLimits, roomLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import type { RoomEvent } from '../../rooms/index.js'
import type { ClusterEngine } from '../engine/engine.js'
import { banKey, eventSubject } from './room-keys.js'
import { readUntil, write } from './room-values.js'

interface Ban {
  readonly word: string
  readonly userId: string
  /** Unix milliseconds. */
  readonly until: number
  isLate: boolean
}

/**
 * Bans of this node that the store does not have yet. One that was late is told to the other nodes again: they had not heard of
 * it, and may have taken the user meanwhile.
 */
export class WaitingBans {
  readonly #engine: ClusterEngine
  readonly #clock: Clock
  readonly #tag: string
  readonly #bans = new Map<string, Ban>()
  readonly #endState: () => void
  #cancelRetry: (() => void) | undefined

  constructor(engine: ClusterEngine, clock: Clock, tag: string) {
    this.#engine = engine
    this.#clock = clock
    this.#tag = tag
    this.#endState = engine.onState(() => engine.isWritable && this.#putAll())
  }

  add(word: string, userId: string, until: number): void {
    const key = banKey(word, userId)
    this.#bans.delete(key)
    this.#bans.set(key, { word, userId, until, isLate: false })
    if (this.#bans.size > roomLimits.bans) this.#bans.delete([...this.#bans.keys()][0]!)
    void this.#put(key)
  }

  untilOf(word: string, userId: string): number | undefined {
    return this.#bans.get(banKey(word, userId))?.until
  }

  close(): void {
    this.#endState()
    this.#cancelRetry?.()
  }

  #putAll(): void {
    for (const [key, ban] of this.#bans) {
      ban.isLate = true
      void this.#put(key)
    }
  }

  async #put(key: string): Promise<void> {
    const ban = this.#bans.get(key)!
    const { word, userId } = ban
    const until = await this.#write(key, ban).catch(() => undefined)
    if (this.#bans.get(key) !== ban) return
    if (until === undefined) {
      this.#retryLater()
      return
    }
    this.#bans.delete(key)
    if (!ban.isLate) return
    const event: RoomEvent = { kind: 'banned', userId, until }
    this.#engine.publish(eventSubject(word), write({ from: this.#tag, kind: 'event', event }))
  }

  /** Until when the store has it now. A late one does not shorten one that was made meanwhile. */
  async #write(key: string, { isLate, until }: Ban): Promise<number> {
    const present = isLate ? await this.#engine.get(key) : undefined
    const stored = present && readUntil(present.value)
    if (stored !== undefined && stored >= until) return stored
    await this.#engine.put(key, write({ until }))
    return until
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#clock.after(clusterLimits.retryMicros, () => {
      this.#cancelRetry = undefined
      this.#putAll()
    })
  }
}
