import { clusterLimits, engineLimits } from '../../config/index.js'
import type {
  RoomCommand,
  RoomDocument,
  RoomEvent,
  RoomHead,
  RoomNetwork,
  RoomNetworkHandlers,
} from '../../rooms/index.js'
import { EngineLostError, type EngineEntry, type EngineMessage, type EnginePass } from '../engine/engine.js'
import type { KnownNode } from '../nodes/node-directory.js'
import { documentKey, documentsOf, eventSubject, headKey, lastWord, roomWord } from './room-keys.js'
import type { RoomStore } from './room-store.js'
import { readDocument, readHead, readMessage, write } from './room-values.js'

/** Others change the same head at the same time. */
const MAX_TRIES = 50

type OwnDocument = Parameters<RoomNetwork['tell']>[0]

interface Head {
  readonly head: RoomHead | undefined
  /** 0: it was never written, or is deleted. */
  readonly revision: number
}

interface Heard {
  readonly document: RoomDocument
  /** When the node last said that it holds. */
  heardAt: number
}

/**
 * One room, as this node takes part in it. Documents pass as they are written, and are read from the store once, at the
 * beginning; what is lost on the way is found by a digest every 5 s.
 */
export class JoinedRoom implements RoomNetwork {
  readonly roomId: string
  readonly known: Promise<void>
  isKnown = false
  readonly #store: RoomStore
  readonly #handlers: RoomNetworkHandlers
  readonly #word: string
  readonly #documents = new Map<string, Heard>()
  readonly #reachable = new Map<string, boolean>()
  #head: Head = { head: undefined, revision: 0 }
  #own: RoomDocument | undefined
  /** Version of the own document that the store has. */
  #stored = 0
  readonly #ends: (() => void)[] = []
  #cancelDigest: () => void = () => undefined
  #cancelRetry: (() => void) | undefined
  #cancelLook: (() => void) | undefined
  #isLeft = false

