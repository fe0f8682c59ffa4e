import { expect, test } from 'vitest'
import type { Micros } from '@crossroom/media'
import type { RequestMethod } from '@crossroom/protocol'
import { roomLimits } from '../../packages/server/src/config/index.js'
import { AddressRates } from '../../packages/server/src/net/index.js'
import { Audit, silentLog } from '../../packages/server/src/observe/index.js'
import { LocalDirectory, type Membership, type RoomDirectory } from '../../packages/server/src/rooms/index.js'
import { SignalingCounters } from '../../packages/server/src/signaling/index.js'
import { Outbox } from '../../packages/server/src/signaling/outbox.js'
import { SignalingSession } from '../../packages/server/src/signaling/session.js'
import { ADDRESSES, RoomStage } from './room-stage.js'
import { MS, SECOND } from './stage.js'

/** Real rooms at the other end of a network that takes time there and back, or fails. */
class Elsewhere implements RoomDirectory {
  readonly stage = new RoomStage()
  readonly #rooms = new LocalDirectory(this.stage.rooms)
  there: Micros = 0
  back: Micros = 0
  isDown = false

  enter(...asked: Parameters<RoomDirectory['enter']>): Promise<Membership> {
    return this.#far(async () => this.#farMember(await this.#rooms.enter(...asked)))
  }

  resume(...asked: Parameters<RoomDirectory['resume']>): Promise<Membership> {
    return this.#far(async () => this.#farMember(await this.#rooms.resume(...asked)))
  }

  #farMember({ member, result }: Membership): Membership {
    const far: Membership['member'] = {
      userId: member.userId,
      roomId: member.roomId,
      leave: () => this.#far(() => member.leave()),
      lost: () => member.lost(),
      request: (method, params) => this.#far(() => member.request(method, params)),
      renewed: (identity) => this.#far(() => member.renewed(identity)),
    }
    return { member: far, result }
  }

  async #far<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#wait(this.there)
    if (this.isDown) throw new Error('the other node is down')
    const result = await work()
    await this.#wait(this.back)
    return result
  }

  #wait(delay: Micros): Promise<void> | undefined {
    return delay === 0 ? undefined : new Promise((resolve) => this.stage.clock.after(delay, resolve))
  }
}

interface Line {
  readonly id?: number
  readonly method?: string
  readonly result?: Record<string, unknown>
  readonly error?: { readonly data: { readonly code: string } }
  readonly params?: Record<string, unknown>
}

/** One client of one node, on the virtual clock. */
class Caller {
  readonly lines: Line[] = []
  closed: string | undefined
  /** Entries of a one-time token that were given back. */
  notEntered = 0
  readonly userId: string
  readonly session: SignalingSession
  #id = 0

  constructor(world: World, userId: string) {
    this.userId = userId
    const socket = {
      bufferedAmount: 0,
      send: (bytes: Buffer) => this.lines.push(JSON.parse(bytes.toString()) as Line),
      close: (_code: number, reason: string) => (this.closed = reason),
      terminate: () => this.hangUp(),
      pong: () => undefined,
    }
    const { stage } = world.rooms
    const identity = () => ({ ...stage.identity(userId), notEntered: () => void this.notEntered++ })
    const verify = () => Promise.resolve(identity())
    const verifier = { verify, check: verify, identify: verify }
    this.session = new SignalingSession(
      socket,
      { remoteAddress: '127.0.0.1', addresses: ADDRESSES, entered: () => undefined },
      {
        ...{ clock: stage.clock, nowMs: () => stage.nowMs, rooms: world.rooms, verifier },
        ...{ outbox: new Outbox(), counters: new SignalingCounters(), log: silentLog, audit: new Audit(silentLog) },
        entryRates: new AddressRates({ perSecond: 100, burst: 100, addresses: 10 }),
        iceServers: () => [],
      },
    )
  }

