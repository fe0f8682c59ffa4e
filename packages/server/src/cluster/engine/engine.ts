/** `lost`: nothing is written and nothing arrives until it is back; calls that are under way fail. */
export type EngineState = 'connected' | 'lost'

/** Written to learn whether the store takes writes. */
export const PROBE_KEY = 'probe'

/** A value of the store. `revision` grows with every write of the store. */
export interface EngineEntry {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
}

export interface EngineMessage {
  readonly subject: string
  readonly payload: Uint8Array
  /** Answers a request. Absent for a message that was published. */
  readonly respond?: (payload: Uint8Array) => void
}

/** A write or a deletion of a key. Deletions have no value. */
export type EngineChange =
  | { readonly kind: 'put'; readonly entry: EngineEntry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number }

/** A write that passes; `value` is undefined for a deletion. */
export interface EnginePass {
  readonly key: string
  readonly value: Uint8Array | undefined
}

/** The engine cannot be asked now; the caller may try again. */
export class EngineLostError extends Error {
  readonly code = 'CLUSTER_UNAVAILABLE'
}

/**
 * What the nodes of a cluster share: messages that are not kept, and a small store with compare-and-set. Keys and subjects are
 * words of `[A-Za-z0-9_=-]`, joined by dots; a subject to subscribe to, or a prefix to watch, may end in `*` (one word) or `>`
 * (all that follow). Messages of one sender on one subject arrive in order. Every promise settles within `engineLimits.requestMs`,
 * that of a long list within as much for each of its parts; one that rejects does so with `EngineLostError`, and then a write may have happened or not.
 *
 * One contract suite (`contract.cases.ts`) holds every implementation to this.
 */
export interface ClusterEngine {
  readonly state: EngineState
  /** False while the store cannot be asked: the engine is lost, or its servers elect a leader or are a minority. Messages may pass. */
  readonly isWritable: boolean
  /** Writes and deletions of this node that came second: the key was taken, or had another revision. Grows. */
  readonly conflicts: number
  /** Tells changes of `state` and of `isWritable`. The answer ends it. */
  onState(listener: (state: EngineState) => void): () => void

  /** Fire and forget: nothing is kept for those who do not listen now. While the engine is lost it is dropped. */
  publish(subject: string, payload: Uint8Array): void
  /** The answer ends it. The sender gets its own messages too. */
  subscribe(subject: string, listener: (message: EngineMessage) => void): () => void
  /** The first answer; undefined when nobody listens or answers in time. `timeoutMs`: at most `engineLimits.requestMs`. */
  request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined>
  /** Resolves when the subscriptions made so far are in force. For messages through another server of the engine a moment is missing. */
  flush(): Promise<void>

  get(key: string): Promise<EngineEntry | undefined>
  /** Every entry under a prefix such as `doc.h.>`; at one moment only where nobody writes. */
  list(prefix: string): Promise<EngineEntry[]>
  /** The new revision; undefined when the key is taken. */
  create(key: string, value: Uint8Array): Promise<number | undefined>
  /** The new revision; undefined when the key does not have this revision (any more). */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>
  /** For keys with one writer. The new revision. */
  put(key: string, value: Uint8Array): Promise<number>
  /** Without `revision` whatever is there. False when it has another revision. */
  delete(key: string, revision?: number): Promise<boolean>
  /**
   * Tells what is there, then every change: to the latest value of each key at least, each revision once. What changed while the engine
   * was lost is told when it is back, deletions included. `ready` is called once, when all that was there has been told. The
   * answer ends it.
   */
  watch(prefix: string, listener: (change: EngineChange) => void, ready?: () => void): () => void
  /**
   * Tells writes as they pass, sooner than `watch` and at no cost to the store, also those that the store could not keep. For keys
   * with one writer, who never writes by `create` or `update`: a refused one is told as well. What passed earlier, or while the
   * engine was lost, is not told. The answer ends it.
   */
  follow(prefix: string, listener: (change: EnginePass) => void): () => void

  /** Idempotent. What waits rejects. */
  close(): Promise<void>
}
