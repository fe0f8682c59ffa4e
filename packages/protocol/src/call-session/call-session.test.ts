import fc from 'fast-check'
import { pollAll } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import type { Call, OnlineResult } from '../call-shapes.js'
import type { ErrorCode } from '../error-codes.js'
import { parseRequest, writeError, writeNotification, writeResult, type Request } from '../json-rpc.js'
import type { NotificationMethod, NotificationParams } from '../notifications.js'
import type { RequestMethod, ResultOf } from '../requests.js'
import type { SessionOutput } from '../room-session/session-events.js'
import { CallSession, type CallSessionEvent } from './call-session.js'

const SECOND = 1_000_000

function callOf(callId: string, state: 'ringing' | 'accepted' = 'ringing'): Call {
  const members = [
    { userId: 'ben', state: 'accepted' as const },
    { userId: 'anna', state },
  ]
  return { callId, roomId: 'call_1', media: 'video', inviter: 'ben', members, data: '', startedAt: null }
}

/** A session on a clock that is turned by hand. */
class Rig {
  readonly session = new CallSession({
    user: { userId: 'anna', userSig: 'old', deviceId: 'phone' },
    random: () => 0.5,
  })
  readonly outputs: SessionOutput[] = []
  readonly events: CallSessionEvent[] = []
  now = 0

  drain(): number {
    const { outputs, events, wakeAt } = pollAll(this.session, this.now)
    this.outputs.push(...outputs)
    this.events.push(...events)
    return wakeAt
  }

  pass(micros: number): void {
    const end = this.now + micros
    for (let due = this.drain(); due <= end; due = this.drain()) this.now = Math.max(this.now, due)
    this.now = end
  }

  text(text: string): void {
    this.session.handleInput(this.now, { kind: 'text', text })
    this.drain()
  }

  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    this.text(writeNotification(method, params))
  }

  answer<Method extends RequestMethod>(request: Request | undefined, result: ResultOf<Method>): void {
    this.text(writeResult(request!.id, result))
  }

  refuse(request: Request | undefined, code: ErrorCode): void {
    this.text(writeError(request!.id, code))
  }

  requests(): Request[] {
    return this.outputs.splice(0).flatMap((output) => {
      if (output.kind !== 'send') return []
      const reading = parseRequest(output.text)
      if (!reading.ok) throw new Error(`${reading.refusal.sentence} ${output.text}`)
      return [reading.request]
    })
  }

  open(): Request | undefined {
    this.session.handleInput(this.now, { kind: 'open' })
    this.drain()
    return this.requests().at(-1)
  }

  lose(): void {
    this.session.handleInput(this.now, { kind: 'closed', code: 1006, reason: '' })
    this.drain()
  }

  /** Lets the wait for the next attempt pass, and opens its socket. */
  reconnect(): Request | undefined {
    for (let tenth = 0; !this.outputs.splice(0).some(({ kind }) => kind === 'connect'); tenth++) {
      if (tenth > 200) throw new Error('no attempt to reconnect')
      this.pass(SECOND / 10)
    }
    return this.open()
  }

  online(calls: readonly Call[] = []): this {
    this.session.start(this.now)
    this.drain()
    this.answer<'user.online'>(this.open(), online(calls))
    return this
  }

  /** `what` of the events since the last look. */
  take(): string[] {
    return this.events.splice(0).map((event) => {
      if (event.kind === 'state') return event.state
      if (event.kind === 'notification') {
        const { method, params } = event
        return `${method} ${'call' in params ? params.call.callId : params.callId}${'reason' in params ? ` ${params.reason}` : ''}`
      }
      return event.kind === 'failure' ? `${event.id} ${event.code}` : event.id
    })
  }
}

function online(calls: readonly Call[]): OnlineResult {
  return { calls, heartbeatMs: 10_000, expiresAt: null }
}

test('goes online with its device and signature, and is told what rings already', () => {
  const rig = new Rig()
  rig.session.start(rig.now)
  rig.drain()
  const request = rig.open()
  expect(request).toMatchObject({
    method: 'user.online',
    params: { protocol: 1, userId: 'anna', userSig: 'old', deviceId: 'phone' },
  })
  rig.answer<'user.online'>(request, online([callOf('c')]))
  expect(rig.take()).toEqual(['connecting', 'online', 'call.ringing c'])
  expect(rig.session.calls).toMatchObject([{ callId: 'c' }])
})

test('answers reach their request, notifications change the calls, and only known calls end', () => {
  const rig = new Rig().online()
  rig.take()
  rig.notify('call.ringing', { call: callOf('c') })
  const id = rig.session.request(rig.now, 'call.accept', { callId: 'c' })
  rig.drain()
  rig.answer<'call.accept'>(rig.requests().at(-1), { call: callOf('c', 'accepted') })
  expect(rig.take()).toEqual(['call.ringing c', id])
  expect(rig.session.calls).toMatchObject([{ members: [{}, { state: 'accepted' }] }])
  rig.notify('call.ended', { callId: 'c', reason: 'hangup' })
  rig.notify('call.ended', { callId: 'c', reason: 'hangup' })
  rig.notify('call.ended', { callId: 'other', reason: 'hangup' })
  expect(rig.take()).toEqual(['call.ended c hangup'])
  expect(rig.session.calls).toEqual([])
})

test('what this device ended is told as ended as well', () => {
  const rig = new Rig().online([callOf('c')])
  rig.take()
  const id = rig.session.request(rig.now, 'call.reject', { callId: 'c' })
  rig.drain()
  rig.answer<'call.reject'>(rig.requests().at(-1), {})
  expect(rig.take()).toEqual([id, 'call.ended c reject'])
  expect(rig.session.calls).toEqual([])
})

