/** Version of the documents and messages that nodes exchange. A node of the next version reads those of this one. */
export const CLUSTER_VERSION = 1

/** What a node tells the others about itself, under `node.TAG`. */
export interface NodeRecord {
  readonly v: number
  /** Four characters of `[A-Za-z0-9]`, unique in the cluster. */
  readonly tag: string
  /** `--node-id`: what people call it. */
  readonly id: string
  /** Made at every start: a record of another instance with this tag is of an earlier life, or of a double. */
  readonly instance: string
  /** Of the product. */
  readonly version: string
  readonly region?: string
  /** Where clients reach it directly; absent behind one common address. */
  readonly url?: string
  /** `HOST:PORT` of its relay listener. */
  readonly relay: string
  /** SHA-256 of its relay certificate, hexadecimal; absent with `plain` and `mtls`. */
  readonly fingerprint?: string
  /** Derived from the secret; two nodes with different secrets have different ones. */
  readonly secretId?: string
  readonly state: 'up' | 'draining'
  /** Unix milliseconds. */
  readonly startedAt: number
  readonly members: number
  readonly streams: number
  /** CPU of its busiest thread, 0 to 1. */
  readonly load: number
}

/** `gone`: neither its relay link nor its heartbeat is there. */
export type NodeState = 'up' | 'draining' | 'gone'
