import { createHash } from 'node:crypto'
import { setImmediate as immediate } from 'node:timers/promises'
import type { ClientKind, ParamsOf, RequestedRole, ResultOf, User } from '@crossroom/protocol'
import { VirtualClock } from '@crossroom/testkit'
import {
  ALL_PERMISSIONS,
  Seal,
  type Admission,
  type Identity,
  type StreamAction,
} from '../../packages/server/src/auth/index.js'
import {
  MemoryEngine,
  MemoryStore,
  NodeRequests,
  Nodes,
  RoomDocuments,
} from '../../packages/server/src/cluster/index.js'
import { gopCacheLimits, publisherLimits } from '../../packages/server/src/config/limits.js'
import { StreamHub, type Publication, type StreamKey } from '../../packages/server/src/hub/index.js'
import { silentLog } from '../../packages/server/src/observe/index.js'
import {
  LocalDirectory,
  LocalOperations,
  RoomError,
  RoomGate,
  Rooms,
  SealedAddresses,
  SealedSessions,
  type EnterRequest,
  type MemberMethod,
  type Membership,
  type RoomErrorCode,
} from '../../packages/server/src/rooms/index.js'
import { ADDRESSES, FakeConnection, FakeMix } from './room-stage.js'

const START = Date.UTC(2026, 0, 1)
const STEP_MS = 20
const SETTLES_MS = 120_000

export interface JoinOptions {
  readonly isolated?: 'refuse' | 'local'
  /** Its engine, where it is not the plain one. */
  readonly open?: (store: MemoryStore, clock: VirtualClock) => MemoryEngine
  /** Its own clock: it may stand still while that of the stage goes on. */
  readonly clock?: VirtualClock
}

export interface EnterAs {
  readonly room?: string
  readonly role?: RequestedRole
  readonly kind?: ClientKind
  readonly permissions?: Partial<Identity['permissions']>
  readonly isOwner?: boolean
}

/** Somebody in a room of some node, with the socket that it came by. */
export class Person {
  readonly node: RoomsNode
  readonly userId: string
  readonly room: string
  readonly connection: FakeConnection
  readonly #membership: Membership

  constructor(node: RoomsNode, room: string, connection: FakeConnection, membership: Membership) {
    this.node = node
    this.userId = membership.member.userId
    this.room = room
    this.connection = connection
    this.#membership = membership
  }

  get entered(): Membership['result'] {
    return this.#membership.result
  }

  get member(): Membership['member'] {
    return this.#membership.member
  }

  /** The newest list it was told of, or found on entering. */
  get users(): readonly User[] {
    return this.connection.all('room.userList').length > 0 ? this.connection.users : this.entered.userList
  }

  /** The ids in it, in order. */
  get sees(): string[] {
    return this.users.map(({ userId }) => userId).sort()
  }

  /** Its own role, as it was told. */
  get role(): string {
    const told = this.connection.all('room.roleChanged').filter(({ userId }) => userId === this.userId)
    return told.at(-1)?.role ?? this.entered.self.role
  }

  async ask<Method extends MemberMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return await this.node.stage.settle(this.#membership.member.request(method, params))
  }

  /** The code of a refusal. */
  async refused<Method extends MemberMethod>(method: Method, params: ParamsOf<Method>): Promise<string> {
    return await codeOf(this.ask(method, params))
  }
}

/** The code that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'done'
  } catch (error) {
    return error instanceof RoomError ? error.code : String(error)
  }
}

/** One node of a cluster, as far as rooms need it. */
export class RoomsNode {
  readonly stage: ClusterRoomsStage
  readonly name: string
  readonly engine: MemoryEngine
  readonly nodes: Nodes
  readonly clock: VirtualClock
  readonly hub: StreamHub
  readonly rooms: Rooms
  readonly directory: LocalDirectory
  readonly operations: LocalOperations
  readonly gate: RoomGate
  readonly mixes: FakeMix[] = []
  /** Rooms that this node records, by their owners. */
  readonly recorded = new Set<string>()
  readonly #documents: RoomDocuments
  readonly #requests: NodeRequests
  isDead = false
  /** Its clock stands still. */
  isFrozen = false

