import { createHmac, timingSafeEqual } from 'node:crypto'
import type { WireMessage } from '@crossroom/media'
import { relayLimits } from '../../config/index.js'
import { CLUSTER_VERSION } from '../nodes/node-record.js'
import { fieldsOf } from './messages.js'

/** A node as it names itself: see `NodeRecord`. */
export interface NodeName {
  readonly tag: string
  readonly instance: string
}

/** From the node that was dialled. */
export interface Challenge extends NodeName {
  readonly v: number
  readonly nonce: string
}

/** From the node that dials, for one of the connections of its link. */
export interface Hello extends Challenge {
  /** The connection of the link: 0 is sound, all others are pictures. */
  readonly lane: number
  /** The life of the link: connections of one life belong together. */
  readonly session: string
  readonly proof: string
}

/** Keys that nodes of one cluster share, the current one first. */
export type ProofKeys = () => readonly string[]

const NONCE = /^[0-9a-f]{32}$/
const PROOF = /^[0-9a-f]{64}$/
const TAG = /^[A-Za-z0-9]{1,16}$/
const ID = /^[\w-]{1,64}$/

export function challengeOf(self: NodeName, nonce: string): Challenge {
  return { v: CLUSTER_VERSION, tag: self.tag, instance: self.instance, nonce }
}

export function parseChallenge(message: WireMessage): Challenge | undefined {
  const fields = fieldsOf(message)
  if (fields === undefined) return undefined
  const { v, tag, instance, nonce } = fields
  if (typeof v !== 'number' || !Number.isInteger(v) || v < 1) return undefined
  if (!isText(tag, TAG) || !isText(instance, ID) || !isText(nonce, NONCE)) return undefined
  return { v, tag, instance, nonce }
}

export function parseHello(message: WireMessage): Hello | undefined {
  const fields = fieldsOf(message)
  const common = parseChallenge(message)
  if (fields === undefined || common === undefined) return undefined
  const { lane, session, proof } = fields
  if (typeof lane !== 'number' || !Number.isInteger(lane) || lane < 0 || lane > relayLimits.pictureLanes)
    return undefined
  if (!isText(session, ID) || !isText(proof, PROOF)) return undefined
  return { ...common, lane, session, proof }
}

/** The proof of a `welcome`. */
export function parseProof(message: WireMessage): string | undefined {
  const proof = fieldsOf(message)?.['proof']
  return isText(proof, PROOF) ? proof : undefined
}

/** Shows knowledge of the key without telling it: valid for this connection and this direction only. */
export function prove(key: string, by: 'dials' | 'answers', challenge: Challenge, hello: Omit<Hello, 'proof'>): string {
  const text = [
    'crossroom relay 1',
    by,
    ...[challenge.tag, challenge.instance, challenge.nonce],
    ...[hello.tag, hello.instance, hello.nonce, String(hello.lane), hello.session],
  ].join('\n')
  return createHmac('sha256', key).update(text).digest('hex')
}

/** The key with which the hello was proved; undefined when it is none of them. */
export function provedWith(keys: readonly string[], challenge: Challenge, hello: Hello): string | undefined {
  return keys.find((key) => isSame(prove(key, 'dials', challenge, hello), hello.proof))
}

export function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
}

function isText(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value)
}
