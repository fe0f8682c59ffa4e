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
    void whoAmI().then((hello) => hello && respond?.(Buffer.from(JSON.stringify(hello))))
  })
}

/** Undefined when no node with this tag is alive. */
export async function sayHello(engine: ClusterEngine, tag: string): Promise<Hello | undefined> {
  const answer = await engine.request(subjectOf(tag), new Uint8Array(), HELLO_MS)
  const { instance, nowMs } = (answer && readJson(answer)) ?? {}
  return typeof instance === 'string' && typeof nowMs === 'number' ? { instance, nowMs } : undefined
}

/**
 * Whether this node fits to those that are alive.
 * @throws ClusterError
 */
export async function checkOthers(engine: ClusterEngine, own: NodeRecord, nowMs: () => number): Promise<void> {
  const entries = await engine.list('node.*')
  const records = entries.map(({ value }) => readRecord(value)).filter((record) => record !== undefined)
  await Promise.all(
    records
      .filter(({ id }) => id !== own.id)
      .map(async (record) => {
        const asked = nowMs()
        const hello = await sayHello(engine, record.tag)
        if (hello?.instance !== record.instance) return
        refuse(own, record)
        refuseClock(record, hello.nowMs - (asked + nowMs()) / 2)
      }),
  )
}

function refuse(own: NodeRecord, other: NodeRecord): void {
  if (Math.abs(other.v - CLUSTER_VERSION) > 1) {
    const who = other.v > CLUSTER_VERSION ? 'Update this node' : `Update node ${other.id}`
    const versions = `Node ${other.id} speaks version ${String(other.v)} of the cluster, this one ${String(CLUSTER_VERSION)}.`
    throw new ClusterError('NODE_VERSION_DIFFERS', `${versions} ${who}.`)
  }
  if (!sharesSecret(own.secretId, other.secretId)) {
    const sentence = `Node ${other.id} has another secret than this one: give all nodes of a cluster the same --secret.`
    throw new ClusterError('NODE_SECRET_DIFFERS', sentence)
  }
}

/** During a change of the secret nodes know two. */
export function sharesSecret(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  const ids = other.split(',')
  return one.split(',').some((id) => ids.includes(id))
}

function refuseClock({ id }: NodeRecord, errorMs: number): void {
  if (Math.abs(errorMs) < CLOCK_REFUSED_MS) return
  const seconds = String(Math.round(Math.abs(errorMs) / 1000))
  const sentence = `The clock of this machine is ${seconds} s ${errorMs > 0 ? 'behind' : 'ahead of'} that of node ${id}: set both with NTP.`
  throw new ClusterError('NODE_CLOCK_DIFFERS', sentence)
}
