import { pollAll } from '@crossroom/testkit'
import { parseRequest, writeError, writeNotification, writeResult, type Request } from '../json-rpc.js'
import type { ErrorCode } from '../error-codes.js'
import type { User } from '../model.js'
import type { NotificationMethod, NotificationParams } from '../notifications.js'
import type { EnterResult } from '../request-shapes.js'
import type { ResultOf, RequestMethod } from '../requests.js'
import type { SessionEnterParams } from './credentials.js'
import { RoomSession } from './room-session.js'
import type { SessionEvent, SessionOutput } from './session-events.js'

export const SECOND = 1_000_000
export const alice: SessionEnterParams = { roomId: 7, userId: 'alice', userSig: 'old' }

/** A user as the server lists it. */
export function userOf(userId: string, version = 0): User {
  const play = { rtmp: `rtmp://h/r/${userId}${version}`, flv: '', wsFlv: '', whep: '' }
  const streams = [{ streamType: 'main', hasAudio: version % 2 === 1, hasVideo: true, play }] as const
  return { userId, userName: userId, kind: 'browser', role: 'anchor', streams }
}

export function enterResult(userIds: readonly string[] = [], change: Partial<EnterResult> = {}): EnterResult {
  return {
    sessionId: 's',
    resumeToken: 'r1',
    room: {
      roomId: '7',
      name: '',
      ownerId: null,
      createdAt: 0,
      anchors: 1,
      audience: 0,
      limits: { members: 9, anchors: 9 },
    },
    self: { userId: 'alice', role: 'anchor' },
    userList: userIds.map((userId) => userOf(userId)),
    audienceCount: 0,
    iceServers: [],
    heartbeatMs: 10_000,
    expiresAt: null,
    ...change,
  }
}

/** A session on a clock that is turned by hand, with everything it said. */
export class SessionRig {
  readonly session: RoomSession
  now = 0
  /** Outputs and events since the last look. */
  readonly outputs: SessionOutput[] = []
  readonly events: SessionEvent[] = []

  constructor(random: () => number = () => 0.5) {
    this.session = new RoomSession({ client: { kind: 'browser', version: '1' }, random })
  }

  /** Turns the clock, with every time-out on the way. */
  pass(micros: number): void {
    const end = this.now + micros
    for (let due = this.drain(); due <= end; due = this.drain()) this.now = Math.max(this.now, due)
    this.now = end
  }

  /** Answers when the session wants to be polled next. */
  drain(): number {
    const { outputs, events, wakeAt } = pollAll(this.session, this.now)
    this.outputs.push(...outputs)
    this.events.push(...events)
    return wakeAt
  }

  enter(params: SessionEnterParams = alice): this {
    this.session.enter(this.now, params)
    this.drain()
    return this
  }

  open(): void {
    this.session.handleInput(this.now, { kind: 'open' })
    this.drain()
  }

  close(code = 1006): void {
    this.session.handleInput(this.now, { kind: 'closed', code, reason: '' })
    this.drain()
  }

  text(text: string): void {
    this.session.handleInput(this.now, { kind: 'text', text })
    this.drain()
  }

  answer<Method extends RequestMethod>(request: Request | undefined, result: ResultOf<Method>): void {
    this.text(writeResult(request!.id, result))
  }

  refuse(request: Request | undefined, code: ErrorCode, retryAfterMs?: number): void {
    this.text(writeError(request!.id, code, undefined, retryAfterMs))
  }

  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    this.text(writeNotification(method, params))
  }

  /** The messages sent since the last call, parsed by the server's own reader. */
  requests(): Request[] {
    return this.outputs.splice(0).flatMap((output) => {
      if (output.kind !== 'send') return []
      const reading = parseRequest(output.text)
      if (!reading.ok) throw new Error(`${reading.refusal.sentence} ${output.text}`)
      return [reading.request]
    })
  }

  request(): Request | undefined {
    return this.requests().at(-1)
  }

  /** Events since the last look, of one kind or all. */
  take<Kind extends SessionEvent['kind']>(kind: Kind): Extract<SessionEvent, { kind: Kind }>[] {
    return this.events.splice(0).filter((event): event is Extract<SessionEvent, { kind: Kind }> => event.kind === kind)
  }

  /** Into the room, with nothing left to look at. */
  live(userIds: readonly string[] = [], change: Partial<EnterResult> = {}): this {
    this.enter()
    this.open()
    this.answer<'room.enter'>(this.request(), enterResult(userIds, change))
    this.outputs.splice(0)
    this.events.splice(0)
    return this
  }

  /** Lets the wait for the next attempt pass and opens its socket; answers what the session says first. */
  reconnect(): Request | undefined {
    this.outputs.splice(0)
    for (let wait = 0; !this.outputs.splice(0).some(({ kind }) => kind === 'connect'); wait++) {
      if (wait > 100) throw new Error('no attempt to reconnect')
      this.pass(SECOND / 10)
    }
    this.open()
    return this.request()
  }
}
