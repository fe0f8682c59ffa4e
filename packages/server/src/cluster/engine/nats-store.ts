import { headers, nuid, type NatsConnection } from '@nats-io/transport-node'
import {
  DiscardPolicy,
  jetstream,
  JetStreamApiError,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamClient,
  type JetStreamManager,
} from '@nats-io/jetstream'
import type { EngineEntry } from './engine.js'

/** The layout is that of NATS's key-value buckets, so that `nats kv` shows it. */
const BUCKET = 'crossroom'
const STREAM = `KV_${BUCKET}`
const SUBJECTS = `$KV.${BUCKET}.`
const OPERATION = 'KV-Operation'
const WRONG_LAST_SEQUENCE = 10_071
/** Of a store on several servers: it lives while two of three do. */
const REPLICAS = 3
/**
 * Servers of a cluster before 2.9.21 compare the revision before they agree on the order of writes (nats-server#4320): two that
 * come at the same time may both succeed.
 */
const [FIXED_MINOR, FIXED_PATCH] = [9, 21]
const BARRIERS = 'barrier.'
/** Keys that are read at a time. */
const READS = 64

/** Keys and values in a stream of JetStream. Without deadlines and states of its own: those are the engine's. */
export class NatsStore {
  readonly #client: JetStreamClient
  readonly #manager: JetStreamManager
  readonly #timeout: number
  /** Written after a comparison that servers make too early; undefined where they do not. */
  readonly #barrier: string | undefined

  private constructor(
    client: JetStreamClient,
    manager: JetStreamManager,
    timeout: number,
    barrier: string | undefined,
  ) {
    this.#client = client
    this.#manager = manager
    this.#timeout = timeout
    this.#barrier = barrier
  }

  /** Makes the bucket if it is not there. Rejects with JetStream's error. */
  static async open(connection: NatsConnection, timeoutMs: number): Promise<NatsStore> {
    const manager = await jetstreamManager(connection, { timeout: timeoutMs })
    const isClustered = connection.info?.cluster !== undefined
    // Creating what is there with the same settings does nothing, so nodes may start at the same time.
    await manager.streams.add({
      name: STREAM,
      subjects: [`${SUBJECTS}>`],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_msgs_per_subject: 1,
      num_replicas: isClustered ? REPLICAS : 1,
      allow_rollup_hdrs: true,
      // Reads go to the leader: a follower may be behind.
      allow_direct: false,
    })
    const barrier = isClustered && comparesEarly(connection) ? BARRIERS + nuid.next() : undefined
    return new NatsStore(jetstream(connection, { timeout: timeoutMs }), manager, timeoutMs, barrier)
  }

  get manager(): JetStreamManager {
    return this.#manager
  }

  async get(key: string): Promise<EngineEntry | undefined> {
    const message = await this.#last(key)
    return message === undefined || message.isDeleted ? undefined : message.entry
  }

  /** The keys under a prefix, a few at a time: one read of a few is quick however many there are. */
  async keys(prefix: string): Promise<string[][]> {
    const info = await this.#manager.streams.info(STREAM, { subjects_filter: subjectOf(prefix) })
    const keys = Object.keys(info.state.subjects ?? {}).map(keyOf)
    return Array.from({ length: Math.ceil(keys.length / READS) }, (_, at) => keys.slice(at * READS, (at + 1) * READS))
  }

  /** Those of these keys that are there. */
  async read(keys: readonly string[]): Promise<EngineEntry[]> {
    const entries = await Promise.all(keys.map((key) => this.get(key)))
    return entries.filter((entry) => entry !== undefined)
  }

  async create(key: string, value: Uint8Array): Promise<number | undefined> {
    const revision = await this.#write(key, value, 0)
    if (revision !== undefined) return revision
    // A deletion leaves a message too.
    const last = await this.#last(key)
    return last?.isDeleted === true ? await this.#write(key, value, last.entry.revision) : undefined
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    return await this.#write(key, value, revision)
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    const { seq } = await this.#client.publish(subjectOf(key), value, { timeout: this.#timeout })
    return seq
  }

  /** False when it has another revision. */
  async delete(key: string, revision?: number): Promise<boolean> {
    return (await this.#write(key, new Uint8Array(), revision, 'DEL')) !== undefined
  }

  async #write(key: string, value: Uint8Array, revision?: number, operation?: string): Promise<number | undefined> {
    const header = headers()
    if (operation !== undefined) header.set(OPERATION, operation)
    const expect = revision === undefined ? {} : { expect: { lastSubjectSequence: revision } }
    try {
      const options = { timeout: this.#timeout, headers: header, ...expect }
      const { seq } = await this.#client.publish(subjectOf(key), value, options)
      return revision === undefined || revision === 0 || (await this.#isLast(key, seq)) ? seq : undefined
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) return undefined
      throw error
    }
  }

  /**
   * Whether this write is the one that succeeded. The others were under way before it was applied, so they are applied before a
   * write that comes now.
   */
  async #isLast(key: string, revision: number): Promise<boolean> {
    if (this.#barrier === undefined) return true
    await this.put(this.#barrier, new Uint8Array())
    return (await this.#last(key))?.entry.revision === revision
  }

  async #last(key: string): Promise<{ entry: EngineEntry; isDeleted: boolean } | undefined> {
    const message = await this.#manager.streams.getMessage(STREAM, { last_by_subj: subjectOf(key) })
    if (message === null) return undefined
    return { entry: { key, value: message.data, revision: message.seq }, isDeleted: isDeletion(message.header) }
  }
}

function comparesEarly({ info }: NatsConnection): boolean {
  const [major = 0, minor = 0, patch = 0] = (info?.version ?? '').split('.').map((part) => Number.parseInt(part, 10))
  return major < 2 || (major === 2 && (minor < FIXED_MINOR || (minor === FIXED_MINOR && patch < FIXED_PATCH)))
}

export const streamOfStore = STREAM

/** The subject of a key, or of a prefix. */
export function subjectOf(key: string): string {
  return SUBJECTS + key
}

export function keyOf(subject: string): string {
  return subject.slice(SUBJECTS.length)
}

export function isDeletion(header: { get(name: string): string } | undefined): boolean {
  const operation = header?.get(OPERATION)
  return operation === 'DEL' || operation === 'PURGE'
}
