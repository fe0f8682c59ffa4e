import { seededRandom, VirtualClock } from '@crossroom/testkit'
import { LocalMember } from '../../packages/server/src/rooms/local-member.js'
import { ChaosClient } from './chaos-client.js'
import { ClusterRoomsStage, codeOf, type RoomsNode } from './cluster-rooms-stage.js'
import { FaultyEngine } from './faulty-engine.js'

const FAULTS = ['kill', 'stop', 'cut', 'stall', 'deaf', 'mute', 'leader', 'drain'] as const
type Fault = (typeof FAULTS)[number]

const NAMES = ['a', 'b', 'c']
const USERS_PER_ROOM = 4
const BAN_MS = 15_000
/** What is wrong for longer than a moment is right again, on every node, after this. */
const SETTLED_MS = 2000
/** What was lost on the way is known after this: a digest finds it. */
const AGREED_MS = 6000
/** Everybody is back after this. */
const BACK_MS = 15_000
const TICK_MS = 100
/** Of what happened, in the words of a failure. */
const LOG_LINES = 400

/** Rooms with members on three nodes, faults drawn from a seed, and a judge. */
export class ClusterChaos {
  readonly stage = new ClusterRoomsStage()
  readonly counts = new Map<Fault, number>()
  readonly #log: string[] = []
  readonly #random: () => number
  readonly #clients: ChaosClient[]
  readonly #broken = new Set<RoomsNode>()
  #isWhole = false
  #failure: string | undefined

  static async open(options: { readonly seed: number; readonly rooms: number }): Promise<ClusterChaos> {
    const chaos = new ClusterChaos(options)
    for (const name of NAMES) await chaos.#join(name)
    await chaos.#judge()
    return chaos
  }

