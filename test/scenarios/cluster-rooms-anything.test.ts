import { expect, test } from 'vitest'
import { LocalMember } from '../../packages/server/src/rooms/local-member.js'
import { ClusterRoomsStage, codeOf, type Person, type RoomsNode } from './cluster-rooms-stage.js'

const USERS = ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay']
const ACTS = 60
const BAN_MS = 20_000

/** The same sequence for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Everything that happens to one room, and what has to hold. */
class Run {
  readonly stage: ClusterRoomsStage
  readonly #random: () => number
  readonly #people = new Map<string, Person>()
  readonly #bannedUntil = new Map<string, number>()
  /** Owners by revision of the head, as the store had them. */
  readonly #owners = new Map<number, string | null>()
  readonly log: string[] = []
  #joined = 0

  constructor(stage: ClusterRoomsStage, random: () => number) {
    this.stage = stage
    this.#random = random
  }

  async act(): Promise<void> {
    const what = this.#pick([
      'enter',
      'enter',
      'enter',
      'leave',
      'kick',
      'mute',
      'resume',
      'cut',
      'join',
      'kill',
      'wait',
    ])
    const userId = this.#pick(USERS)
    const node = this.#pick(this.#connected)
    this.log.push(`${what} ${userId} ${node.name}`)
    if (what === 'enter') await this.#enter(node, userId)
    else if (what === 'leave') await this.#leave(userId)
    else if (what === 'kick') await this.#kick(node, userId)
    else if (what === 'mute') await codeOf(this.stage.settle(node.operations.mute('room', userId, 'audio', true)))
    else if (what === 'resume') await this.#resume(node, userId)
    else if (what === 'cut' && this.#connected.length > 2) node.engine.setState('lost')
    else if (what === 'join') for (const each of this.#alive) each.engine.setState('connected')
    else if (what === 'kill' && this.#connected.length > 2) await this.#kill(node)
    await this.stage.pass(Math.floor(this.#random() * 300))
    this.#look()
  }

  /** All nodes reach each other again, and 2 s pass. */
  async settle(): Promise<void> {
    for (const node of this.#alive) node.engine.setState('connected')
    await this.stage.pass(2000)
    this.#look()
    const lists = this.#alive.filter(({ rooms }) => rooms.get('room') !== undefined).map((node) => this.#listOf(node))
    for (const list of lists) expect(list, this.log.join('\n')).toEqual(lists[0])
    const homes = new Map<string, string[]>()
    for (const node of this.#alive)
      for (const user of this.#localsOf(node)) homes.set(user, [...(homes.get(user) ?? []), node.name])
    for (const [user, at] of homes) expect([user, at.length], this.log.join('\n')).toEqual([user, 1])
    for (const [user, until] of this.#bannedUntil)
      if (until > this.stage.nowMs())
        for (const node of this.#alive) {
          expect(await codeOf(node.enter(user)), this.log.join('\n')).toBe('BANNED')
          expect(this.#localsOf(node), this.log.join('\n')).not.toContain(user)
        }
  }

  get #alive(): RoomsNode[] {
    return this.stage.nodes.filter(({ isDead }) => !isDead)
  }

  get #connected(): RoomsNode[] {
    return this.#alive.filter(({ engine }) => engine.state === 'connected')
  }

  async #enter(node: RoomsNode, userId: string): Promise<void> {
    const isBanned = (this.#bannedUntil.get(userId) ?? 0) > this.stage.nowMs()
    const code = await codeOf(node.enter(userId).then((person) => this.#people.set(userId, person)))
    expect(code === 'BANNED', this.log.join('\n')).toBe(isBanned)
  }

  async #leave(userId: string): Promise<void> {
    const person = this.#people.get(userId)
    if (person !== undefined && !person.node.isDead) await this.stage.settle(person.member.leave())
  }

  /** The ban is acknowledged by the answer, and stands where the member's node does not answer. */
  async #kick(node: RoomsNode, userId: string): Promise<void> {
    const from = this.stage.nowMs()
    const code = await codeOf(this.stage.settle(node.operations.kick('room', userId, BAN_MS)))
    if (code === 'done' || code === 'CLUSTER_UNAVAILABLE') this.#bannedUntil.set(userId, from + BAN_MS)
  }

  async #resume(node: RoomsNode, userId: string): Promise<void> {
    const person = this.#people.get(userId)
    if (person === undefined) return
    await codeOf(node.resume(person).then((back) => this.#people.set(userId, back)))
  }

  async #kill(node: RoomsNode): Promise<void> {
    node.kill()
    await this.stage.join(`n${String(++this.#joined)}`)
  }

  /** What the store has of the head at this moment: a revision has one owner. */
  #look(): void {
    for (const { key, value, revision } of this.stage.store.entries.values()) {
      if (!key.startsWith('head.')) continue
      const { owner } = JSON.parse(Buffer.from(value).toString()) as { owner: string | null }
      expect(this.#owners.get(revision) ?? owner).toBe(owner)
      this.#owners.set(revision, owner)
    }
  }

  #listOf({ rooms }: RoomsNode): string[] {
    const members = [...(rooms.get('room')?.members ?? [])]
    // How long a node awaits the members of a dead one depends on when it heard of them.
    const lines = members
      .filter((member) => member.isAway !== true)
      .map(({ userId, role, epoch }) => `${userId} ${role} ${String(epoch)}`)
    expect(members.filter(({ role }) => role === 'owner').length).toBeLessThanOrEqual(1)
    expect(new Set(members.map(({ userId }) => userId)).size).toBe(members.length)
    return lines.sort()
  }

  #localsOf({ rooms }: RoomsNode): string[] {
    const members = [...(rooms.get('room')?.members ?? [])]
    return members.filter((member) => member instanceof LocalMember).map(({ userId }) => userId)
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)]!
  }
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever happens to three nodes, a room has one owner, nobody twice, and its bans hold (seed %i)',
  async (seed) => {
    const { stage } = await ClusterRoomsStage.open('a', 'b', 'c')
    const run = new Run(stage, randomOf(seed))
    for (let act = 1; act <= ACTS; act++) {
      await run.act()
      if (act % 10 === 0) await run.settle()
    }
    await stage.close()
  },
  60_000,
)