  constructor(
    stage: ClusterRoomsStage,
    name: string,
    engine: MemoryEngine,
    nodes: Nodes,
    { isolated = 'refuse', clock = stage.clock }: JoinOptions,
  ) {
    const { nowMs } = stage
    this.stage = stage
    this.clock = clock
    this.name = name
    this.engine = engine
    this.nodes = nodes
    this.hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...publisherLimits, silentMicros: Infinity })
    this.#requests = new NodeRequests(engine, nodes)
    this.#documents = new RoomDocuments({
      ...{ engine, nodes, requests: this.#requests, clock, nowMs, random: () => 0.5, isolated },
      refusal: (code, sentence) => new RoomError(code as RoomErrorCode, sentence),
      refusalOf: (error) => (error instanceof RoomError ? { code: error.code, sentence: error.message } : undefined),
    })
    const ring = (): [string] => ['a secret of all nodes']
    this.rooms = new Rooms({
      ...{ clock, hub: this.hub, log: silentLog, nowMs, random: () => 0.5, newId: () => stage.newId() },
      flvProtocols: new Set(['rtmp', 'http-flv']),
      mixer: {
        open: (mix) => {
          const made = new FakeMix(mix)
          this.mixes.push(made)
          return made
        },
      },
      recorder: () => ({
        isRecorded: (roomId) => this.recorded.has(roomId),
        start: (roomId) => Promise.resolve(this.record(roomId, true)),
        stop: (roomId) => Promise.resolve(this.record(roomId, false)),
        over: (roomId) => this.record(roomId, false),
      }),
      cluster: {
        network: this.#documents,
        addresses: new SealedAddresses(new Seal(ring, 'room-address')),
        sessions: new SealedSessions(new Seal(ring, 'resume-token')),
      },
    })
    this.directory = new LocalDirectory(this.rooms)
    this.operations = new LocalOperations(this.rooms)
    const verify = ({ userId = '' }: { readonly userId?: string | undefined }) =>
      Promise.resolve(identityOf(userId, {}))
    const verifier = { verify, check: verify, identify: verify }
    this.gate = new RoomGate({ rooms: this.directory, media: this.rooms, verifier })
  }

  /** As the owner, a rule or the API begins and ends it on this node. */
  record(roomId: string, recording: boolean): void {
    if (recording) this.recorded.add(roomId)
    else this.recorded.delete(roomId)
    this.rooms.get(roomId)?.recording.check()
  }

  async enter(userId: string, as: EnterAs = {}): Promise<Person> {
    return await this.stage.settle(this.beginEntry(userId, as))
  }

  /** Settles as time passes. */
  async beginEntry(userId: string, as: EnterAs = {}): Promise<Person> {
    const { room = 'room', role, kind = 'browser' } = as
    const connection = new FakeConnection()
    const request: EnterRequest = {
      ...{ roomId: room, identity: identityOf(userId, as), role, client: { kind, version: '1' } },
      ...{ remoteAddress: '192.0.2.1', connection, addresses: ADDRESSES },
    }
    return new Person(this, room, connection, await this.directory.enter(request))
  }

  /** Comes back by a resume token of any node. */
  async resume(person: Person): Promise<Person> {
    return await this.stage.settle(this.beginResumption(person))
  }

  /** Settles as time passes. */
  async beginResumption(person: Person): Promise<Person> {
    const connection = new FakeConnection()
    const from = { connection, addresses: ADDRESSES, remoteAddress: '192.0.2.1' }
    const membership = await this.directory.resume(person.entered.resumeToken, from)
    return new Person(this, person.room, connection, membership)
  }

  /** Asks the gate as an endpoint does. */
  async admit(
    app: string,
    stream: string,
    action: StreamAction,
    query: Record<string, string> = {},
  ): Promise<Admission> {
    return await this.stage.settle(
      this.gate.admit({
        ...{ action, protocol: 'rtmp', app, stream, query: new Map(Object.entries(query)) },
        ...{ remoteAddress: '192.0.2.1', connectionId: 'c' },
      }),
    )
  }

  /** Publishes by what the gate granted. */
  publish(key: StreamKey, subject: string): Publication {
    const info = { id: 'p', protocol: 'rtmp', remoteAddress: '192.0.2.1', subject }
    const publication = this.hub.open(key).publish({ ...info, onClose: () => undefined })
    if (publication === undefined) throw new Error('the stream is busy')
    return publication
  }

  /** Who is in the room here, with role and node. */
  list(room = 'room'): string[] {
    const members = [...(this.rooms.get(room)?.members ?? [])]
    return members.map(({ userId, role }) => `${userId} ${role}`).sort()
  }

  /** The process is gone: nothing was told. */
  kill(): void {
    this.isDead = true
    void this.engine.close()
  }

  /** Leaves as a server that stops. */
  async stop(): Promise<void> {
    if (this.isDead) return
    this.rooms.close()
    this.rooms.tokens.close()
    await this.stage.settle(this.#documents.close())
    this.#requests.close()
    await this.stage.settle(this.nodes.close())
    this.isDead = true
    await this.engine.close()
  }
}

