import type { DriverClock, Micros } from '@crossroom/media'
import { nodeLimits } from '../../config/index.js'
import type { ClusterEngine, EngineChange, EngineMessage } from '../engine/engine.js'
import { readJson } from '../json.js'
import type { ClusterError } from '../cluster-error.js'
import type { KnownNode, NodeDirectory } from './node-directory.js'
import { checkOthers, misfitOf } from './hello.js'
import { claimTag, keyOfNode, OwnRecord, type RecordChange } from './own-record.js'
import { CLUSTER_VERSION, readRecord, type NodeRecord } from './node-record.js'

/** Records of nodes that are gone are removed after this, if they do not come back. */
const FORGOTTEN: Micros = 60_000_000
/** The clock error of a node is the least that its last heartbeats show: each comes late, none early. */
const CLOCK_SAMPLES = 8

export interface NodesDeps {
  readonly engine: ClusterEngine
  readonly clock: Pick<DriverClock, 'after'> & { listened(): Micros }
  /** Wall clock. */
  readonly nowMs: () => number
  /** Whether a relay link to this node is open: it is alive then, heard or not. */
  readonly isLinked: (tag: string) => boolean
  /** Another instance has taken this node's id, because this one was not heard for a while. It must stop. */
  readonly onReplaced: () => void
}

interface Other {
  record: NodeRecord
  revision: number
  heardAt: Micros
  isGone: boolean
  clockErrors: number[]
}

/** The nodes of the cluster: records in the store, and heartbeats that are not kept. */
export class Nodes implements NodeDirectory {
  readonly #deps: NodesDeps
  readonly #own: OwnRecord
  readonly #others = new Map<string, Other>()
  readonly #listeners = new Set<(node: KnownNode) => void>()
  readonly #ends: (() => void)[] = []
  #cancelTimer: () => void = () => undefined
  #nextBeat: Micros = 0
  #isClosed = false

  /**
   * Enters the cluster. Rejects when this node does not fit to those that are there, or its id is taken.
   * @throws ClusterError, EngineLostError
   */
  static async join(deps: NodesDeps, own: Omit<NodeRecord, 'tag' | 'v'>): Promise<Nodes> {
    const untagged = { ...own, v: CLUSTER_VERSION }
    await checkOthers(deps.engine, untagged, deps.nowMs)
    const claimed = await claimTag(deps.engine, untagged, deps.nowMs)
    const record = new OwnRecord(deps.engine, deps.clock, claimed, deps.onReplaced)
    const nodes = new Nodes(deps, record)
    await nodes.#start()
    return nodes
  }

  private constructor(deps: NodesDeps, own: OwnRecord) {
    this.#deps = deps
    this.#own = own
  }

  get tag(): string {
    return this.#own.record.tag
  }

  /** This node's own record. */
  get own(): NodeRecord {
    return this.#own.record
  }

  /** Another instance has this node's id. */
  get isReplaced(): boolean {
    return this.#own.isReplaced
  }

