import type { ClusterEngine, EngineMessage } from '../engine/engine.js'
import { readJson } from '../json.js'
import type { NodeDirectory } from './node-directory.js'
import { CLUSTER_VERSION } from './node-record.js'

const TIMEOUT_MS = 2000

/** What a node does when another asks: answers with a JSON object. What it throws tells the other that it failed. */
export type NodeAnswer = (body: Readonly<Record<string, unknown>>) => object | Promise<object>

/** The other node is not there, or does not know the request: it may be of an earlier version. */
export class NoAnswerError extends Error {}

/** Questions from node to node, over the engine: small, rare, and never of media. */
export class NodeRequests {
  readonly #engine: ClusterEngine
  readonly #nodes: NodeDirectory
  readonly #answers = new Map<string, NodeAnswer>()
  readonly #end: () => void

  constructor(engine: ClusterEngine, nodes: NodeDirectory) {
    this.#engine = engine
    this.#nodes = nodes
    this.#end = engine.subscribe(subjectOf(nodes.tag), (message) => void this.#handle(message))
  }

  /** How this node answers questions of one kind. */
  on(verb: string, answer: NodeAnswer): void {
    this.#answers.set(verb, answer)
  }

  /** @throws NoAnswerError, EngineLostError */
  async ask(tag: string, verb: string, body: object = {}): Promise<Record<string, unknown>> {
    const question = Buffer.from(JSON.stringify({ v: CLUSTER_VERSION, verb, body }))
    const bytes = await this.#engine.request(subjectOf(tag), question, TIMEOUT_MS)
    const { body: answer } = (bytes && readJson(bytes)) ?? {}
    if (!isObject(answer)) throw new NoAnswerError(`Node ${this.#nodes.get(tag)?.record.id ?? tag} does not answer.`)
    return answer
  }

  /** The answers of all other nodes that are there and give one. */
  async askAll(verb: string, body: object = {}): Promise<{ tag: string; answer: Record<string, unknown> }[]> {
    const others = this.#nodes.list().filter(({ record, state }) => record.tag !== this.#nodes.tag && state !== 'gone')
    const answers = others.map(async ({ record: { tag } }) => {
      const answer = await this.ask(tag, verb, body).catch(() => undefined)
      return answer === undefined ? [] : [{ tag, answer }]
    })
    return (await Promise.all(answers)).flat()
  }

  /** Idempotent. */
  close(): void {
    this.#end()
  }

  async #handle({ payload, respond }: EngineMessage): Promise<void> {
    const { verb, body } = readJson(payload) ?? {}
    const answer = typeof verb === 'string' ? this.#answers.get(verb) : undefined
    if (respond === undefined) return
    try {
      if (answer === undefined) throw new NoAnswerError()
      respond(Buffer.from(JSON.stringify({ v: CLUSTER_VERSION, body: await answer(isObject(body) ? body : {}) })))
    } catch {
      // Without a body: an answer all the same, so that nobody waits.
      respond(Buffer.from(JSON.stringify({ v: CLUSTER_VERSION })))
    }
  }
}

const subjectOf = (tag: string): string => `ask.${tag}`

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
