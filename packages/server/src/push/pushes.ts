import { pushLimits } from '../config/index.js'
import { newJobId, type JobStore } from '../jobs/index.js'
import { parsePushAddress, shownAddress } from './address.js'
import { Push, type PushServices, type PushState } from './push.js'
import type { PushPlace, PushSpec, StoredPush } from './spec.js'

/** `forward`: made by `POST /forwards`, and not kept. */
export type PushSource = 'rest' | 'config' | 'forward'

/** One push, as REST shows it: without secrets. */
export interface PushInfo extends PushPlace {
  readonly id: string
  readonly url: string
  readonly onDemand: boolean
  readonly once: boolean
  readonly source: PushSource
  readonly state: PushState
  readonly error?: string
  /** Unix milliseconds, as the two that follow. */
  readonly nextTryAt?: number
  readonly pushingSince?: number
  readonly since: number
  readonly bytesOut: number
  readonly droppedFrames: number
  readonly failures: number
}

export interface PushesOptions extends PushServices {
  readonly store: JobStore<StoredPush>
}

/** A push cannot be made; the sentence says why. */
export class PushRefused extends Error {
  readonly code: 'TOO_MANY_PUSHES' | 'BUSY'

  constructor(code: PushRefused['code'], message: string) {
    super(message)
    this.code = code
  }
}

interface Entry {
  readonly spec: StoredPush
  readonly source: PushSource
  readonly push: Push
}

/** All pushes of a server: those of the configuration, and those made by REST, which outlive it. */
export class Pushes {
  readonly #options: PushesOptions
  readonly #entries = new Map<string, Entry>()
  #stopObserving: (() => void) | undefined
  #isClosed = false
  /** Of pushes that are no more. */
  #totals = { failures: 0, bytesOut: 0, droppedFrames: 0 }

  constructor(options: PushesOptions) {
    this.#options = options
  }

  /** Starts those of the configuration, and those that were kept. */
  open(configured: readonly PushSpec[]): void {
    this.#stopObserving = this.#options.hub.observe({
      tracksKnown: (stream) => this.#each((push) => push.handleTracksKnown(stream)),
      demandChanged: (stream) => this.#each((push) => push.handleDemand(stream)),
      closed: (stream) => this.#each((push) => push.handleClosed(stream)),
    })
    for (const [index, spec] of configured.entries())
      this.#add({ ...spec, id: `config-${String(index + 1)}`, createdAt: this.#options.nowMs() }, 'config')
    for (const spec of this.#options.store.load()) {
      const other = this.#taken(spec)
      if (other === undefined) this.#add(spec, 'rest')
      else this.#options.log.warn({ push: spec.id, other }, 'A kept push is not started: another one does the same')
    }
  }

  /** Attempts of all pushes that failed, and what was sent. */
  get totals(): { readonly failures: number; readonly bytesOut: number; readonly droppedFrames: number } {
    const totals = { ...this.#totals }
    for (const { push } of this.#entries.values()) addTo(totals, push)
    return totals
  }

  list(): PushInfo[] {
    return [...this.#entries.values()].map(describe)
  }

  get(id: string): PushInfo | undefined {
    const entry = this.#entries.get(id)
    return entry === undefined ? undefined : describe(entry)
  }

  /** Makes one that is not kept. @throws PushRefused */
  begin(spec: PushSpec, source: 'forward' | 'rest'): PushInfo {
    this.#makePlace()
    return describe(this.#add(this.#stored(spec), source))
  }

  /**
   * Resolves when the push is kept and started.
   * @throws PushRefused, or StateError when it cannot be kept
   */
  async add(spec: PushSpec): Promise<PushInfo> {
    const other = this.#taken(spec)
    if (other !== undefined) throw new PushRefused('BUSY', `The push ${other} does the same already.`)
    if (spec.once) return this.begin(spec, 'rest')
    this.#makePlace()
    const stored = this.#stored(spec)
    const entry = this.#add(stored, 'rest')
    try {
      await this.#options.store.save(stored)
    } catch (error) {
      this.#drop(entry)
      throw error
    }
    return describe(entry)
  }

  /** False when there is none of this id. One of the configuration is back at the next start. */
  async remove(id: string): Promise<boolean> {
    const isThere = this.end(id)
    if (isThere) await this.#options.store.remove(id)
    return isThere
  }

  /** The same for one that is not kept. */
  end(id: string): boolean {
    const entry = this.#entries.get(id)
    if (entry !== undefined) this.#drop(entry)
    return entry !== undefined
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#stopObserving?.()
    for (const entry of [...this.#entries.values()]) this.#drop(entry)
  }

  #stored(spec: PushSpec): StoredPush {
    return { ...spec, id: newJobId(), createdAt: this.#options.nowMs() }
  }

  /** Those that ended are listed as long as there is room. */
  #makePlace(): void {
    if (this.#entries.size < pushLimits.pushes) return
    const ended = [...this.#entries.values()].find(({ push }) => push.state === 'ended')
    if (ended === undefined)
      throw new PushRefused('TOO_MANY_PUSHES', `There are ${String(pushLimits.pushes)} pushes already; end one first.`)
    this.#drop(ended)
  }

  #add(spec: StoredPush, source: PushSource): Entry {
    const { id, url, bearer, onDemand, once, ...rest } = spec
    const options = { id, address: parsePushAddress(url)!, bearer, onDemand, once, isForward: source === 'forward' }
    const push = new Push({ ...options, place: placeOf(rest) }, this.#options)
    const entry: Entry = { spec, source, push }
    this.#entries.set(id, entry)
    if (!this.#isClosed) push.start()
    return entry
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.spec.id)
    entry.push.stop()
    addTo(this.#totals, entry.push)
  }

  #each(act: (push: Push) => void): void {
    for (const { push } of [...this.#entries.values()]) act(push)
  }

  /** The push of the same stream to the same target. */
  #taken(spec: PushSpec): string | undefined {
    const wanted = JSON.stringify([spec.url, placeOf(spec)])
    for (const { spec: other, push, source } of this.#entries.values()) {
      const isSame = source !== 'forward' && JSON.stringify([other.url, placeOf(other)]) === wanted
      if (isSame && push.state !== 'ended') return other.id
    }
    return undefined
  }
}

function addTo(totals: { failures: number; bytesOut: number; droppedFrames: number }, push: Push): void {
  totals.failures += push.failed
  totals.bytesOut += push.bytesOut
  totals.droppedFrames += push.droppedFrames
}

function placeOf({ stream, room, userId, streamType }: PushPlace): PushPlace {
  if (room === undefined) return { stream }
  return userId === undefined ? { room } : { room, userId, streamType: streamType ?? 'main' }
}

function describe({ spec, source, push }: Entry): PushInfo {
  const { id, onDemand, once, createdAt } = spec
  const { error, nextTryAt, sendingSince: pushingSince, state } = push
  return {
    ...{ id, url: shownAddress(push.address), ...placeOf(spec), onDemand, once, source, state },
    ...(error === undefined ? {} : { error }),
    ...(nextTryAt === undefined ? {} : { nextTryAt }),
    ...(pushingSince === undefined ? {} : { pushingSince }),
    ...{ since: createdAt, bytesOut: push.bytesOut, droppedFrames: push.droppedFrames, failures: push.failed },
  }
}
