import type { DriverClock } from '@crossroom/media'
import type { ClusterEngine } from '../engine/engine.js'
import { ClusterError } from '../cluster-error.js'
import { answerHellos, sayHello, type Hello } from './hello.js'
import { readRecord, tagOf, writeRecord, type NodeRecord } from './node-record.js'

const TAG_ATTEMPTS = 8
const CLAIM_ATTEMPTS = 3
const RETRY_MS = 500

/** What a node may change of its record. */
export type RecordChange = Partial<Pick<NodeRecord, 'state' | 'members' | 'streams' | 'load' | 'secretId' | 'relay'>>

export const keyOfNode = (tag: string): string => `node.${tag}`

interface Claimed {
  readonly record: NodeRecord
  readonly revision: number
  readonly endHellos: () => void
}

/** The record of this node in the store: claimed by one instance, written by it alone, and written again when it was lost. */
export class OwnRecord {
  readonly #engine: ClusterEngine
  readonly #clock: Pick<DriverClock, 'after'>
  readonly #endHellos: () => void
  readonly #onReplaced: () => void
  #record: NodeRecord
  #revision: number
  #isChanged = false
  #writing: Promise<void> | undefined
  #isReplaced = false
  #isClosed = false
  #cancelRetry: () => void = () => undefined

  /** `onReplaced`: another instance has the tag now. */
  constructor(
    engine: ClusterEngine,
    clock: Pick<DriverClock, 'after'>,
    { record, revision, endHellos }: Claimed,
    onReplaced: () => void,
  ) {
    this.#engine = engine
    this.#clock = clock
    this.#record = record
    this.#revision = revision
    this.#endHellos = endHellos
    this.#onReplaced = onReplaced
  }

  get record(): NodeRecord {
    return this.#record
  }

  get isReplaced(): boolean {
    return this.#isReplaced
  }

  change(change: RecordChange): void {
    this.#record = { ...this.#record, ...change }
    this.write()
  }

  /** Writes it, now or when the store can be asked again. */
  write(): void {
    this.#isChanged = true
    if (this.#isReplaced || this.#isClosed) return
    this.#writing ??= this.#writeAll()
  }

  /** Takes it out of the store: the node leaves. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelRetry()
    this.#endHellos()
    // A write under way would change the revision.
    await this.#writing
    if (this.#isReplaced) return
    // Nobody waits for a node that leaves: it is gone without this, too, later.
    await this.#engine.delete(keyOfNode(this.#record.tag), this.#revision).catch(() => false)
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#isChanged && !this.#isReplaced && !this.#isClosed) {
        this.#isChanged = false
        await this.#writeOnce()
      }
    } catch {
      this.#isChanged = true
      this.#cancelRetry()
      this.#cancelRetry = this.#clock.after(RETRY_MS * 1000, () => this.write())
    } finally {
      this.#writing = undefined
    }
  }

  async #writeOnce(): Promise<void> {
    const key = keyOfNode(this.#record.tag)
    const revision = await this.#engine.update(key, writeRecord(this.#record), this.#revision)
    if (revision !== undefined) {
      this.#revision = revision
      return
    }
    const entry = await this.#engine.get(key)
    if (entry === undefined) {
      const made = await this.#engine.create(key, writeRecord(this.#record))
      if (made === undefined) this.#isChanged = true
      else this.#revision = made
    } else if (readRecord(entry.value)?.instance === this.#record.instance) {
      // A write whose answer was lost.
      this.#revision = entry.revision
      this.#isChanged = true
    } else {
      this.#isReplaced = true
      this.#endHellos()
      this.#onReplaced()
    }
  }
}

/**
 * Claims a tag for a node: that of its id. A dead node's record of the same id is taken, a living one's is not.
 * @throws ClusterError
 */
export async function claimTag(
  engine: ClusterEngine,
  untagged: Omit<NodeRecord, 'tag'>,
  nowMs: () => number,
): Promise<Claimed> {
  for (let attempt = 0; attempt < TAG_ATTEMPTS; attempt++) {
    const record: NodeRecord = { ...untagged, tag: tagOf(untagged.id, attempt) }
    let settle: (hello: Hello | undefined) => void = () => undefined
    const claimed = new Promise<Hello | undefined>((resolve) => (settle = resolve))
    const hello = async (): Promise<Hello | undefined> => {
      const known = await claimed
      return known && { ...known, nowMs: nowMs() }
    }
    // Heard before the claim is there to be read, answered once it is known whose it is.
    const hellos = { end: (): void => undefined }
    const begin = async (): Promise<void> => {
      hellos.end = answerHellos(engine, record.tag, hello)
      await engine.flush()
    }
    let revision: number | undefined
    try {
      revision = await claim(engine, record, begin)
    } finally {
      settle(revision === undefined ? undefined : { instance: record.instance, nowMs: nowMs() })
      if (revision === undefined) hellos.end()
    }
    if (revision !== undefined) return { record, revision, endHellos: () => hellos.end() }
  }
  throw new ClusterError('NODE_ID_TAKEN', `No tag is free for node ${untagged.id}: choose another --node-id.`)
}

/** The revision; undefined when a node of another id has the tag. */
async function claim(
  engine: ClusterEngine,
  record: NodeRecord,
  begin: () => Promise<void>,
): Promise<number | undefined> {
  const key = keyOfNode(record.tag)
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    const entry = await engine.get(key)
    if (entry !== undefined) {
      if (readRecord(entry.value)?.id !== record.id) return undefined
      if ((await sayHello(engine, record.tag)) !== undefined) break
    }
    // After the first hello: before it, our own ears would make us wait for an answer.
    if (attempt === 0) await begin()
    const revision =
      entry === undefined
        ? await engine.create(key, writeRecord(record))
        : await engine.update(key, writeRecord(record), entry.revision)
    if (revision !== undefined) return revision
  }
  const sentence = `A node called ${record.id} runs already: give each node its own --node-id.`
  throw new ClusterError('NODE_ID_TAKEN', sentence)
}
