import { createHash } from 'node:crypto'
import { readJson } from '../json.js'

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
  /** Derived from the secret, and from the previous one behind a comma: two nodes must share one of them. */
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

const TAG = /^[A-Za-z0-9]{4}$/
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const MAX_TEXT = 256
const TEXTS = ['tag', 'id', 'instance', 'version', 'relay'] as const
const OPTIONAL_TEXTS = ['region', 'url', 'fingerprint', 'secretId'] as const
const NUMBERS = ['v', 'startedAt', 'members', 'streams', 'load'] as const

/** The same tag for the same id; another one for another attempt, because tags of two ids may be equal. */
export function tagOf(id: string, attempt: number): string {
  const digest = createHash('sha256')
    .update(`${String(attempt)}\n${id}`)
    .digest()
  return Array.from(digest.subarray(0, 4), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

export function writeRecord(record: NodeRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record), 'utf8')
}

/** Undefined for what is no record. Fields of a later version are ignored. */
export function readRecord(value: Uint8Array): NodeRecord | undefined {
  const record = readJson(value)
  if (record === undefined) return undefined
  const isText = (field: unknown): boolean => typeof field === 'string' && field.length <= MAX_TEXT
  const isRead =
    TEXTS.every((name) => isText(record[name])) &&
    OPTIONAL_TEXTS.every((name) => record[name] === undefined || isText(record[name])) &&
    NUMBERS.every((name) => typeof record[name] === 'number' && Number.isFinite(record[name])) &&
    TAG.test(String(record['tag'])) &&
    (record['state'] === 'up' || record['state'] === 'draining')
  return isRead ? (record as unknown as NodeRecord) : undefined
}