  private constructor({ seed, rooms }: { readonly seed: number; readonly rooms: number }) {
    this.#random = seededRandom(seed)
    const world = {
      nowMs: this.stage.nowMs,
      random: this.#random,
      nodes: () => this.#answering,
      isWhole: () => this.#isWhole,
      tell: (what: string) => this.#tell(what),
      fail: (what: string) => this.#fail(what),
    }
    this.#clients = Array.from({ length: rooms * USERS_PER_ROOM }, (_, index) => {
      const room = `room${String(Math.floor(index / USERS_PER_ROOM))}`
      return new ChaosClient(world, room, `user${String(index % USERS_PER_ROOM)}`)
    })
  }

  /** A fault, or two at a time, what people do meanwhile, the end of it, and what must hold then. */
  async fault(): Promise<void> {
    this.#isWhole = false
    const heals = [this.#begin()]
    if (this.#random() < 0.2) {
      await this.#live(this.#random() * 1000)
      heals.push(this.#begin())
    }
    await this.#live(200 + this.#random() * 5000)
    for (const heal of heals) await heal()
    await this.#judge()
  }

  async close(): Promise<void> {
    await this.stage.close()
  }

  get #alive(): RoomsNode[] {
    return this.stage.nodes.filter(({ isDead }) => !isDead)
  }

  get #answering(): RoomsNode[] {
    return this.#alive.filter(({ isFrozen }) => !isFrozen)
  }

  #begin(): () => Promise<void> {
    const whole = this.#alive.filter((node) => !this.#broken.has(node))
    // One node of three is always there.
    const fault = whole.length < 2 ? 'leader' : this.#pick(FAULTS)
    const node = this.#pick(whole)
    this.counts.set(fault, (this.counts.get(fault) ?? 0) + 1)
    this.#tell(`${fault} ${fault === 'leader' ? '' : node.name}`)
    const heal = this.#break(fault, node)
    if (fault !== 'leader') this.#broken.add(node)
    return async () => {
      this.#broken.delete(node)
      this.#tell(`${fault} is over`)
      await heal()
    }
  }

  #break(fault: Fault, node: RoomsNode): () => void | Promise<void> {
    const engine = engineOf(node)
    switch (fault) {
      case 'kill':
        node.kill()
        return () => this.#join(node.name)
      case 'stop':
        node.isFrozen = true
        engine.setFault('frozen')
        return () => {
          node.isFrozen = false
          engine.setFault(undefined)
        }
      case 'cut':
        engine.setState('lost')
        return () => engine.setState('connected')
      case 'leader': {
        const engines = this.#alive.map(engineOf)
        for (const each of engines) each.setElecting(true)
        return () => {
          for (const each of engines) each.setElecting(false)
        }
      }
      case 'drain':
        return this.#drain(node)
      default:
        engine.setFault(fault === 'stall' ? 'stalled' : fault)
        return () => engine.setFault(undefined)
    }
  }

  /** The members of a node that drains are told to go, and it waits for them. */
  #drain(node: RoomsNode): () => Promise<void> {
    node.nodes.change({ state: 'draining' })
    let isOver = false
    void Promise.resolve(node.rooms.drain()).then(() => (isOver = true))
    return async () => {
      await this.#until('the node to drain', () => isOver, BACK_MS)
      await node.stop()
      await this.#join(node.name)
    }
  }

  /** The process is started, and again while it does not come up. */
  async #join(name: string): Promise<void> {
    const clock = new VirtualClock(this.stage.clock.now())
    for (let tries = 0; tries < 20; tries++) {
      const joining = this.stage.join(name, { clock, open: (...args) => new FaultyEngine(...args) })
      const refusal = await joining.then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : 'no reason'),
      )
      if (refusal === undefined) return
      this.#tell(`${name} does not join: ${refusal}`)
      await this.#live(500)
    }
    this.#fail(`${name} does not join`)
  }

  async #live(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      if (this.#random() < 0.5) this.#act()
      await this.#tick()
    }
  }

  async #tick(): Promise<void> {
    for (const client of this.#clients) client.tick()
    await this.stage.pass(TICK_MS)
    if (this.#failure !== undefined) throw new Error(this.#failure)
  }

  async #until(what: string, look: () => boolean, ms: number): Promise<void> {
    for (let passed = 0; !look(); passed += TICK_MS) {
      if (passed >= ms) this.#fail(`Waited in vain: ${what}`)
      await this.#tick()
    }
  }

  /** What people do. */
  #act(): void {
    const client = this.#pick(this.#clients)
    const node = this.#pick(this.#answering)
    const what = this.#random()
    if (what < 0.3) client.move(node)
    else if (what < 0.45) {
      this.#tell(`${client.room} ${client.userId} leaves`)
      client.leave()
    } else if (what < 0.75) client.wants ||= this.stage.nowMs() >= client.maybeBannedUntil
    else if (what < 0.9) void codeOf(node.operations.mute(client.room, client.userId, 'audio', what < 0.85))
    else void this.#kick(client, node)
  }

  /** From the answer on the ban holds. */
  async #kick(client: ChaosClient, node: RoomsNode): Promise<void> {
    const { room, userId } = client
    const from = this.stage.nowMs()
    const before = client.maybeBannedUntil
    client.maybeBannedUntil = Infinity
    const code = await codeOf(node.operations.kick(room, userId, BAN_MS))
    this.#tell(`${room} ${userId} is kicked at ${node.name} since ${String(from)}: ${code}`)
    client.maybeBannedUntil = code === 'USER_NOT_FOUND' ? before : this.stage.nowMs() + BAN_MS
    if (code === 'done') client.bannedUntil = from + BAN_MS
  }

  /** All is whole again. */
  async #judge(): Promise<void> {
    for (let passed = 0; passed < SETTLED_MS; passed += TICK_MS) await this.#tick()
    this.#isWhole = true
    for (const [room, clients] of this.#rooms()) {
      const homes = new Map<string, string>()
      for (const node of this.#alive)
        for (const user of localsOf(node, room)) {
          const other = homes.get(user)
          if (other !== undefined) this.#fail(`${user} is in ${room} on ${other} and on ${node.name}`)
          homes.set(user, node.name)
        }
      for (const { userId, bannedUntil } of clients)
        if (bannedUntil > this.stage.nowMs() && homes.has(userId))
          this.#fail(`${userId} is in ${room} on ${String(homes.get(userId))}, and banned`)
    }
    for (const client of this.#clients) if (client.bannedUntil > this.stage.nowMs()) client.wants = true
    await this.#until(
      'everybody to be back',
      () => this.#clients.every(({ at, wants, bannedUntil }) => !wants || (at !== undefined && bannedUntil < Infinity)),
      BACK_MS,
    )
    for (let passed = 0; ; passed += TICK_MS) {
      const differs = this.#difference()
      if (differs === undefined) break
      if (passed > AGREED_MS) this.#fail(differs)
      await this.#tick()
    }
    for (const client of this.#clients) if (client.wants) client.isAwaited = false
  }

  #rooms(): Map<string, ChaosClient[]> {
    const rooms = new Map<string, ChaosClient[]>()
    for (const client of this.#clients) rooms.set(client.room, [...(rooms.get(client.room) ?? []), client])
    return rooms
  }

  /** What a node knows otherwise than it is. */
  #difference(): string | undefined {
    for (const [room, clients] of this.#rooms()) {
      const inside = clients.filter(({ wants }) => wants)
      const where = inside.map(({ userId, at }) => `${userId} at ${at?.name ?? 'none'}`).join(', ')
      const owners = new Map<string, string>()
      for (const node of this.#alive) {
        const members = [...(node.rooms.get(room)?.members ?? [])]
        if (!members.some((member) => member instanceof LocalMember)) continue
        const awaited = new Set(
          clients.filter((client) => client.isAwaited && !client.wants).map(({ userId }) => userId),
        )
        const present = members
          .filter(({ isAway, userId }) => isAway !== true && !awaited.has(userId))
          .map(({ userId }) => userId)
        const expected = inside.map(({ userId }) => userId)
        if (present.sort().join() !== expected.sort().join())
          return `${room} on ${node.name} has ${present.join()} instead of ${where}`
        const own = members.filter(({ role }) => role === 'owner').map(({ userId }) => userId)
        owners.set(node.name, own.join(' and '))
      }
      const names = new Set(owners.values())
      if (names.size > 1 || [...names][0]?.includes(' ') === true)
        return `${room} has several owners: ${JSON.stringify([...owners])}; ${this.#headOf(room)}; ${where}`
      for (const { userId, person } of inside) {
        const others = inside.map((other) => other.userId).filter((other) => other !== userId)
        const sees = person!.sees.filter((user) => others.includes(user))
        if (sees.join() !== others.sort().join())
          return `${userId} in ${room} on ${person!.node.name} sees ${sees.join()} instead of ${where}`
      }
    }
    return undefined
  }

  #headOf(room: string): string {
    const heads = [...this.stage.store.entries.values()].filter(({ key }) => key.startsWith('head.'))
    return (
      heads.map(({ value }) => Buffer.from(value).toString()).find((head) => head.includes(`"${room}"`)) ?? 'no head'
    )
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!
  }

  #tell(what: string): void {
    this.#log.push(`${String(this.stage.nowMs() % 1e8)} ${what}`)
    if (this.#log.length > LOG_LINES) this.#log.shift()
  }

  /** Thrown at the next tick too: it may be called where nobody catches it. */
  #fail(what: string): never {
    this.#failure ??= `${what}\n${this.#log.join('\n')}`
    throw new Error(this.#failure)
  }
}

const engineOf = ({ engine }: RoomsNode): FaultyEngine => engine as FaultyEngine

function localsOf({ rooms }: RoomsNode, room: string): string[] {
  const members = [...(rooms.get(room)?.members ?? [])]
  return members.filter((member) => member instanceof LocalMember).map(({ userId }) => userId)
}
