import { RoomError } from '../../packages/server/src/rooms/index.js'
import type { Person, RoomsNode } from './cluster-rooms-stage.js'

/** A client notices within this that its server does not answer any more. */
const SILENT_MS = 1600
/** It waits so long for an answer to what it asks. */
const ANSWER_MS = 3000
/** And so long before it tries again, at most. */
const RETRY_MS = 500

export interface ChaosWorld {
  readonly nowMs: () => number
  readonly random: () => number
  /** Nodes that answer: none that is dead or stands still. */
  readonly nodes: () => readonly RoomsNode[]
  /** Nothing is wrong anywhere. */
  readonly isWhole: () => boolean
  readonly tell: (what: string) => void
  readonly fail: (what: string) => never
}

/** Somebody who wants to be in a room, and comes back by itself wherever it can, as the SDK does. */
export class ChaosClient {
  readonly room: string
  readonly userId: string
  readonly #world: ChaosWorld
  person: Person | undefined
  wants = true
  /** A node may still wait for it: what it did there last was not heard. */
  isAwaited = false
  /** It may not enter before. */
  bannedUntil = 0
  /** A kick had no answer: it may be banned, or not. */
  maybeBannedUntil = 0
  #attempt = 0
  #since: number | undefined
  #nextAt = 0
  #silentSince: number | undefined

  constructor(world: ChaosWorld, room: string, userId: string) {
    this.#world = world
    this.room = room
    this.userId = userId
  }

  /** Of the server it is with, or undefined. */
  get at(): RoomsNode | undefined {
    const { person } = this
    const isThere = person !== undefined && person.connection.closed === undefined && !person.node.isDead
    return isThere ? person.node : undefined
  }

  tick(): void {
    const now = this.#world.nowMs()
    if (this.#since !== undefined && now - this.#since > ANSWER_MS) this.#giveUp()
    if (!this.wants || this.#since !== undefined || now < this.#nextAt) return
    const { at } = this
    if (at === undefined) return this.#goOn()
    if (!at.isFrozen) this.#silentSince = undefined
    else if (now - (this.#silentSince ??= now) > SILENT_MS) this.#goOn()
  }

  /** With another device, at this node. */
  move(node: RoomsNode): void {
    if (this.wants && this.#since === undefined) this.#try(node, node.beginEntry(this.userId, { room: this.room }))
  }

  leave(): void {
    this.wants = false
    if (this.#since !== undefined) this.#giveUp()
    const { at, person } = this
    this.person = undefined
    if (at?.isFrozen === false) person!.member.leave().catch(() => undefined)
    else this.#lose(person)
  }

  #goOn(): void {
    const { nodes, random } = this.#world
    const there = nodes()
    const node = there[Math.floor(random() * there.length)]
    if (node === undefined) return
    const { person, room, userId } = this
    this.#silentSince = undefined
    const isReplaced = person?.connection.closed === 'replaced'
    if (this.at !== undefined) this.#lose(person)
    const resumes = person !== undefined && !isReplaced
    this.#try(node, resumes ? node.beginResumption(person) : node.beginEntry(userId, { room }))
  }

  #giveUp(): void {
    this.#attempt++
    this.#since = undefined
  }

  #try(node: RoomsNode, attempted: Promise<Person>): void {
    const { nowMs, random } = this.#world
    const attempt = ++this.#attempt
    const startedAt = (this.#since = nowMs())
    // A node that reads no bans in time takes members, and puts them out later.
    const isBanned = startedAt < this.bannedUntil && this.#world.isWhole()
    attempted
      .then(
        (person) => {
          if (isBanned) this.#world.fail(`${this.room} ${this.userId} entered ${node.name} in spite of a ban`)
          // Its socket is closed already.
          if (attempt !== this.#attempt) this.#lose(person)
          else this.#arrive(person)
          return 'in'
        },
        (error: unknown) => this.#handleRefusal(attempt, error),
      )
      .then((how) => {
        this.#world.tell(`${this.room} ${this.userId} at ${node.name} since ${String(startedAt)}: ${how}`)
        if (attempt !== this.#attempt) return
        this.#since = undefined
        this.#nextAt = nowMs() + random() * RETRY_MS
      })
      .catch(() => undefined)
  }

  #arrive(person: Person): void {
    const { at, person: before } = this
    this.person = person
    // A client has one socket.
    if (at !== undefined && before?.node !== person.node) this.#lose(before)
  }

  /** The socket closed. */
  #lose(person: Person | undefined): void {
    this.isAwaited = true
    if (person === undefined) return
    person.member.lost()
    person.connection.closed ??= 'lost'
  }

  #handleRefusal(attempt: number, error: unknown): string {
    const code = error instanceof RoomError ? error.code : String(error)
    if (attempt !== this.#attempt) return code
    if (code === 'RESUME_FAILED' || code === 'ROOM_NOT_FOUND') this.person = undefined
    else if (code === 'BANNED') {
      this.wants = false
      this.person = undefined
      if (this.#world.nowMs() > Math.max(this.bannedUntil, this.maybeBannedUntil))
        this.#world.fail(`${this.room} ${this.userId} is banned, and nobody did it`)
    } else if (code !== 'CLUSTER_UNAVAILABLE' && code !== 'DRAINING') this.#world.fail(`${this.userId}: ${code}`)
    return code
  }
}