  list(): KnownNode[] {
    return [this.#ownNode(), ...[...this.#others.values()].map(knownOf)]
  }

  get(tag: string): KnownNode | undefined {
    if (tag === this.tag) return this.#ownNode()
    const other = this.#others.get(tag)
    return other && knownOf(other)
  }

  observe(listener: (node: KnownNode) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** How far the wall clock of another node is ahead of ours, in milliseconds; undefined before it was heard. */
  clockErrorMs(tag: string): number | undefined {
    const errors = this.#others.get(tag)?.clockErrors ?? []
    return errors.length === 0 ? undefined : Math.max(...errors)
  }

  /** How long another node was not heard; undefined for one that is not known. A link may keep it alive. */
  silence(tag: string): Micros | undefined {
    const other = this.#others.get(tag)
    return other && this.#deps.clock.listened() - other.heardAt
  }

  /** What keeps this node from working with others that are alive: it may have become so after they met. */
  misfits(): ClusterError[] {
    const others = [...this.#others.values()].filter(({ isGone }) => !isGone)
    const misfits = others.map(({ record }) => misfitOf(this.own, record, this.clockErrorMs(record.tag) ?? 0))
    return misfits.filter((misfit) => misfit !== undefined)
  }

  /** Tells the others. */
  change(change: RecordChange): void {
    this.#own.change(change)
    this.#tell(this.#ownNode())
  }

  /** A relay link opened or closed. */
  handleLink(): void {
    this.#check()
  }

  /** Leaves the cluster. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelTimer()
    for (const end of this.#ends) end()
    await this.#own.close()
  }

  /** Resolves when the records of the others are known. */
  async #start(): Promise<void> {
    const { engine } = this.#deps
    this.#ends.push(engine.subscribe('hb.*', (message) => this.#handleHeartbeat(message)))
    this.#ends.push(engine.onState(() => this.#handleEngine()))
    let tellReady: () => void = () => undefined
    const ready = new Promise<void>((resolve) => (tellReady = resolve))
    this.#ends.push(engine.watch('node.*', (change) => this.#handleRecord(change), tellReady))
    this.#beat()
    await ready
  }

  /** Heartbeats, and the look at those of the others. */
  #beat(): void {
    const { clock, engine, nowMs } = this.#deps
    const now = clock.listened()
    if (now >= this.#nextBeat && !this.isReplaced) {
      this.#nextBeat = now + nodeLimits.heartbeatMs * 1000
      const beat = JSON.stringify({ v: CLUSTER_VERSION, instance: this.own.instance, nowMs: nowMs() })
      engine.publish(`hb.${this.tag}`, Buffer.from(beat))
    }
    this.#check()
    this.#cancelTimer = clock.after((nodeLimits.heartbeatMs * 1000) / 2, () => this.#beat())
  }

  #handleHeartbeat({ subject, payload }: EngineMessage): void {
    const tag = subject.slice('hb.'.length)
    const other = this.#others.get(tag)
    if (other === undefined) return
    const { instance, nowMs } = readJson(payload) ?? {}
    if (instance !== other.record.instance || typeof nowMs !== 'number') return
    other.clockErrors = [...other.clockErrors, nowMs - this.#deps.nowMs()].slice(-CLOCK_SAMPLES)
    other.heardAt = this.#deps.clock.listened()
    if (other.isGone) this.#check()
  }

  #handleRecord(change: EngineChange): void {
    const key = change.kind === 'put' ? change.entry.key : change.key
    const tag = key.slice('node.'.length)
    if (tag === this.tag) {
      this.#handleOwn(change)
      return
    }
    if (change.kind === 'delete') this.#forget(tag)
    else this.#learn(tag, change.entry.value, change.entry.revision)
  }

  /** Somebody else wrote it, or the store lost it. */
  #handleOwn(change: EngineChange): void {
    const instance = change.kind === 'put' ? readRecord(change.entry.value)?.instance : undefined
    if (instance !== this.own.instance) this.#own.write()
  }

  #learn(tag: string, value: Uint8Array, revision: number): void {
    const record = readRecord(value)
    if (record?.tag !== tag) return
    const present = this.#others.get(tag)
    // It may have written before it was first heard.
    const heardAt = this.#deps.clock.listened()
    if (present?.record.instance === record.instance) {
      Object.assign(present, { record, revision, heardAt, isGone: false })
      this.#tell(knownOf(present))
      return
    }
    // A node that came back under its id: its earlier life is over.
    if (present !== undefined) this.#lose(present)
    const other: Other = { record, revision, heardAt, isGone: false, clockErrors: [] }
    this.#others.set(tag, other)
    this.#tell(knownOf(other))
  }

  #forget(tag: string): void {
    const other = this.#others.get(tag)
    this.#others.delete(tag)
    if (other !== undefined) this.#lose(other)
  }

  #lose(other: Other): void {
    if (other.isGone) return
    other.isGone = true
    this.#tell(knownOf(other))
  }

  /** Nodes that are heard no more, and those that are heard again. While the engine is lost nobody can be heard. */
  #check(): void {
    const { clock, engine, isLinked } = this.#deps
    if (engine.state === 'lost') return
    const now = clock.listened()
    for (const other of this.#others.values()) {
      const silent = now - other.heardAt
      const isGone = silent > nodeLimits.goneMs * 1000 && !isLinked(other.record.tag)
      if (isGone !== other.isGone) {
        other.isGone = isGone
        this.#tell(knownOf(other))
      }
      if (isGone && silent > FORGOTTEN) this.#remove(other)
    }
  }

  /** Every node does so; only the first succeeds. */
  #remove(other: Other): void {
    other.heardAt = this.#deps.clock.listened() - FORGOTTEN / 2
    this.#deps.engine.delete(keyOfNode(other.record.tag), other.revision).catch(() => false)
  }

  #handleEngine(): void {
    if (this.#deps.engine.state === 'lost') return
    const now = this.#deps.clock.listened()
    for (const other of this.#others.values()) if (!other.isGone) other.heardAt = now
    this.#own.write()
  }

  #ownNode(): KnownNode {
    return { record: this.own, state: this.isReplaced ? 'gone' : this.own.state }
  }

  #tell(node: KnownNode): void {
    for (const listener of [...this.#listeners]) listener(node)
  }
}

function knownOf({ record, isGone }: Other): KnownNode {
  return { record, state: isGone ? 'gone' : record.state }
}
