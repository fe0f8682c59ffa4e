import { readJson } from '../json.js'
import { CLUSTER_VERSION } from '../nodes/node-record.js'
import { asWord, readWord } from '../engine/subject.js'

/** What a publisher says of itself when it claims a name. */
export interface ClaimedBy {
  /** Who may take the name over; absent: nobody. */
  readonly subject?: string
  /** For the hook that is told of the end when this node has died. */
  readonly protocol: string
  readonly remoteAddress: string
  readonly connectionId: string
}

/** Who publishes a plain stream: `stream.B64` in the store. */
export interface Claim extends ClaimedBy {
  /** Tag, and the instance of that node: a claim of an earlier life holds nothing. */
  readonly node: string
  readonly instance: string
  /** Unix milliseconds. */
  readonly since: number
}

const TEXTS = ['node', 'instance', 'protocol', 'remoteAddress', 'connectionId'] as const
const MAX_TEXT = 512
const PREFIX = 'stream.'

export const CLAIMS = `${PREFIX}*`

export function keyOfClaim(name: string): string {
  return PREFIX + asWord(name)
}

export function nameOfClaim(key: string): string {
  return readWord(key.slice(PREFIX.length))
}

export function writeClaim(claim: Claim): Uint8Array {
  return Buffer.from(JSON.stringify({ v: CLUSTER_VERSION, ...claim }), 'utf8')
}

/** Undefined for what is no claim: it holds nothing. */
export function readClaim(value: Uint8Array): Claim | undefined {
  const claim = readJson(value)
  if (claim === undefined) return undefined
  const isText = (field: unknown): boolean => typeof field === 'string' && field.length <= MAX_TEXT
  const isRead =
    TEXTS.every((name) => isText(claim[name])) &&
    (claim['subject'] === undefined || isText(claim['subject'])) &&
    typeof claim['since'] === 'number' &&
    Number.isFinite(claim['since'])
  return isRead ? (claim as unknown as Claim) : undefined
}
