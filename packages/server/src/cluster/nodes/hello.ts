import type { ClusterEngine, EngineMessage } from '../engine/engine.js'
import { readJson } from '../json.js'
import { ClusterError } from '../cluster-error.js'
import { CLUSTER_VERSION, readRecord, type NodeRecord } from './node-record.js'

const HELLO_MS = 1000
/** Signatures carry the time, and may be off by a minute. */
const CLOCK_REFUSED_MS = 30_000

/** What a living node answers: who it is, and its wall clock. */
export interface Hello {
  readonly instance: string
  readonly nowMs: number
}

const subjectOf = (tag: string): string => `hello.${tag}`

/** Answers hellos, once `whoAmI` knows. The answer ends it. */
export function answerHellos(engine: ClusterEngine, tag: string, whoAmI: () => Promise<Hello | undefined>): () => void {
  return engine.subscribe(subjectOf(tag), ({ respond }: EngineMessage) => {
    void whoAmI().then((hello) => hello && respond?.(Buffer.from(JSON.stringify({ v: CLUSTER_VERSION, ...hello }))))
  })
}

/** Undefined when no node with this tag is alive. */
export async function sayHello(engine: ClusterEngine, tag: string): Promise<Hello | undefined> {
  const answer = await engine.request(subjectOf(tag), new Uint8Array(), HELLO_MS)
  const { instance, nowMs } = (answer && readJson(answer)) ?? {}
  return typeof instance === 'string' && typeof nowMs === 'number' ? { instance, nowMs } : undefined
}

/** A living node, and what keeps this one from working with it. */
export interface MetNode {
  readonly record: NodeRecord
  /** How far its wall clock is ahead of ours. */
  readonly clockErrorMs: number
  readonly misfit: ClusterError | undefined
}

/** Greets every node that has a record; those that answer are alive. */
export async function meetOthers(
  engine: ClusterEngine,
  own: Pick<NodeRecord, 'id' | 'secretId'>,
  nowMs: () => number,
): Promise<MetNode[]> {
  const entries = await engine.list('node.*')
  const records = entries.map(({ value }) => readRecord(value)).filter((record) => record !== undefined)
  const meetings = records
    .filter(({ id }) => id !== own.id)
    .map(async (record): Promise<MetNode[]> => {
      const asked = nowMs()
      const hello = await sayHello(engine, record.tag)
      if (hello?.instance !== record.instance) return []
      const clockErrorMs = hello.nowMs - (asked + nowMs()) / 2
      return [{ record, clockErrorMs, misfit: misfitOf(own, record, clockErrorMs) }]
    })
  return (await Promise.all(meetings)).flat()
}

/**
 * Whether this node fits to those that are alive.
 * @throws ClusterError
 */
export async function checkOthers(
  engine: ClusterEngine,
  own: Pick<NodeRecord, 'id' | 'secretId'>,
  nowMs: () => number,
): Promise<void> {
  const met = await meetOthers(engine, own, nowMs)
  const misfit = met.find((node) => node.misfit !== undefined)?.misfit
  if (misfit !== undefined) throw misfit
}

/** Why two nodes cannot work together. */
export function misfitOf(
  own: Pick<NodeRecord, 'secretId'>,
  other: NodeRecord,
  clockErrorMs: number,
): ClusterError | undefined {
  const { id, v } = other
  if (Math.abs(v - CLUSTER_VERSION) > 1) {
    const who = v > CLUSTER_VERSION ? 'Update this node' : `Update node ${id}`
    const versions = `Node ${id} speaks version ${String(v)} of the cluster, this one ${String(CLUSTER_VERSION)}.`
    return new ClusterError('NODE_VERSION_DIFFERS', `${versions} ${who}.`)
  }
  if (!sharesSecret(own.secretId, other.secretId)) {
    const sentence = `Node ${id} has another secret than this one: give all nodes of a cluster the same --secret.`
    return new ClusterError('NODE_SECRET_DIFFERS', sentence)
  }
  if (Math.abs(clockErrorMs) < CLOCK_REFUSED_MS) return undefined
  const seconds = String(Math.round(Math.abs(clockErrorMs) / 1000))
  const sentence = `The clock of this machine is ${seconds} s ${clockErrorMs > 0 ? 'behind' : 'ahead of'} that of node ${id}: set both with NTP.`
  return new ClusterError('NODE_CLOCK_DIFFERS', sentence)
}

/** During a change of the secret nodes know two. */
function sharesSecret(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  const ids = other.split(',')
  return one.split(',').some((id) => ids.includes(id))
}
