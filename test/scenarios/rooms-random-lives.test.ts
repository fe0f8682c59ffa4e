import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RoomError } from '../../packages/server/src/rooms/index.js'
import { ADDRESSES, RoomStage, type Entered } from './room-stage.js'
import { MS, SECOND, videoConfig } from './stage.js'

const USERS = ['a', 'b', 'c', 'd', 'e'] as const
const user = fc.constantFrom(...USERS)
const pair = fc.tuple(user, user)

type Act =
  | { readonly kind: 'enter'; readonly user: string; readonly role: 'anchor' | 'audience' }
  | { readonly kind: 'leave' | 'lose' | 'resume' | 'publish' | 'disband'; readonly user: string }
  | { readonly kind: 'switch'; readonly user: string; readonly role: 'anchor' | 'audience' }
  | { readonly kind: 'kick' | 'mute'; readonly pair: readonly [string, string] }
  | { readonly kind: 'wait'; readonly micros: number }

const role = fc.constantFrom('anchor' as const, 'audience' as const)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('enter' as const), user, role }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('leave' as const, 'lose', 'resume', 'publish'), user }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('disband' as const), user }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('switch' as const), user, role }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('kick' as const, 'mute'), pair }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      micros: fc.constantFrom(0, MS, 30 * MS, SECOND, 55 * SECOND),
    }),
  },
)

/** A client that believes deltas only, and what it would show. */
class Believer {
  readonly shown: Map<string, string>
  #read = 0
  readonly #entered: Entered

  constructor(entered: Entered, found: readonly string[]) {
    this.#entered = entered
    this.shown = new Map(found.map((userId) => [userId, userId]))
  }

  read(): void {
    const { told } = this.#entered.connection
    for (; this.#read < told.length; this.#read++) {
      const { method, params } = told[this.#read]!
      if (method === 'room.userEnter') {
        if (this.shown.has(params.user.userId)) throw new Error(`${params.user.userId} entered twice`)
        this.shown.set(params.user.userId, params.user.userId)
      } else if (method === 'room.userExit' && !this.shown.delete(params.userId))
        throw new Error(`${params.userId} left who was not there`)
    }
  }
}

/** Rooms with people who do what the test tells them, and what each of them believes. */
class World {
  readonly stage = new RoomStage()
  readonly people = new Map<string, { readonly entered: Entered; readonly believer: Believer }>()

  do(act: Act): void {
    try {
      this.#do(act)
    } catch (error) {
      if (!(error instanceof RoomError)) throw error
    }
  }

  #do(act: Act): void {
    if (act.kind === 'wait') this.stage.clock.advance(act.micros)
    else if (act.kind === 'enter') this.#enter(act.user, act.role)
    else if ('pair' in act) this.#moderate(act.kind, act.pair)
    else this.#ask(act)
  }

  #enter(name: string, wanted: 'anchor' | 'audience'): void {
    const entered = this.stage.enter(name, { role: wanted })
    const found = entered.member.enterResult().userList.map(({ userId }) => userId)
    this.people.set(name, { entered, believer: new Believer(entered, found) })
  }

  #moderate(kind: 'kick' | 'mute', [by, of]: readonly [string, string]): void {
    const member = this.people.get(by)?.entered.member
    if (kind === 'kick') member?.request('room.kick', { userId: of, banMs: 0 })
    else member?.request('room.mute', { userId: of, kind: 'audio', muted: true })
  }

  #ask(act: Extract<Act, { readonly user: string }>): void {
    const person = this.people.get(act.user)
    if (person === undefined) return
    const { entered } = person
    if (act.kind === 'leave') entered.member.leave()
    else if (act.kind === 'lose') entered.member.lost()
    else if (act.kind === 'resume') this.#resume(act.user, entered)
    else if (act.kind === 'disband') entered.member.request('room.disband', {})
    else if (act.kind === 'switch') entered.member.request('room.switchRole', { role: act.role })
    else if (act.kind === 'publish' && entered.member.isConnected && entered.member.isListed)
      this.stage.publishAs(entered).push(this.stage.frame(videoConfig(), 0, true))
  }

  #resume(name: string, { member, connection, users }: Entered): void {
    if (member.isConnected) return
    this.stage.rooms.resume(member.resumeToken, connection, ADDRESSES)
    const found = member.enterResult().userList.map(({ userId }) => userId)
    const entered = { member, connection: Object.assign(connection, { told: [] }), users }
    this.people.set(name, { entered, believer: new Believer(entered, found) })
  }

  /** What must hold after every change has been told. */
  check(): void {
    this.stage.settle()
    const room = this.stage.rooms.get('room')
    const members = [...(room?.members ?? [])]
    const listed = members.filter((member) => member.role !== 'audience').map(({ userId }) => userId)
    expect(room?.audienceCount ?? 0).toBe(members.length - listed.length)
    expect(members.filter((member) => member.role === 'owner').map(({ userId }) => userId)).toEqual(
      room?.owner === undefined ? [] : [room.owner.userId],
    )
    for (const [name, { entered, believer }] of this.people) {
      if (!entered.member.isConnected || room?.member(name) !== entered.member) continue
      believer.read()
      const others = listed.filter((userId) => userId !== name).sort()
      expect([...believer.shown.keys()].sort()).toEqual(others)
      expect(
        entered.member
          .enterResult()
          .userList.map(({ userId }) => userId)
          .sort(),
      ).toEqual(others)
    }
  }
}

test('whatever people do, deltas and lists agree, there is one owner at most, and nothing is left behind', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const world = new World()
      for (const each of acts) world.do(each)
      world.check()
      for (const { entered } of world.people.values()) entered.member.leave()
      world.stage.clock.advance(200 * SECOND)
      expect(world.stage.rooms.counts).toEqual({ rooms: 0, participants: 0, devices: 0 })
      expect([world.stage.hub.size, world.stage.rooms.tokens.size, world.stage.clock.pending]).toEqual([0, 0, 0])
    }),
    { numRuns: 400 },
  )
}, 30_000)