  ask(method: RequestMethod, params: object = {}): number {
    const id = ++this.#id
    this.session.handleMessage(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return id
  }

  enter(): number {
    const client = { kind: 'browser', version: '1' }
    return this.ask('room.enter', { protocol: 1, roomId: 'room', userId: this.userId, client })
  }

  /** The network is gone. */
  hangUp(): void {
    this.closed ??= 'gone'
    this.session.handleClose()
  }

  /** What it was answered: the request's number, and the code of an error. */
  get answers(): string[] {
    return this.lines.flatMap(({ id, error }) =>
      id === undefined ? [] : [`${String(id)} ${error?.data.code ?? 'ok'}`],
    )
  }

  get resumeToken(): unknown {
    return this.lines.find(({ result }) => result?.['resumeToken'] !== undefined)?.result!['resumeToken']
  }
}

class World {
  readonly rooms = new Elsewhere()
  readonly callers: Caller[] = []

  caller(userId: string): Caller {
    const caller = new Caller(this, userId)
    this.callers.push(caller)
    return caller
  }

  async inRoom(userId: string): Promise<Caller> {
    const caller = this.caller(userId)
    caller.enter()
    await this.pass(MS)
    expect(caller.answers).toEqual(['1 ok'])
    return caller
  }

  /** Lets time pass, in steps as sessions look at their deadlines, and everything that waits for promises happen. */
  async pass(micros: Micros): Promise<void> {
    const { clock } = this.rooms.stage
    for (let left = micros; left > 0; left -= 250 * MS) {
      clock.advance(Math.min(left, 250 * MS))
      await new Promise((resolve) => setImmediate(resolve))
      for (const { session } of this.callers) session.handleTimeout(clock.listened())
    }
  }

