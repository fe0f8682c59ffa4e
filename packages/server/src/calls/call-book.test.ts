import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallMedia } from '@crossroom/protocol'
import { CallBook } from './call-book.js'
import { CallError } from './call-error.js'
import type { CallEvent, CallOutput } from './call-notices.js'

const SECOND = 1_000_000

/** A book, and what came out of it. */
class Desk {
  readonly book: CallBook
  readonly told: CallOutput[] = []
  readonly steps: CallEvent[] = []
  now = 0
  #ids = 0

  constructor(whenBusy: 'reject' | 'waiting' = 'reject') {
    this.book = new CallBook({
      nowMs: () => this.now / 1000,
      newId: () => String(++this.#ids).padStart(22, '0'),
      whenBusy,
    })
  }

  drain(): void {
    for (let polled = this.book.poll(this.now); typeof polled !== 'number'; polled = this.book.poll(this.now)) {
      if ('output' in polled) this.told.push(polled.output)
      else this.steps.push(polled.event)
    }
  }

  /** Lets time pass, with every wake-up on the way. */
  pass(micros: number): void {
    const until = this.now + micros
    for (;;) {
      this.drain()
      const wakeAt = this.book.poll(this.now)
      if (typeof wakeAt !== 'number' || wakeAt > until) break
      this.now = Math.max(this.now, wakeAt)
    }
    this.now = until
    this.drain()
  }

  call(from: string, userIds: string[], media: CallMedia = 'video', callId = 'c'): void {
    this.book.invite(this.now, from, { callId, userIds, media })
    this.drain()
  }

  /** `METHOD[ reason]` of what a device was told since the last time. */
  take(device: string): string[] {
    const lines = this.told.filter((line) => line.device === device)
    this.told.splice(0, this.told.length, ...this.told.filter((line) => line.device !== device))
    return lines.map(({ method, params }) => `${method.slice(5)}${'reason' in params ? ` ${params.reason}` : ''}`)
  }
}

function stage(...devices: string[]): Desk {
  const desk = new Desk()
  for (const device of devices) desk.book.online(device, device[0]!)
  return desk
}

function codeOf(action: () => unknown): string {
  try {
    action()
    return 'none'
  } catch (error) {
    return error instanceof CallError ? error.code : String(error)
  }
}

describe('a call of two', () => {
  it('rings on every device, and goes on where it is accepted first', () => {
    const desk = stage('a1', 'b1', 'b2')
    desk.call('a1', ['b'])
    expect([desk.take('b1'), desk.take('b2')]).toEqual([['ringing'], ['ringing']])
    const call = desk.book.accept(desk.now, 'b2', 'c')
    desk.drain()
    expect(call.startedAt).not.toBeNull()
    expect([desk.take('a1'), desk.take('b1'), desk.take('b2')]).toEqual([
      ['accepted', 'changed'],
      ['ended otherDeviceAccepted'],
      [],
    ])
    expect(codeOf(() => desk.book.accept(desk.now, 'b1', 'c'))).toBe('CALL_ANSWERED')
    expect([desk.book.mayEnter(call.roomId, 'b'), desk.book.mayEnter(call.roomId, 'x')]).toEqual([true, false])
    desk.book.hangup(desk.now, 'a1', 'c')
    desk.drain()
    expect([desk.take('a1'), desk.take('b2')]).toEqual([[], ['ended hangup']])
    expect(desk.book.size).toBe(0)
    expect([desk.book.mayEnter(call.roomId, 'b'), desk.book.mayEnter('lobby', 'b')]).toEqual([false, undefined])
  })

  it('is rejected on one device for all of them', () => {
    const desk = stage('a1', 'b1', 'b2')
    desk.call('a1', ['b'])
    desk.book.reject(desk.now, 'b1', 'c', 'later')
    desk.drain()
    expect([desk.take('a1'), desk.take('b1'), desk.take('b2')]).toEqual([
      ['rejected reject', 'ended reject'],
      ['ringing'],
      ['ringing', 'ended otherDeviceReject'],
    ])
  })

  it('is cancelled by its inviter until it is answered', () => {
    const desk = stage('a1', 'b1')
    desk.call('a1', ['b'])
    expect(codeOf(() => desk.book.cancel(desk.now, 'b1', 'c'))).toBe('ROLE_FORBIDDEN')
    desk.book.cancel(desk.now, 'a1', 'c')
    desk.drain()
    expect(desk.take('b1')).toEqual(['ringing', 'ended canceled'])
    desk.call('a1', ['b'])
    desk.book.accept(desk.now, 'b1', 'c')
    expect(codeOf(() => desk.book.cancel(desk.now, 'a1', 'c'))).toBe('CALL_ANSWERED')
  })

  it('ends without an answer after its time, and says whether a device was reached', () => {
    const desk = stage('a1', 'b1')
    desk.call('a1', ['b'])
    desk.pass(29 * SECOND)
    expect(desk.book.size).toBe(1)
    desk.pass(2 * SECOND)
    expect([desk.take('a1'), desk.take('b1')]).toEqual([
      ['rejected noResponse', 'ended noResponse'],
      ['ringing', 'ended noResponse'],
    ])
    desk.call('a1', ['x'])
    desk.pass(31 * SECOND)
    expect(desk.take('a1')).toEqual(['rejected offline', 'ended offline'])
  })

  it('rings on a device that comes online meanwhile', () => {
    const desk = stage('a1')
    desk.call('a1', ['b'])
    desk.pass(5 * SECOND)
    expect(desk.book.online('b1', 'b')).toMatchObject([{ callId: 'c', inviter: 'a' }])
    desk.book.accept(desk.now, 'b1', 'c')
    desk.drain()
    expect(desk.take('a1')).toEqual(['accepted', 'changed'])
  })

  it('goes on while a socket is lost for less than 50 s, and ends after that', () => {
    const desk = stage('a1', 'b1')
    desk.call('a1', ['b'])
    desk.book.accept(desk.now, 'b1', 'c')
    desk.book.lost(desk.now, 'b1')
    desk.pass(40 * SECOND)
    expect(desk.book.online('b1', 'b')).toMatchObject([{ callId: 'c' }])
    desk.pass(60 * SECOND)
    expect(desk.book.size).toBe(1)
    desk.book.lost(desk.now, 'b1')
    desk.pass(51 * SECOND)
    expect(desk.take('a1').at(-1)).toBe('ended offline')
  })
})

describe('invitations', () => {
  it('of a user in a call find the line busy, or ring with call waiting', () => {
    const desk = stage('a1', 'b1', 'd1')
    desk.call('a1', ['b'])
    desk.call('d1', ['b'], 'audio', 'second')
    expect([desk.take('d1'), desk.take('b1')]).toEqual([['rejected lineBusy', 'ended lineBusy'], ['ringing']])
    const waiting = new Desk('waiting')
    for (const device of ['a1', 'b1', 'd1']) waiting.book.online(device, device[0]!)
    waiting.call('a1', ['b'])
    waiting.book.accept(0, 'b1', 'c')
    waiting.call('d1', ['b'], 'audio', 'second')
    expect(waiting.take('b1')).toEqual(['ringing', 'ringing'])
    expect(codeOf(() => waiting.book.accept(0, 'b1', 'second'))).toBe('LINE_BUSY')
    waiting.book.hangup(0, 'b1', 'c')
    expect(waiting.book.accept(0, 'b1', 'second').callId).toBe('second')
  })

  it('that are sent again are the same call; another one of this id is refused', () => {
    const desk = stage('a1', 'b1', 'd1')
    desk.call('a1', ['b'])
    desk.call('a1', ['b'])
    expect(desk.take('b1')).toEqual(['ringing'])
    expect(codeOf(() => desk.call('d1', ['b']))).toBe('CALL_EXISTS')
  })

  it('of oneself, or from a device that is not online, are refused', () => {
    const desk = stage('a1')
    expect(codeOf(() => desk.call('a1', ['a']))).toBe('BAD_REQUEST')
    expect(codeOf(() => desk.call('x1', ['a']))).toBe('NOT_ONLINE')
  })

  it('of a user who blocked the inviter ring nowhere and look unanswered', () => {
    const desk = stage('a1', 'b1')
    desk.book.block('b1', 'a', true)
    desk.call('a1', ['b'])
    expect(codeOf(() => desk.book.accept(desk.now, 'b1', 'c'))).toBe('CALL_NOT_FOUND')
    desk.pass(31 * SECOND)
    expect([desk.take('a1'), desk.take('b1')]).toEqual([['rejected noResponse', 'ended noResponse'], []])
  })
})

describe('a call of several', () => {
  it('goes on without those who reject, and takes more people and latecomers', () => {
    const desk = stage('a1', 'b1', 'd1', 'e1')
    desk.call('a1', ['b', 'd'])
    desk.book.reject(desk.now, 'b1', 'c')
    desk.book.accept(desk.now, 'd1', 'c')
    desk.book.add(desk.now, 'd1', 'c', ['e'])
    desk.book.accept(desk.now, 'e1', 'c')
    desk.book.join(desk.now, 'b1', 'c')
    expect(desk.book.get('c')?.members).toEqual([
      { userId: 'a', state: 'accepted' },
      { userId: 'b', state: 'accepted' },
      { userId: 'd', state: 'accepted' },
      { userId: 'e', state: 'accepted' },
    ])
    for (const device of ['a1', 'b1']) desk.book.hangup(desk.now, device, 'c')
    expect(desk.book.size).toBe(1)
    desk.book.hangup(desk.now, 'e1', 'c')
    desk.drain()
    expect(desk.take('d1').at(-1)).toBe('ended hangup')
  })

  it('has at most fifty users', () => {
    const desk = stage('a1', 'b1')
    desk.call('a1', ['b'])
    desk.book.accept(desk.now, 'b1', 'c')
    const more = Array.from({ length: 49 }, (_, index) => `u${String(index)}`)
    expect(codeOf(() => desk.book.add(desk.now, 'a1', 'c', more))).toBe('CALL_FULL')
  })

  it('of a backend rings for everybody and ends by it', () => {
    const desk = stage('a1', 'b1')
    desk.book.start(desk.now, { callId: 'c', userIds: ['b'], inviter: 'a', media: 'audio' })
    desk.drain()
    expect([desk.take('a1'), desk.take('b1')]).toEqual([['ringing'], ['ringing']])
    desk.book.accept(desk.now, 'a1', 'c')
    desk.book.accept(desk.now, 'b1', 'c')
    expect(desk.book.end('c')).toBe(true)
    desk.drain()
    expect([desk.take('a1').at(-1), desk.take('b1').at(-1)]).toEqual(['ended endByServer', 'ended endByServer'])
    expect(desk.book.end('c')).toBe(false)
  })
})

/** What a device believes of a call, by what it was told and answered. */
type Belief = 'none' | 'ringing' | 'in'

const USERS = ['a', 'b', 'd'] as const
const DEVICES = USERS.flatMap((user) => [`${user}1`, `${user}2`])

interface Act {
  readonly what: 'invite' | 'accept' | 'join' | 'reject' | 'cancel' | 'hangup' | 'lost' | 'online' | 'wait'
  readonly device: string
  readonly callId: string
  readonly others: readonly string[]
}

const acts = fc.array(
  fc.record<Act>({
    what: fc.constantFrom('invite', 'accept', 'join', 'reject', 'cancel', 'hangup', 'lost', 'online', 'wait'),
    device: fc.constantFrom(...DEVICES),
    callId: fc.constantFrom('c', 'k'),
    others: fc.uniqueArray(fc.constantFrom(...USERS), { minLength: 1, maxLength: 2 }),
  }),
  { maxLength: 40 },
)

/** Runs the acts, and follows what every device that keeps its socket believes. */
function live(plan: readonly Act[], whenBusy: 'reject' | 'waiting'): void {
  const desk = new Desk(whenBusy)
  const beliefs = new Map<string, Belief>()
  const blind = new Set<string>()
  const place = (device: string, callId: string): string => `${device} ${callId}`
  for (const device of DEVICES) desk.book.online(device, device[0]!)
  const learn = (): void => {
    desk.drain()
    for (const { device, method, params } of desk.told.splice(0)) {
      const callId = 'call' in params ? params.call.callId : params.callId
      const at = place(device, callId)
      if (method === 'call.ringing') beliefs.set(at, 'ringing')
      if (method === 'call.ended' && !blind.has(device)) {
        expect([at, beliefs.get(at)], 'an end of what did not go on').not.toEqual([at, undefined])
        beliefs.delete(at)
      }
    }
  }
  for (const { what, device, callId, others } of plan) {
    const at = place(device, callId)
    const user = device[0]!
    try {
      if (what === 'wait') desk.pass(17 * SECOND)
      else if (what === 'lost') {
        desk.book.lost(desk.now, device)
        blind.add(device)
      } else if (what === 'online') {
        const calls = desk.book.online(device, user)
        for (const id of ['c', 'k']) {
          const present = calls.find((call) => call.callId === id)
          const state = present?.members.find(({ userId }) => userId === user)?.state
          if (state === 'ringing') beliefs.set(place(device, id), 'ringing')
          else if (state === undefined || beliefs.get(place(device, id)) === 'ringing')
            beliefs.delete(place(device, id))
        }
      } else if (what === 'invite') {
        desk.book.invite(desk.now, device, { callId, userIds: others, media: 'audio' })
        beliefs.set(at, 'in')
      } else if (what === 'accept' || what === 'join') {
        desk.book[what](desk.now, device, callId)
        beliefs.set(at, 'in')
      } else {
        desk.book[what](desk.now, device, callId)
        beliefs.delete(at)
      }
    } catch (error) {
      if (!(error instanceof CallError)) throw error
    }
    learn()
    check(desk, beliefs, blind)
  }
  desk.pass(120 * SECOND)
  learn()
  for (const device of DEVICES) desk.book.lost(desk.now, device)
  desk.pass(120 * SECOND)
  expect(desk.book.size).toBe(0)
  const ended = desk.steps.filter(({ step }) => step === 'ended').length
  const opened = new Set(desk.steps.map(({ call }) => call.roomId)).size
  expect(ended, 'every call ends once').toBe(opened)
}

function check(desk: Desk, beliefs: ReadonlyMap<string, Belief>, blind: ReadonlySet<string>): void {
  const calls = desk.book.list()
  for (const user of USERS) {
    const talking = calls.filter(({ members }) =>
      members.some((one) => one.userId === user && one.state === 'accepted'),
    )
    expect(talking.length, `${user} talks in one call at most`).toBeLessThanOrEqual(1)
    for (const callId of ['c', 'k']) {
      const state = calls.find((call) => call.callId === callId)?.members.find((one) => one.userId === user)?.state
      const devices = [`${user}1`, `${user}2`].filter((device) => !blind.has(device))
      const inIt = devices.filter((device) => beliefs.get(`${device} ${callId}`) === 'in')
      expect(inIt.length, 'one device accepts').toBeLessThanOrEqual(1)
      if (state !== 'accepted') expect(inIt, 'nobody talks in a call that is over').toEqual([])
      if (state !== 'ringing') {
        const ringing = devices.filter((device) => beliefs.get(`${device} ${callId}`) === 'ringing')
        expect(ringing, 'no device rings after the end').toEqual([])
      }
    }
  }
}

describe('any order of acts on any devices', () => {
  it.each(['reject', 'waiting'] as const)('leaves every device with the same end (%s)', (whenBusy) => {
    fc.assert(
      fc.property(acts, (plan) => live(plan, whenBusy)),
      { numRuns: 2500 },
    )
  })
})
