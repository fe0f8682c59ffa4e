import { pullLimits } from '../config/index.js'
import { StreamKey, type StreamHub, type StreamResolver } from '../hub/index.js'
import { newJobId, type JobStore } from '../jobs/index.js'
import { parsePullAddress, shownAddress } from './address.js'
import { Pull, type PullServices, type PullState } from './pull.js'
import type { PullSpec, StoredPull } from './spec.js'
import { PublishTarget, type PullPlace, type TargetServices } from './target.js'

/** One pull, as REST shows it: without secrets. */
export interface PullInfo {
  readonly id: string
  readonly url: string
  readonly stream?: string | undefined
  readonly room?: string | undefined
  readonly userId?: string | undefined
  readonly onDemand: boolean
  readonly transport: 'tcp' | 'udp'
  readonly timeoutMs: number
  readonly source: 'rest' | 'config'
  readonly state: PullState
  readonly error?: string
  /** Unix milliseconds. */
  readonly since: number
  readonly bytesIn: number
}

export interface PullsOptions extends PullServices, TargetServices {
  readonly hub: StreamHub
  readonly store: JobStore<StoredPull>
  /** Wall clock in milliseconds. */
  nowMs(): number
}

/** A pull cannot be made; the sentence says why. */
export class PullRefused extends Error {
  readonly code: 'TOO_MANY_PULLS' | 'BUSY'

  constructor(code: PullRefused['code'], message: string) {
    super(message)
    this.code = code
  }
}

interface Entry {
  readonly spec: StoredPull
  readonly place: PullPlace
  readonly timeoutMs: number
  readonly source: 'rest' | 'config'
  readonly pull: Pull
  /** Given by the hub while it wants the stream of a pull on demand. */
  giveUp: (() => void) | undefined
}

/**
 * All pulls of a server: those of the configuration, and those made by REST, which outlive it. A pull on demand resolves its
 * stream for the hub: the first viewer starts it, and some seconds after the last it ends.
 */
export class Pulls implements StreamResolver {
  readonly #options: PullsOptions
  readonly #entries = new Map<string, Entry>()
  #lastAttempt = 0
  #failuresOfEnded = 0

  constructor(options: PullsOptions) {
    this.#options = options
    options.hub.addResolver(this)
  }

  /** Starts those of the configuration, and those that were kept. */
  open(configured: readonly PullSpec[]): void {
    for (const [index, spec] of configured.entries())
      this.#add({ ...spec, id: `config-${String(index + 1)}`, createdAt: this.#options.nowMs() }, 'config')
    for (const spec of this.#options.store.load()) {
      const other = this.#taken(spec)
      if (other === undefined) this.#add(spec, 'rest')
      else this.#options.log.warn({ pull: spec.id, other }, 'A kept pull is not started: another one has its place')
    }
  }

  /** Attempts of all pulls that failed or ended. */
  get failures(): number {
    return [...this.#entries.values()].reduce((sum, { pull }) => sum + pull.failed, this.#failuresOfEnded)
  }

  list(): PullInfo[] {
    return [...this.#entries.values()].map(describe)
  }

  get(id: string): PullInfo | undefined {
    const entry = this.#entries.get(id)
    return entry === undefined ? undefined : describe(entry)
  }

  /**
   * Resolves when the pull is kept and started.
   * @throws PullRefused, or StateError when it cannot be kept
   */
  async add(spec: PullSpec): Promise<PullInfo> {
    if (this.#entries.size >= pullLimits.pulls)
      throw new PullRefused('TOO_MANY_PULLS', `There are ${String(pullLimits.pulls)} pulls already; end one first.`)
    const other = this.#taken(spec)
    if (other !== undefined) throw new PullRefused('BUSY', `The pull ${other} has this place already.`)
    const stored = { ...spec, id: newJobId(), createdAt: this.#options.nowMs() }
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
    const entry = this.#entries.get(id)
    if (entry === undefined) return false
    this.#drop(entry)
    await this.#options.store.remove(id)
    return true
  }

  resolve(key: StreamKey, giveUp: () => void): boolean {
    const entry = this.#onDemand(key)
    if (entry === undefined) return false
    entry.giveUp = giveUp
    entry.pull.start()
    return true
  }

  release(key: StreamKey): void {
    const entry = this.#onDemand(key)
    if (entry === undefined) return
    entry.giveUp = undefined
    entry.pull.stop()
  }

  /** Idempotent. */
  close(): void {
    for (const { pull } of this.#entries.values()) pull.stop()
    this.#entries.clear()
  }

  #add(spec: StoredPull, source: Entry['source']): Entry {
    const { onDemand, transport } = spec
    const address = parsePullAddress(spec.url)!
    const timeoutMs = spec.timeoutMs ?? (address.kind === 'hls' ? pullLimits.hlsTimeoutMs : pullLimits.timeoutMs)
    const place = placeOf(spec)
    const { id } = spec
    const pull = new Pull(
      {
        ...{ id, address, transport, timeoutMs },
        newTarget: (bytes, ended) => {
          const connectionId = `pull-${id}-${String(++this.#lastAttempt)}`
          return new PublishTarget(
            this.#options,
            { place, id, connectionId, host: address.host === '' ? 'file' : address.host },
            bytes,
            (failure) => {
              ended(failure)
              if (failure.denied === true) this.#handleTaken(entry)
            },
          )
        },
      },
      this.#options,
    )
    const entry: Entry = { spec, place, timeoutMs, source, pull, giveUp: undefined }
    this.#entries.set(id, entry)
    if (!onDemand) pull.start()
    return entry
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.spec.id)
    entry.pull.stop()
    this.#failuresOfEnded += entry.pull.failed
    const { giveUp } = entry
    entry.giveUp = undefined
    giveUp?.()
  }

  /** The hub ended the publication of a pull on demand, and so the fetch. */
  #handleTaken(entry: Entry): void {
    const { giveUp } = entry
    if (giveUp === undefined) return
    entry.giveUp = undefined
    entry.pull.stop()
    giveUp()
  }

  #onDemand(key: StreamKey): Entry | undefined {
    if (key.space !== 'plain' || key.layer !== 'best') return undefined
    for (const entry of this.#entries.values()) if (entry.spec.onDemand && entry.place.stream === key.name) return entry
    return undefined
  }

  /** The pull that publishes in the same place. */
  #taken(spec: PullSpec): string | undefined {
    for (const { spec: other } of this.#entries.values())
      if (spec.stream !== undefined ? other.stream === spec.stream : isSameMember(spec, other)) return other.id
    return undefined
  }
}

function isSameMember(one: PullSpec, other: PullSpec): boolean {
  return one.room === other.room && one.userId !== undefined && one.userId === other.userId
}

/** A device without a name is called by its pull. */
function placeOf({ stream, room, userId, id }: StoredPull): PullPlace {
  if (room === undefined) return { stream: stream! }
  return { room, userId: userId ?? `pull-${id.slice(0, 8)}` }
}

function describe({ spec, place, timeoutMs, source, pull }: Entry): PullInfo {
  const { id, onDemand, transport, createdAt } = spec
  return {
    ...{ id, url: shownAddress(pull.address), ...place, onDemand, transport, timeoutMs, source, state: pull.state },
    ...(pull.error === undefined ? {} : { error: pull.error }),
    ...{ since: createdAt, bytesIn: pull.bytesIn },
  }
}