  get users(): string[] {
    return [...(this.rooms.stage.rooms.get('room')?.members ?? [])].map(({ userId }) => userId)
  }
}

test('answers of one session keep the order of its requests, and delay no other session', async () => {
  const world = new World()
  const [alice, bob] = [await world.inRoom('alice'), await world.inRoom('bob')]
  world.rooms.there = SECOND
  alice.ask('room.info')
  world.rooms.there = 0
  alice.ask('message.send', { to: null, kind: 'text', data: 'later' })
  alice.ask('room.ping')
  bob.ask('room.info')
  await world.pass(MS)
  expect([alice.answers, bob.answers]).toEqual([
    ['1 ok', '4 ok'],
    ['1 ok', '2 ok'],
  ])
  await world.pass(SECOND)
  expect(alice.answers).toEqual(['1 ok', '4 ok', '2 ok', '3 ok'])
})

test('notifications sent before the answer to an entry are delivered after it', async () => {
  const world = new World()
  world.rooms.back = SECOND
  const bob = world.caller('bob')
  bob.enter()
  await world.pass(100 * MS)
  world.rooms.back = 0
  await world.inRoom('carol')
  await world.pass(500 * MS)
  expect(bob.lines).toEqual([])
  await world.pass(SECOND)
  expect(bob.answers).toEqual(['1 ok'])
  expect(bob.lines[0]!.result).toMatchObject({ userList: [] })
  expect(bob.lines.slice(1).map(({ method }) => method)).toContain('room.userEnter')
})

test('requests sent after an entry wait for it', async () => {
  const world = new World()
  world.rooms.back = SECOND
  const bob = world.caller('bob')
  bob.enter()
  bob.ask('room.info')
  bob.enter()
  await world.pass(3 * SECOND)
  expect(bob.answers).toEqual(['1 ok', '2 ok', '3 ALREADY_ENTERED'])
})

test('an entry without an answer in time ends the socket, and a late answer is undone', async () => {
  const world = new World()
  await world.inRoom('alice')
  world.rooms.back = 2 * roomLimits.answerMicros
  const bob = world.caller('bob')
  bob.enter()
  await world.pass(roomLimits.answerMicros)
  expect([bob.answers, bob.closed]).toEqual([['1 TIMEOUT'], 'The room did not answer.'])
  expect(world.users).toEqual(['alice', 'bob'])
  world.rooms.back = 0
  await world.pass(roomLimits.answerMicros + SECOND)
  expect([world.users, bob.notEntered]).toEqual([['alice'], 1])
})

test('a socket that closes during its entry leaves no member in the room', async () => {
  const world = new World()
  world.rooms.there = SECOND
  const bob = world.caller('bob')
  bob.enter()
  await world.pass(100 * MS)
  bob.hangUp()
  world.rooms.there = 0
  await world.pass(2 * SECOND)
  expect([world.users, bob.lines, bob.notEntered]).toEqual([[], [], 1])
})

test('a socket that closes while requests wait keeps its member, sends no answers and starts no further request', async () => {
  const world = new World()
  const [alice, bob] = [await world.inRoom('alice'), await world.inRoom('bob')]
  world.rooms.there = SECOND
  bob.ask('message.send', { to: 'alice', kind: 'text', data: 'on its way' })
  bob.ask('message.send', { to: 'alice', kind: 'text', data: 'never sent' })
  await world.pass(100 * MS)
  bob.hangUp()
  await world.pass(3 * SECOND)
  const heard = alice.lines.filter(({ method }) => method === 'message.received').map(({ params }) => params!['data'])
  expect(heard).toEqual(['on its way'])
  expect([bob.answers, world.users]).toEqual([['1 ok'], ['alice', 'bob']])
})

test('a member that resumes while a request waits continues on the new socket, and the old one gets nothing more', async () => {
  const world = new World()
  const old = await world.inRoom('bob')
  world.rooms.there = SECOND
  old.ask('room.info')
  await world.pass(100 * MS)
  world.rooms.there = 0
  const next = world.caller('bob')
  next.ask('room.resume', { resumeToken: old.resumeToken })
  next.ask('room.info')
  await world.pass(100 * MS)
  expect([next.answers, old.closed]).toEqual([['1 ok', '2 ok'], 'resumed'])
  old.hangUp()
  for (let waited = 0; waited <= roomLimits.resumeMicros; waited += 10 * SECOND) {
    await world.pass(10 * SECOND)
    next.ask('room.ping')
  }
  expect([old.answers, next.closed, world.users]).toEqual([['1 ok'], undefined, ['bob']])
})

test.each([
  ['whose socket closed meanwhile is lost again', false, []],
  ['who is here by a third socket already stays', true, ['bob']],
])('a member that comes back too late and %s', async (_claim, hasThird, users) => {
  const world = new World()
  const first = await world.inRoom('bob')
  const resume = { resumeToken: first.resumeToken }
  first.hangUp()
  world.rooms.back = SECOND
  const second = world.caller('bob')
  second.ask('room.resume', resume)
  await world.pass(100 * MS)
  second.hangUp()
  world.rooms.back = 0
  if (hasThird) world.caller('bob').ask('room.resume', resume)
  await world.pass(2 * SECOND + roomLimits.resumeMicros)
  expect([second.lines, world.users]).toEqual([[], users])
})

test('a leave waits for its turn, and is carried out even if the socket closes first', async () => {
  const world = new World()
  const bob = await world.inRoom('bob')
  world.rooms.there = SECOND
  bob.ask('room.info')
  bob.ask('room.leave')
  world.rooms.there = 0
  await world.pass(100 * MS)
  expect(world.users).toEqual(['bob'])
  bob.hangUp()
  await world.pass(100 * MS)
  expect(world.users).toEqual([])
})

test('a request that fails in a remote room is refused, and affects neither member nor socket', async () => {
  const world = new World()
  const bob = await world.inRoom('bob')
  world.rooms.isDown = true
  bob.ask('room.info')
  const carol = world.caller('carol')
  carol.enter()
  await world.pass(MS)
  world.rooms.isDown = false
  bob.ask('room.info')
  carol.enter()
  await world.pass(MS)
  expect(bob.answers).toEqual(['1 ok', '2 INTERNAL', '3 ok'])
  expect(carol.answers).toEqual(['1 INTERNAL', '2 ok'])
  expect([carol.notEntered, world.users]).toEqual([1, ['bob', 'carol']])
})

test('a failed leave marks the member as lost, and its room removes it later', async () => {
  const world = new World()
  const bob = await world.inRoom('bob')
  world.rooms.isDown = true
  bob.ask('room.leave')
  await world.pass(MS)
  expect([bob.answers, bob.closed]).toEqual([['1 ok', '2 INTERNAL'], 'The room did not answer.'])
  bob.hangUp()
  await world.pass(roomLimits.resumeMicros + SECOND)
  expect(world.users).toEqual([])
})
