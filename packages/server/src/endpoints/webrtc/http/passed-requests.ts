import { httpLimits, passLimits } from '../../../config/index.js'
import type { OtherNodes } from '../../protocol.js'
import { HttpRefusal } from './session-requests.js'

/** A PATCH or DELETE, on whichever node it came in. */
export interface SessionRequest {
  readonly method: 'PATCH' | 'DELETE'
  /** The id of the session, without the tag of its node. */
  readonly session: string
  /** IP address of the client. */
  readonly from: string
  readonly bearer?: string | undefined
  /** `Content-Type` and `If-Match`, as they came. */
  readonly type?: string | undefined
  readonly match?: string | undefined
  readonly body?: string | undefined
}

export interface SessionAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The request as nodes know it. */
const VERB = 'rtc-session'
const TEXTS = ['bearer', 'type', 'match'] as const
const HEADERS: ReadonlySet<string> = new Set(['Content-Type', 'ETag', 'Accept-Patch'])
const ADDRESS = /^([A-Za-z0-9]{4})\.([\w-]+)$/

/** Requests of sessions that another node has: a balancer before several nodes need not know which. */
export class PassedRequests {
  readonly #nodes: OtherNodes | undefined
  #pending = 0

  /** `answer` is what this node says to a request for a session of its own; it does not throw. */
  constructor(nodes: OtherNodes | undefined, answer: (request: SessionRequest) => SessionAnswer) {
    this.#nodes = nodes
    nodes?.on(VERB, (body) => {
      const request = readRequest(body)
      if (request === undefined) throw new Error('This is no request for a session')
      return answer(request)
    })
  }

  /** The last part of the address of a session of this node. */
  addressOf(session: string): string {
    return this.#nodes === undefined ? session : `${this.#nodes.tag}.${session}`
  }

  /** Whose session it is; without a node it is this one's. */
  read(address: string): { readonly session: string; readonly node?: string } {
    const [, tag, session] = ADDRESS.exec(address) ?? []
    if (this.#nodes === undefined || tag === undefined || session === undefined) return { session: address }
    return tag === this.#nodes.tag ? { session } : { session, node: tag }
  }

  /** Undefined when that node is gone, and its sessions with it. Rejects with HttpRefusal. */
  async pass(node: string, request: SessionRequest): Promise<SessionAnswer | undefined> {
    const nodes = this.#nodes
    if (nodes?.has(node) !== true) return undefined
    const busy = 'Too many requests wait for other nodes; try again in a moment.'
    if (this.#pending >= passLimits.requests) throw new HttpRefusal(503, busy, { 'Retry-After': '2' })
    this.#pending++
    try {
      return readAnswer(await nodes.ask(node, VERB, request))
    } catch {
      throw new HttpRefusal(503, 'The node of this session does not answer; try again.', { 'Retry-After': '2' })
    } finally {
      this.#pending--
    }
  }
}

/** Undefined for what is none. */
export function readRequest(body: Readonly<Record<string, unknown>>): SessionRequest | undefined {
  const { method, session, from, body: content } = body
  if (method !== 'PATCH' && method !== 'DELETE') return undefined
  if (typeof session !== 'string' || typeof from !== 'string' || !isShort(session) || !isShort(from)) return undefined
  if (content !== undefined && !isContent(content)) return undefined
  const texts: { bearer?: string; type?: string; match?: string } = {}
  for (const name of TEXTS) {
    const text = body[name]
    if (text === undefined) continue
    if (!isShort(text)) return undefined
    texts[name] = text
  }
  return { method, session, from, ...texts, ...(content !== undefined && { body: content }) }
}

/** @throws Error for what is none. */
export function readAnswer({ status, headers, body }: Readonly<Record<string, unknown>>): SessionAnswer {
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599 || !isContent(body))
    throw new Error('This is no answer')
  const given = Object.entries(typeof headers === 'object' && headers !== null ? headers : {})
  const known = given.filter(
    (header): header is [string, string] => HEADERS.has(header[0]) && isShort(header[1]) && /^[ -~]*$/.test(header[1]),
  )
  return { status: status as number, headers: Object.fromEntries(known), body }
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= passLimits.headerChars
}

function isContent(value: unknown): value is string {
  return typeof value === 'string' && value.length <= httpLimits.sdpBytes
}