  /** `after`: an earlier life of the room here, which is being left. */
  constructor(store: RoomStore, roomId: string, handlers: RoomNetworkHandlers, after: Promise<void> | undefined) {
    this.#store = store
    this.roomId = roomId
    this.#handlers = handlers
    this.#word = roomWord(roomId)
    const { clock, engine, nodes } = store
    this.#ends.push(
      engine.follow(documentsOf(this.#word), (pass) => this.#handlePass(pass)),
      engine.subscribe(eventSubject(this.#word), (message) => this.#handleMessage(message)),
      nodes.observe((node) => this.#handleNode(node)),
      engine.onState(() => this.#handleEngine()),
    )
    const late = new Promise<void>((resolve) => this.#ends.push(clock.after(clusterLimits.entryMicros, resolve)))
    this.known = Promise.race([this.#load(after), late])
    this.#digestLater()
  }

  get head(): RoomHead | undefined {
    return this.#head.head
  }

  get others(): readonly string[] {
    return [...this.#documents.keys()].filter((tag) => tag !== this.#store.nodes.tag)
  }

  /** What this node last told. */
  get own(): RoomDocument | undefined {
    return this.#own
  }

  isReachable(tag: string): boolean {
    const { nodes } = this.#store
    const node = nodes.get(tag)
    const { instance } = this.#documents.get(tag)?.document ?? {}
    if (node === undefined || node.state === 'gone') return false
    return instance === undefined || node.record.instance === instance
  }

  tell(document: OwnDocument): void {
    const isEmpty = document.members.length === 0 && document.unnamed === 0 && document.carries.length === 0
    if (this.#isLeft || (this.#own === undefined && isEmpty)) return
    this.#own = this.#fitted({ ...document, instance: this.#store.instance, version: this.#store.nextVersion() })
    this.#put()
  }

  broadcast(event: RoomEvent): void {
    this.#publish({ kind: 'event', event })
  }

  async ask(tag: string, command: RoomCommand): Promise<unknown> {
    return await this.#store.command(tag, this.roomId, command)
  }

  async change(edit: (head: RoomHead | undefined) => RoomHead | undefined): Promise<RoomHead | undefined> {
    return await this.#store.claim(async () => {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const { head, revision } = this.#head
        const next = edit(head)
        if (next === undefined) return head
        const written = await this.#write(next, revision)
        if (written !== undefined) {
          this.#takeHead({ head: next, revision: written })
          this.#publish({ kind: 'head', revision: written })
          return next
        }
        await this.#refreshHead()
      }
      throw new EngineLostError('The head of a room could not be changed.')
    })
  }

  ban(userId: string, until: number): void {
    this.#store.ban(this.#word, userId, until)
  }

  async banOf(userId: string): Promise<number | undefined> {
    const until = await this.#store.banOf(this.#word, userId)
    if (until === 'unknown') this.#lookLater()
    return typeof until === 'number' ? until : undefined
  }

  leave(): void {
    if (this.#end()) this.#store.left(this.roomId, this, this.#clear())
  }

  abandon(): void {
    if (this.#end()) this.#store.left(this.roomId, this, Promise.resolve())
  }

  /** Another node asks for a member of this one. */
  handleCommand(command: RoomCommand): unknown {
    return this.#handlers.command(command)
  }

  /** False when it has ended. */
  #end(): boolean {
    if (this.#isLeft) return false
    this.#isLeft = true
    this.#cancelDigest()
    this.#cancelRetry?.()
    this.#cancelLook?.()
    for (const end of this.#ends) end()
    return true
  }

  /** Takes back what the store has of this node. */
  async #clear(): Promise<void> {
    const { engine, nodes, isForgotten } = this.#store
    const { tag } = nodes
    if (this.#own !== undefined) await this.#store.persist(() => engine.delete(documentKey(this.#word, tag)))
    await this.#store.persist(async () => {
      for (;;) {
        const { head, revision } = this.#head
        if (head?.nodes.includes(tag) !== true) return true
        const rest = head.nodes.filter((node) => node !== tag && !isForgotten(node))
        const isDone =
          rest.length > 0
            ? (await this.#write({ ...head, nodes: rest }, revision)) !== undefined
            : await engine.delete(headKey(this.#word), revision)
        if (isDone) {
          this.#publish({ kind: 'head', revision: revision + 1 })
          return true
        }
        await this.#readHead()
      }
    })
  }

  async #load(after: Promise<void> | undefined): Promise<void> {
    await after
    const { engine } = this.#store
    try {
      await engine.flush()
      const [documents] = await Promise.all([engine.list(documentsOf(this.#word)), this.#readHead()])
      if (this.#isLeft) return
      for (const entry of documents) this.#handleEntry(entry)
      await this.#dropDeadHead()
    } catch {
      if (!this.#isLeft) this.#retryLater()
      return
    }
    this.isKnown = true
    if (!this.#isLeft) this.#handlers.head(this.head)
  }

  /** A document may be of a node that died long ago, with whom everybody has left. */
  #handleEntry({ key, value, revision }: EngineEntry): void {
    const document = readDocument(value)
    const tag = lastWord(key)
    if (document === undefined) return
    if (this.#store.isDead(tag, document)) this.#store.engine.delete(key, revision).catch(() => false)
    else this.#take(tag, document)
  }

  /** Nobody is left of those who made the room. */
  async #dropDeadHead(): Promise<void> {
    const { head, revision } = this.#head
    const { engine, isForgotten, nodes } = this.#store
    const isAlive = head?.nodes.some((tag) => tag !== nodes.tag && !isForgotten(tag)) !== false
    if (isAlive || this.#documents.size > 0 || this.#own !== undefined) return
    if (await engine.delete(headKey(this.#word), revision)) this.#head = { head: undefined, revision: 0 }
    else await this.#readHead()
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#store.clock.after(clusterLimits.retryMicros, () => {
      this.#cancelRetry = undefined
      if (!this.isKnown) void this.#load(undefined)
      else if (this.#own !== undefined && this.#stored < this.#own.version) this.#put()
    })
  }

  /** Whoever entered meanwhile may be banned. */
  #lookLater(): void {
    if (this.#isLeft || this.#store.engine.state === 'lost') return
    this.#cancelLook ??= this.#store.clock.after(clusterLimits.retryMicros, () => {
      this.#cancelLook = undefined
      if (!this.#isLeft) this.#handlers.recovered()
    })
  }

  #handlePass({ key, value }: EnginePass): void {
    const tag = lastWord(key)
    if (tag === this.#store.nodes.tag) return
    const document = value && readDocument(value)
    if (document !== undefined) this.#take(tag, document)
    else if (value === undefined) this.#forget(tag)
  }

  #take(tag: string, document: RoomDocument): void {
    const present = this.#documents.get(tag)?.document
    const isOwn = tag === this.#store.nodes.tag
    if (this.#isLeft || (isOwn && document.instance === this.#store.instance)) return
    if (present !== undefined && present.version >= document.version) return
    this.#documents.set(tag, { document, heardAt: this.#store.clock.now() })
    this.#reachable.set(tag, this.isReachable(tag))
    this.#handlers.document(tag, document)
  }

  /** It has left the room. */
  #forget(tag: string): void {
    const heard = this.#documents.get(tag)
    if (heard === undefined || this.#isLeft) return
    this.#documents.delete(tag)
    const { document } = heard
    this.#handlers.document(tag, { ...document, members: [], unnamed: 0, carries: [], recorded: false })
  }

  #handleMessage({ payload }: EngineMessage): void {
    const message = readMessage(payload)
    if (message === undefined || message.from === this.#store.nodes.tag || this.#isLeft) return
    if (message.kind === 'event') this.#handlers.event(message.event)
    else if (message.kind === 'head') this.#handleHeadAt(message.revision)
    else this.#handleDigest(message)
  }

  #handleDigest({ from, version, head }: { from: string; version: number; head: number }): void {
    const heard = this.#documents.get(from)
    if (heard !== undefined) heard.heardAt = this.#store.clock.now()
    if (version > (heard?.document.version ?? 0)) void this.#askFor(from)
    this.#handleHeadAt(head)
  }

  #handleHeadAt(revision: number): void {
    if (revision > this.#head.revision) this.#refreshHead().catch(() => undefined)
  }

  async #refreshHead(): Promise<void> {
    const { revision } = this.#head
    await this.#readHead()
    if (this.#head.revision !== revision) this.#tellHead()
  }

  #tellHead(): void {
    queueMicrotask(() => !this.#isLeft && this.#handlers.head(this.head))
  }

  /** What was lost on the way. */
  async #askFor(tag: string): Promise<void> {
    const answer = await this.#store.documentOf(tag, this.roomId)
    if (answer === 'none') this.#forget(tag)
    else if (answer !== undefined) this.#take(tag, answer)
  }

  #handleNode({ record: { tag } }: KnownNode): void {
    if (!this.#documents.has(tag) || this.#isLeft) return
    const isReachable = this.isReachable(tag)
    if (isReachable === this.#reachable.get(tag)) return
    this.#reachable.set(tag, isReachable)
    this.#handlers.reachable(tag, isReachable)
    if (isReachable) void this.#askFor(tag)
  }

  #handleEngine(): void {
    if (!this.#store.engine.isWritable || this.#isLeft) return
    if (this.#own !== undefined) this.#put()
    void this.#load(undefined)
    for (const tag of this.#documents.keys()) if (this.isReachable(tag)) void this.#askFor(tag)
    this.#handlers.recovered()
  }

  #digestLater(): void {
    const { clock } = this.#store
    this.#cancelDigest = clock.after(clusterLimits.digestMicros, () => {
      if (this.#own !== undefined)
        this.#publish({ kind: 'digest', version: this.#own.version, head: this.#head.revision })
      const now = clock.now()
      for (const [tag, heard] of this.#documents)
        if (now - heard.heardAt > clusterLimits.silentMicros && this.isReachable(tag)) {
          heard.heardAt = now
          void this.#askFor(tag)
        }
      this.#digestLater()
    })
  }

  /** Audience beyond what one value holds is counted, not named. */
  #fitted(document: RoomDocument): RoomDocument {
    let fitted = document
    while (write(fitted).length > engineLimits.valueBytes) {
      const named = fitted.members.filter(({ role }) => role === 'audience')
      const out = new Set(named.slice(Math.floor(named.length / 2)))
      if (out.size === 0) break
      const members = fitted.members.filter((member) => !out.has(member))
      fitted = { ...fitted, members, unnamed: fitted.unnamed + out.size }
    }
    return fitted
  }

  #put(): void {
    const { engine, nodes } = this.#store
    const document = this.#own
    if (document === undefined) return
    engine.put(documentKey(this.#word, nodes.tag), write(document)).then(
      () => (this.#stored = Math.max(this.#stored, document.version)),
      () => {
        if (!this.#isLeft) this.#retryLater()
      },
    )
  }

  #publish(message: object): void {
    const { engine, nodes } = this.#store
    engine.publish(eventSubject(this.#word), write({ from: nodes.tag, ...message }))
  }

  async #write(head: RoomHead, revision: number): Promise<number | undefined> {
    const { engine } = this.#store
    const key = headKey(this.#word)
    const value = write({ roomId: this.roomId, ...head })
    return revision === 0 ? await engine.create(key, value) : await engine.update(key, value, revision)
  }

  async #readHead(): Promise<void> {
    const entry = await this.#store.engine.get(headKey(this.#word))
    const head = entry && readHead(entry.value)
    // Of two reads the later one may be answered sooner.
    if (entry !== undefined && entry.revision < this.#head.revision) return
    this.#head = entry === undefined ? { head: undefined, revision: 0 } : { head, revision: entry.revision }
  }

  /** Told where it is another than before. */
  #takeHead(head: Head): void {
    if (head.revision <= this.#head.revision) return
    this.#head = head
    this.#tellHead()
  }
}
