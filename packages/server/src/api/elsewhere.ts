import type { NodeDirectory, NodeRequests } from '../cluster/index.js'
import { listLimits } from '../config/index.js'
import { StreamKey } from '../hub/index.js'
import type { Origins } from '../net/index.js'
import {
  describeStream,
  endConnection,
  endPublisher,
  endStream,
  isPlainName,
  listConnections,
  listStreams,
  type ConnectionFilter,
  type DescriptionDeps,
} from './descriptions.js'
import { connectionInfo, streamInfo, type ConnectionInfo, type StreamInfo } from './schemas.js'

/** A stream as another node describes it: where it is a copy only its viewers count. */
type NodeStream = StreamInfo & { readonly isCopy?: boolean }

const ENDS = ['stream', 'publisher', 'connection'] as const

/** Streams and connections of the other nodes, for REST: each node answers for its own, and asks all others. */
export class Elsewhere {
  readonly #requests: NodeRequests
  readonly #nodes: NodeDirectory
  readonly #deps: DescriptionDeps

  constructor(requests: NodeRequests, nodes: NodeDirectory, deps: DescriptionDeps) {
    this.#requests = requests
    this.#nodes = nodes
    this.#deps = deps
    requests.on('streams', ({ name, after }) => page(this.#ownStreams(name), after))
    requests.on('connections', ({ filter, after }) => page(listConnections(filterOf(filter), deps), after))
    const ends = {
      stream: (name: string) => endStream(StreamKey.plain(name), deps),
      publisher: (name: string) => endPublisher(StreamKey.plain(name), deps),
      connection: (id: string) => endConnection(id, deps),
    }
    for (const kind of ENDS)
      requests.on(`end-${kind}`, ({ name }) => ({ ended: typeof name === 'string' ? ends[kind](name) : undefined }))
  }

  /** Adds those of the other nodes. A stream with copies is listed once, with the viewers of all. */
  async addStreams(own: readonly StreamInfo[], origins: Origins, name?: string): Promise<StreamInfo[]> {
    const here = this.#nameOf(this.#nodes.tag)
    const isCopy = (info: StreamInfo): boolean =>
      info.roomId === undefined && this.#deps.hub.get(StreamKey.plain(info.name))?.publication?.info.isCopy === true
    const all: NodeStream[] = own.map((info) => ({ ...info, node: here, isCopy: isCopy(info) }))
    for (const { tag, item } of await this.#collect('streams', { name })) {
      const { isCopy } = item
      const read = streamInfo.safeParse(item)
      if (read.success) all.push({ ...read.data, node: this.#nameOf(tag), isCopy: isCopy === true })
    }
    return merge(all).map((info) =>
      info.play === undefined && isPlainName(info.name) ? { ...info, play: this.#deps.play(origins, info.name) } : info,
    )
  }

  async addConnections(own: readonly ConnectionInfo[], filter: ConnectionFilter): Promise<ConnectionInfo[]> {
    const all = own.map((info) => ({ ...info, node: this.#nameOf(this.#nodes.tag) }))
    for (const { tag, item } of await this.#collect('connections', { filter })) {
      const read = connectionInfo.safeParse(item)
      if (read.success) all.push({ ...read.data, node: this.#nameOf(tag) })
    }
    return all
  }

  /** How many were ended on all other nodes; undefined where none knows the name. */
  async end(kind: (typeof ENDS)[number], name: string): Promise<number | undefined> {
    const answers = await this.#requests.askAll(`end-${kind}`, { name })
    const counts = answers.flatMap(({ answer: { ended } }) => (typeof ended === 'number' ? [ended] : []))
    return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0)
  }

  #ownStreams(name: unknown): NodeStream[] {
    return listStreams(this.#deps, typeof name === 'string' ? name : undefined).map((stream) => ({
      ...describeStream(stream, this.#deps),
      isCopy: stream.publication?.info.isCopy === true,
    }))
  }

  /** All pages of all nodes. */
  async #collect(
    verb: string,
    body: object,
  ): Promise<{ readonly tag: string; readonly item: Record<string, unknown> }[]> {
    const others = this.#nodes.list().filter(({ record, state }) => record.tag !== this.#nodes.tag && state !== 'gone')
    const ofNodes = others.map(async ({ record: { tag } }) => {
      const items: { tag: string; item: Record<string, unknown> }[] = []
      for (let after: unknown = 0; typeof after === 'number' && items.length < listLimits.perNode;) {
        const answer = await this.#requests.ask(tag, verb, { ...body, after }).catch(() => undefined)
        const { items: found, next } = answer ?? {}
        if (Array.isArray(found)) for (const item of found as Record<string, unknown>[]) items.push({ tag, item })
        after = next
      }
      return items
    })
    return (await Promise.all(ofNodes)).flat()
  }

  #nameOf(tag: string): string {
    return this.#nodes.get(tag)?.record.id ?? tag
  }
}

/** As many as fit into one answer. */
function page(all: readonly object[], after: unknown): { readonly items: object[]; readonly next?: number } {
  const from = typeof after === 'number' && after > 0 ? Math.floor(after) : 0
  const items: object[] = []
  let bytes = 0
  for (const item of all.slice(from)) {
    bytes += Buffer.byteLength(JSON.stringify(item))
    if (items.length > 0 && bytes > listLimits.pageBytes) return { items, next: from + items.length }
    items.push(item)
  }
  return { items }
}

/** By name: the publisher's node describes it, the others add their viewers. */
function merge(all: readonly NodeStream[]): StreamInfo[] {
  const byName = new Map<string, NodeStream>()
  const rank = ({ isCopy, publisher }: NodeStream): number => (isCopy === true ? 0 : publisher === undefined ? 1 : 2)
  for (const info of all) {
    const present = byName.get(info.name)
    const best = present === undefined || rank(info) > rank(present) ? info : present
    byName.set(info.name, { ...best, viewers: info.viewers + (present?.viewers ?? 0) })
  }
  return [...byName.values()].map(({ isCopy: _, ...info }) => info)
}

function filterOf(filter: unknown): ConnectionFilter {
  const { id, role, stream } = (filter ?? {}) as Record<string, unknown>
  const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  return { id: textOf(id), role: textOf(role), stream: textOf(stream) }
}
