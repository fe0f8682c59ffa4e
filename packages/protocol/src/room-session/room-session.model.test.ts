import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { User } from '../model.js'
import { parseRequest, writeError, writeNotification, writeResult } from '../json-rpc.js'
import type { SubscribeParams } from '../request-shapes.js'
import { RoomSession } from './room-session.js'
import type { SessionEvent, SessionOutput } from './session-events.js'
import { alice, enterResult, userOf } from './room-session.fake.js'

type Step =
  | { readonly do: 'come' | 'go' | 'change'; readonly userId: string; readonly isTold: boolean }
  | { readonly do: 'list' | 'cut' | 'forget' | 'networkChanged' | 'subscribe' | 'stall' }
  | { readonly do: 'pass'; readonly micros: number }

/** A server that tells changes by deltas, by the list, or not at all until the list; loses sockets, and forgets sessions. */
class ModelServer {
  readonly users = new Map<string, User>()
  isStalled = false
  subscription: unknown
  #isIn = false
  #remembers = false
  #hasSocket = false
  readonly #session: RoomSession

  constructor(session: RoomSession) {
    this.#session = session
  }

  get isIn(): boolean {
    return this.#isIn && this.#hasSocket
  }

  take(now: number, output: SessionOutput): void {
    if (output.kind === 'connect') {
      expect(this.#hasSocket).toBe(false)
      this.#hasSocket = true
      this.#session.handleInput(now, { kind: 'open' })
    } else if (output.kind === 'disconnect') {
      expect(this.#hasSocket).toBe(true)
      this.#hasSocket = false
      this.#isIn = false
    } else {
      expect(this.#hasSocket).toBe(true)
      if (!this.isStalled) this.#answer(now, output.text)
    }
  }

  cut(now: number): void {
    if (!this.#hasSocket) return
    this.#hasSocket = false
    this.#isIn = false
    this.#session.handleInput(now, { kind: 'closed', code: 1006, reason: '' })
  }

  forget(): void {
    this.#remembers = false
    this.subscription = undefined
  }

  tell(now: number, text: string): void {
    if (this.isIn && !this.isStalled) this.#session.handleInput(now, { kind: 'text', text })
  }

  list(now: number): void {
    this.tell(now, writeNotification('room.userList', { userList: [...this.users.values()], audienceCount: 0 }))
  }

  #answer(now: number, text: string): void {
    const reading = parseRequest(text)
    if (!reading.ok) throw new Error(reading.refusal.sentence)
    const { id, method, params } = reading.request
    const say = (answer: string) => this.#session.handleInput(now, { kind: 'text', text: answer })
    if (method === 'room.resume' && !this.#remembers) return say(writeError(id, 'RESUME_FAILED'))
    if (method === 'room.enter' || method === 'room.resume') {
      this.#isIn = true
      this.#remembers = true
      return say(writeResult<'room.enter'>(id, enterResult([], { userList: [...this.users.values()] })))
    }
    if (!this.#isIn) return say(writeError(id, 'NOT_ENTERED'))
    if (method === 'media.subscribe') this.subscription = params.streams
    return say(writeResult(id, method === 'room.ping' ? { now: 0 } : {}))
  }
}

const userId = fc.constantFrom('u1', 'u2', 'u3', 'u4')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('come', 'go', 'change'), userId, isTold: fc.boolean() }),
  fc.record({ do: fc.constantFrom('list', 'cut', 'forget', 'networkChanged', 'subscribe', 'stall') }),
  fc.record({ do: fc.constant('pass'), micros: fc.integer({ min: 1, max: 30_000_000 }) }),
)

/** One run: a session and a server, and what somebody who only follows the events believes. */
class Run {
  now = 0
  version = 0
  lastSubscription: SubscribeParams['streams'] | undefined
  readonly believed = new Map<string, User>()
  readonly session: RoomSession
  readonly server: ModelServer

  constructor(random: () => number) {
    this.session = new RoomSession({ client: { kind: 'other', version: '' }, random })
    this.server = new ModelServer(this.session)
    this.session.enter(0, alice)
    this.drain()
  }

  /** Answers when the session wants to be polled next. */
  drain(): number {
    for (;;) {
      const polled = this.session.poll(this.now)
      if (typeof polled === 'number') return polled
      if ('output' in polled) this.server.take(this.now, polled.output)
      else this.#check(polled.event)
    }
  }

  #check(event: SessionEvent): void {
    expect(event.kind).not.toBe('ended')
    if (event.kind !== 'users') return
    for (const { userId: gone } of event.left) expect(this.believed.delete(gone)).toBe(true)
    for (const user of event.entered) {
      expect(this.believed.has(user.userId)).toBe(false)
      this.believed.set(user.userId, user)
    }
    for (const user of event.changed) {
      expect(this.believed.has(user.userId)).toBe(true)
      this.believed.set(user.userId, user)
    }
    expect(new Map(event.users.map((user) => [user.userId, user]))).toEqual(this.believed)
  }

  pass(micros: number): void {
    const end = this.now + micros
    for (let due = this.drain(); due <= end; due = this.drain()) {
      expect(due).toBeGreaterThanOrEqual(this.now)
      this.now = due
    }
    this.now = end
  }

  apply(change: Step): void {
    const { server, session, now } = this
    switch (change.do) {
      case 'come':
      case 'change': {
        const user = userOf(change.userId, change.do === 'change' ? ++this.version : 0)
        if (change.do === 'change' && !server.users.has(change.userId)) break
        server.users.set(change.userId, user)
        if (change.isTold) server.tell(now, writeNotification('room.userEnter', { user }))
        break
      }
      case 'go':
        server.users.delete(change.userId)
        if (change.isTold) {
          server.tell(now, writeNotification('room.userExit', { userId: change.userId, reason: 'kicked' }))
        }
        break
      case 'list':
        server.list(now)
        break
      case 'cut':
        server.cut(now)
        break
      case 'forget':
        server.cut(now)
        server.forget()
        break
      case 'networkChanged':
        session.networkChanged(now)
        break
      case 'subscribe':
        this.lastSubscription = [{ userId: `w${++this.version}`, streamType: 'main', audio: true, video: false }]
        session.subscribe(now, this.lastSubscription)
        break
      case 'stall':
        server.isStalled = !server.isStalled
        break
      case 'pass':
        this.pass(change.micros)
        break
    }
    this.drain()
  }
}

test('whatever happens on the network, after a calm minute the session knows the server’s state', () => {
  const property = fc.property(
    fc.array(step, { maxLength: 40 }),
    fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
    (steps, chances) => {
      const run = new Run(() => chances.next().value as number)
      for (const change of steps) run.apply(change)
      run.server.isStalled = false
      run.pass(60_000_000)
      run.server.list(run.now)
      run.drain()
      expect(run.session.state).toBe('connected')
      expect(run.server.isIn).toBe(true)
      expect(run.believed).toEqual(run.server.users)
      expect(run.server.subscription).toEqual(run.lastSubscription)
    },
  )
  fc.assert(property, { seed: 5, numRuns: 400 })
})