test('after a lost socket it is online again, and told what began, changed and ended meanwhile', () => {
  const rig = new Rig().online([callOf('gone'), callOf('stays')])
  rig.take()
  rig.lose()
  expect(rig.take()).toEqual(['connecting'])
  rig.answer<'user.online'>(rig.reconnect(), online([callOf('stays'), callOf('new')]))
  expect(rig.take()).toEqual([
    ...['connecting', 'online', 'call.ended gone canceled', 'call.changed stays', 'call.ringing new'],
  ])
})

test('an invitation and an acceptance are sent again after a lost socket; a hang-up fails, for the user to try again', () => {
  const rig = new Rig().online([callOf('c'), callOf('d', 'accepted')])
  const accept = rig.session.request(rig.now, 'call.accept', { callId: 'c' })
  const hangup = rig.session.request(rig.now, 'call.hangup', { callId: 'd' })
  rig.drain()
  rig.requests()
  rig.take()
  rig.lose()
  expect(rig.take()).toEqual([`${hangup} CONNECTION_LOST`, 'connecting'])
  rig.answer<'user.online'>(rig.reconnect(), online([callOf('c')]))
  const again = rig.requests()
  expect(again).toMatchObject([{ id: accept, method: 'call.accept', params: { callId: 'c' } }])
  rig.answer<'call.accept'>(again[0], { call: callOf('c', 'accepted') })
  expect(rig.take()).toContain(accept)
})

test('a server that does not answer fails the request in time, and is left after two silent heartbeats', () => {
  const rig = new Rig().online()
  rig.take()
  const id = rig.session.request(rig.now, 'call.invite', { callId: 'c', userIds: ['ben'], media: 'audio' })
  rig.pass(16 * SECOND)
  expect(rig.take()).toContain(`${id} TIMEOUT`)
  rig.pass(30 * SECOND)
  expect(rig.outputs.some(({ kind }) => kind === 'disconnect')).toBe(true)
})

test.each(['USER_SIG_EXPIRED', 'USER_SIG_INVALID', 'PROTOCOL_VERSION'] as const)('%s ends it', (code) => {
  const rig = new Rig()
  rig.session.start(rig.now)
  rig.drain()
  rig.refuse(rig.open(), code)
  expect(rig.events.at(-1)).toMatchObject({ kind: 'state', state: 'ended', error: { code } })
  expect(rig.drain()).toBe(Infinity)
})

test('a server that is going down is tried again, with the signature of then', () => {
  const rig = new Rig()
  rig.session.start(rig.now)
  rig.drain()
  rig.refuse(rig.open(), 'DRAINING')
  rig.session.renew('new')
  expect(rig.reconnect()).toMatchObject({ params: { userSig: 'new' } })
})

test('a server that drains or does not open is another one of its addresses next time, a lost socket is not', () => {
  const rig = new Rig()
  const nextTurn = (): unknown => {
    for (;;) {
      const connect = rig.outputs.splice(0).find(({ kind }) => kind === 'connect')
      if (connect?.kind === 'connect') return connect.turn
      rig.pass(SECOND / 100)
    }
  }
  rig.session.start(rig.now)
  rig.drain()
  expect(nextTurn()).toBe(0)
  rig.refuse(rig.open(), 'DRAINING')
  expect(nextTurn()).toBe(1)
  rig.answer<'user.online'>(rig.open(), online([]))
  rig.lose()
  expect(nextTurn()).toBe(1)
  rig.lose()
  expect(nextTurn()).toBe(2)
})

test('whatever a server says, requests get one answer each and the session goes on or ends', () => {
  const word = fc.oneof(
    fc.constant({ lose: true } as const),
    fc.constant({ open: true } as const),
    fc.record({ pass: fc.integer({ min: 0, max: 40 * SECOND }) }),
    fc.record({ ask: fc.constantFrom('call.accept', 'call.hangup', 'call.join', 'call.reject') }),
    fc.record({ text: fc.oneof(fc.string(), fc.json()) }),
    fc.record({
      answer: fc.constantFrom<ErrorCode | 'ok'>('ok', 'INTERNAL', 'NOT_ONLINE', 'DRAINING', 'CALL_ANSWERED'),
    }),
    fc.record({ ring: fc.constantFrom('c', 'd') }),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const rig = new Rig().online([callOf('c')])
      const asked = new Set<string>()
      for (const said of words) {
        if ('lose' in said) rig.lose()
        else if ('open' in said) rig.open()
        else if ('pass' in said) rig.pass(said.pass)
        else if ('text' in said) rig.text(said.text)
        else if ('ring' in said) rig.notify('call.ringing', { call: callOf(said.ring) })
        else if ('ask' in said) asked.add(rig.session.request(rig.now, said.ask, { callId: 'c' }))
        else {
          rig.drain()
          const request = rig.requests().at(-1)
          if (request === undefined) continue
          if (said.answer !== 'ok') rig.refuse(request, said.answer)
          else if (request.method === 'user.online') rig.answer<'user.online'>(request, online([callOf('d')]))
          else rig.text(writeResult(request.id, {}))
        }
      }
      rig.session.close()
      rig.drain()
      const answered = rig.events.flatMap((event) => ('id' in event ? [event.id] : []))
      expect(new Set(answered).size).toBe(answered.length)
      expect(new Set(answered)).toEqual(asked)
      expect(rig.session.calls).toEqual([])
      expect(rig.drain()).toBe(Infinity)
    }),
    { numRuns: 400 },
  )
})
