import type { Micros } from '@crossroom/media'
import { clusterLimits, roomLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import type {
  NetworkRoom,
  RoomCommand,
  RoomDocument,
  RoomNetwork,
  RoomNetworkHandlers,
  RoomsNetwork,
} from '../../rooms/index.js'
import type { ClusterEngine } from '../engine/engine.js'
import type { NodeRequests } from '../nodes/node-requests.js'
import type { Nodes } from '../nodes/nodes.js'
import { JoinedRoom } from './joined-room.js'
import { banKey, lastWord, shareKey } from './room-keys.js'
import type { RoomStore } from './room-store.js'
import { WaitingBans } from './waiting-bans.js'
import { readCommand, readUntil, readDocument, readHead, write } from './room-values.js'

const SWEEP: Micros = 600_000_000
/** Longer than a member is waited for, and than a node that is gone is remembered. */
const DEAD_MS = roomLimits.resumeMicros / 1000 + 60_000

export interface RoomDocumentsDeps {
  readonly engine: ClusterEngine
  readonly nodes: Nodes
  readonly requests: NodeRequests
  readonly clock: Clock
  /** Wall clock. */
  readonly nowMs: () => number
  /** Varies when nodes tidy up. */
  readonly random: () => number
  /** Whether rooms take new members while the engine is lost. */
  readonly isolated: 'refuse' | 'local'
  /** The error that rooms throw, with this code. */
  readonly refusal: (code: string, sentence: string) => Error
  /** Code and sentence of what a room threw; undefined for another error. */
  readonly refusalOf: (error: unknown) => { readonly code: string; readonly sentence: string } | undefined
}

const UNAVAILABLE = 'The nodes of the cluster cannot reach each other; try again in a few seconds.'
const NO_ANSWER = 'The node that serves this user does not answer; try again in a few seconds.'

/** The rooms of this node and what other nodes know of them: documents and heads in the store, events and questions beside it. */
export class RoomDocuments implements RoomsNetwork {
  readonly #deps: RoomDocumentsDeps
  readonly #store: RoomStore
  readonly #rooms = new Map<string, JoinedRoom>()
  readonly #leaving = new Map<string, Promise<void>>()
  readonly #bans: WaitingBans
  #lastVersion = 0
  readonly #ends: (() => void)[] = []
  #cancelSweep: () => void = () => undefined
  #isClosed = false

  constructor(deps: RoomDocumentsDeps) {
    this.#deps = deps
    const { clock, engine, nodes, requests } = deps
    this.#bans = new WaitingBans(engine, clock, nodes.tag)
    this.#store = {
      ...{ engine, nodes, clock, instance: nodes.own.instance },
      nextVersion: () => (this.#lastVersion = Math.max(deps.nowMs(), this.#lastVersion + 1)),
      isForgotten: (tag) => nodes.get(tag) === undefined,
      isDead: (tag, document) => this.#isDead(tag, document),
      command: (tag, roomId, command) => this.#command(tag, roomId, command),
      documentOf: (tag, roomId) => this.#documentOf(tag, roomId),
      ban: (word, userId, until) => this.#bans.add(word, userId, until),
      banOf: (word, userId) => this.#banOf(word, userId),
      claim: (work) => this.#claim(work),
      persist: (work) => this.#persist(work),
      left: (roomId, room, cleared) => this.#handleLeft(roomId, room, cleared),
    }
    requests.on('room', (body) => this.#handleCommand(body))
    requests.on('room-document', ({ room }) => ({ document: this.#rooms.get(String(room))?.own ?? null }))
    this.#ends.push(() => this.#bans.close())
    this.#sweepLater()
  }

  get tag(): string {
    return this.#deps.nodes.tag
  }

  nameOf(tag: string): string {
    return this.#deps.nodes.get(tag)?.record.id ?? tag
  }

  get isLost(): boolean {
    return this.#deps.engine.state === 'lost'
  }

  get entersWhileLost(): boolean {
    return this.#deps.isolated === 'local'
  }

  get hasOthers(): boolean {
    return this.#deps.nodes.list().some(({ record, state }) => state === 'up' && record.tag !== this.tag)
  }

  join(roomId: string, handlers: RoomNetworkHandlers): RoomNetwork {
    const room = new JoinedRoom(this.#store, roomId, handlers, this.#leaving.get(roomId))
    this.#rooms.set(roomId, room)
    return room
  }

  async share(holder: string, until: number): Promise<void> {
    await this.#claim(() => this.#deps.engine.put(shareKey(holder), write({ until })))
  }

  async isShared(holder: string): Promise<boolean> {
    const entry = await this.#claim(() => this.#deps.engine.get(shareKey(holder)))
    return entry !== undefined && (readUntil(entry.value) ?? 0) > this.#deps.nowMs()
  }

  async unshare(holder: string): Promise<boolean> {
    const { engine } = this.#deps
    return await this.#claim(async () => {
      const entry = await engine.get(shareKey(holder))
      return entry !== undefined && (await engine.delete(entry.key))
    })
  }

  async list(): Promise<readonly NetworkRoom[]> {
    const { engine } = this.#deps
    return await this.#claim(async () => {
      const [heads, documents] = await Promise.all([engine.list('head.*'), engine.list('doc.>')])
      const byWord = new Map<string, RoomDocument[]>()
      for (const { key, value } of documents) {
        const document = readDocument(value)
        const word = key.split('.')[1]!
        if (document === undefined || this.#isDead(lastWord(key), document)) continue
        byWord.set(word, [...(byWord.get(word) ?? []), document])
      }
      return heads.flatMap(({ key, value }) => {
        const head = readHead(value)
        if (head?.nodes.some((tag) => !this.#store.isForgotten(tag)) !== true) return []
        return [{ roomId: head.roomId, head, documents: byWord.get(lastWord(key)) ?? [] }]
      })
    })
  }

  /** Resolves when nothing of this node's rooms is in the store any more, or that cannot be done in a moment. Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    const { clock } = this.#deps
    const late = new Promise<void>((resolve) => clock.after(clusterLimits.retryMicros, resolve))
    await Promise.race([Promise.all(this.#leaving.values()), late])
    this.#isClosed = true
    this.#cancelSweep()
    for (const end of this.#ends) end()
  }

  #handleLeft(roomId: string, room: RoomNetwork, cleared: Promise<void>): void {
    if (this.#rooms.get(roomId) === room) this.#rooms.delete(roomId)
    const leaving = Promise.all([this.#leaving.get(roomId), cleared]).then(() => {
      if (this.#leaving.get(roomId) === leaving) this.#leaving.delete(roomId)
    })
    this.#leaving.set(roomId, leaving)
  }

  #isDead(tag: string, { instance, version }: RoomDocument): boolean {
    const { nodes, nowMs } = this.#deps
    const node = nodes.get(tag)
    if (node?.record.instance === instance) return false
    const since = Math.max(version, node?.record.startedAt ?? 0)
    return nowMs() - since > DEAD_MS
  }

  async #command(tag: string, roomId: string, command: RoomCommand): Promise<unknown> {
    const { refusal, requests } = this.#deps
    let answer: Record<string, unknown>
    try {
      answer = await requests.ask(tag, 'room', { room: roomId, command })
    } catch {
      throw refusal('CLUSTER_UNAVAILABLE', NO_ANSWER)
    }
    const { code, sentence, result } = answer
    if (typeof code === 'string') throw refusal(code, String(sentence))
    return result
  }

  async #handleCommand({ room: roomId, command: asked }: Readonly<Record<string, unknown>>): Promise<object> {
    const room = this.#rooms.get(String(roomId))
    const command = readCommand(asked)
    if (command === undefined) throw new TypeError('No command to a room')
    if (room === undefined) return { code: 'ROOM_NOT_FOUND', sentence: 'The room is not on this node.' }
    try {
      return { result: (await room.handleCommand(command)) ?? null }
    } catch (error) {
      const refused = this.#deps.refusalOf(error)
      if (refused === undefined) throw error
      return refused
    }
  }

  async #documentOf(tag: string, roomId: string): Promise<RoomDocument | 'none' | undefined> {
    const answer = await this.#deps.requests.ask(tag, 'room-document', { room: roomId }).catch(() => undefined)
    if (answer === undefined) return undefined
    const { document } = answer
    return document === null ? 'none' : readDocument(Buffer.from(JSON.stringify(document)))
  }

  async #banOf(word: string, userId: string): Promise<number | 'none' | 'unknown'> {
    const { clock, engine } = this.#deps
    const waiting = this.#bans.untilOf(word, userId)
    if (waiting !== undefined) return waiting
    let cancel: () => void = () => undefined
    const late = new Promise<'unknown'>((resolve) => {
      cancel = clock.after(clusterLimits.entryMicros, () => resolve('unknown'))
    })
    const read = engine.get(banKey(word, userId)).then(
      (entry) => (entry && readUntil(entry.value)) ?? 'none',
      () => 'unknown' as const,
    )
    const until = await Promise.race([read, late])
    cancel()
    return until
  }

  async #claim<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      if (this.#deps.refusalOf(error) !== undefined) throw error
      throw this.#deps.refusal('CLUSTER_UNAVAILABLE', UNAVAILABLE)
    }
  }

  async #persist(work: () => Promise<unknown>): Promise<void> {
    while (!this.#isClosed) {
      try {
        await work()
        return
      } catch {
        await new Promise<void>((resolve) => this.#deps.clock.after(clusterLimits.retryMicros, resolve))
      }
    }
  }

  #sweepLater(): void {
    const { clock, random } = this.#deps
    this.#cancelSweep = clock.after(SWEEP * (0.5 + random()), () => {
      this.#sweep().catch(() => undefined)
      this.#sweepLater()
    })
  }

  /** Removes what no node will remove: bans that have run out, and what dead nodes left of rooms that nobody visits. */
  async #sweep(): Promise<void> {
    const { engine, nowMs } = this.#deps
    const timed = [...(await engine.list('ban.>')), ...(await engine.list('share.*'))]
    for (const { key, value, revision } of timed)
      if ((readUntil(value) ?? 0) < nowMs()) await engine.delete(key, revision)
    for (const { key, value, revision } of await engine.list('doc.>')) {
      const document = readDocument(value)
      if (document === undefined || this.#isDead(lastWord(key), document)) await engine.delete(key, revision)
    }
    for (const { key, value, revision } of await engine.list('head.*')) {
      const head = readHead(value)
      const isDead = head?.nodes.every((tag) => this.#store.isForgotten(tag)) === true
      if (isDead) await engine.delete(key, revision)
    }
  }
}