function identityOf(userId: string, { permissions, isOwner = false }: EnterAs): Identity {
  return { userId, expiresAt: undefined, isOwner, permissions: { ...ALL_PERMISSIONS, ...permissions } }
}

/** Nodes of one cluster in this process, on the memory engine and the virtual clock. */
export class ClusterRoomsStage {
  readonly clock = new VirtualClock(1_000_000)
  readonly store = new MemoryStore()
  readonly nodes: RoomsNode[] = []
  /** Of nodes that are about to be there. */
  readonly #joining = new Set<VirtualClock>()
  #ids = 0

  readonly nowMs = (): number => Math.floor(START + this.clock.now() / 1000)

  static async open(...names: string[]): Promise<{ stage: ClusterRoomsStage; nodes: RoomsNode[] }> {
    const stage = new ClusterRoomsStage()
    for (const name of names) await stage.join(name)
    return { stage, nodes: stage.nodes }
  }

  async join(name: string, options: JoinOptions = {}): Promise<RoomsNode> {
    const { nowMs } = this
    const { clock = this.clock, open = (...args) => new MemoryEngine(...args) } = options
    const engine = open(this.store, clock)
    const deps = { engine, clock, nowMs, isLinked: () => false, onReplaced: () => undefined }
    if (clock !== this.clock) this.#joining.add(clock)
    const joined = this.settle(
      Nodes.join(deps, {
        ...{ id: name, instance: `${name} ${String(this.#ids++)}`, version: '1', relay: '127.0.0.1:1' },
        ...{ startedAt: nowMs(), members: 0, streams: 0, load: 0, state: 'up' },
      }),
    )
    const nodes = await joined.finally(() => this.#joining.delete(clock))
    const node = new RoomsNode(this, name, engine, nodes, options)
    this.nodes.push(node)
    return node
  }

  /** 128 bits that look random, the same in every run. */
  newId(): string {
    return createHash('sha256')
      .update(`id ${String(this.#ids++)}`)
      .digest()
      .subarray(0, 16)
      .toString('base64url')
  }

  /** Time passes until it is settled. */
  async settle<Result>(promise: Promise<Result>): Promise<Result> {
    let isSettled = false
    const settle = (): void => void (isSettled = true)
    promise.then(settle, settle)
    for (let waited = 0; !isSettled && waited < 100; waited++) await Promise.resolve()
    for (const from = this.nowMs(); !isSettled;) {
      if (this.nowMs() - from > SETTLES_MS) throw new Error('A promise does not settle.')
      await immediate()
      if (!isSettled) this.#step()
    }
    return await promise
  }

  async pass(ms: number): Promise<void> {
    await immediate()
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      this.#step()
      await immediate()
    }
  }

  #step(): void {
    this.clock.advance(STEP_MS * 1000)
    for (const clock of this.#joining) clock.advance(STEP_MS * 1000)
    for (const { clock, isDead, isFrozen } of this.nodes) {
      if (clock === this.clock || isDead) continue
      if (isFrozen) clock.standStill(STEP_MS * 1000)
      else clock.advance(STEP_MS * 1000)
    }
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.stop()
  }
}
