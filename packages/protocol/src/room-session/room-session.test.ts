import { expect, test } from 'vitest'
import { errorCodes } from '../error-codes.js'
import type { CloseReason } from '../notifications.js'
import { alice, enterResult, SECOND, SessionRig, userOf } from './room-session.fake.js'

const MILLISECOND = 1000

test('enters with the version of the protocol and the kind of the client', () => {
  const rig = new SessionRig().enter()
  expect(rig.outputs.splice(0)).toEqual([{ kind: 'connect', turn: 0 }])
  rig.open()
  const request = rig.request()
  expect(request).toMatchObject({
    method: 'room.enter',
    params: { ...alice, protocol: 1, client: { kind: 'browser' } },
  })
  rig.answer<'room.enter'>(request, enterResult(['bob']))
  expect(rig.events.splice(0)).toMatchObject([
    { kind: 'state', state: 'connecting', attempt: 0 },
    { kind: 'state', state: 'connected', attempt: 0 },
    { kind: 'entered', how: 'entered', result: { sessionId: 's' } },
    { kind: 'users', entered: [{ userId: 'bob' }], left: [], changed: [], users: [{ userId: 'bob' }] },
  ])
})

test.each(['USER_SIG_INVALID', 'ROOM_FULL', 'BANNED', 'PROTOCOL_VERSION', 'USER_SIG_EXPIRED'] as const)(
  'a refusal with %s ends the session with its sentence',
  (code) => {
    const rig = new SessionRig().enter()
    rig.open()
    rig.refuse(rig.request(), code)
    expect(rig.outputs).toMatchObject([{ kind: 'disconnect', code: 1000 }])
    expect(rig.take('ended')).toEqual([{ kind: 'ended', reason: 'refused', code, sentence: errorCodes[code].sentence }])
    expect(rig.session.state).toBe('closed')
    expect(rig.drain()).toBe(Infinity)
  },
)

test('an answer that is not understood ends the session', () => {
  const rig = new SessionRig().enter()
  rig.open()
  rig.text(JSON.stringify({ jsonrpc: '2.0', id: rig.request()!.id, result: { sessionId: 's' } }))
  expect(rig.take('ended')).toMatchObject([{ reason: 'refused', code: 'BAD_RESPONSE' }])
})

test('a server that is going down or too busy is tried again, after the time it asks for', () => {
  const rig = new SessionRig().enter()
  rig.open()
  rig.refuse(rig.request(), 'DRAINING', 1000)
  expect(rig.outputs.splice(0)).toMatchObject([{ kind: 'disconnect' }])
  rig.pass(1000 * MILLISECOND)
  expect(rig.outputs.splice(0)).toEqual([])
  rig.pass(200 * MILLISECOND)
  expect(rig.outputs.splice(0)).toEqual([{ kind: 'connect', turn: 1 }])
})

test('entering has a deadline, also while the server cannot be reached', () => {
  const rig = new SessionRig().enter()
  for (let second = 0; second < 20; second++) {
    if (rig.outputs.splice(0).some(({ kind }) => kind === 'connect')) rig.close()
    rig.pass(SECOND)
  }
  expect(rig.take('ended')).toMatchObject([{ reason: 'unreachable', code: 'CONNECTION_LOST' }])
})

test('a socket that never opens is given up and tried again', () => {
  const rig = new SessionRig().enter()
  rig.outputs.splice(0)
  rig.pass(6.2 * SECOND)
  expect(rig.outputs).toMatchObject([{ kind: 'disconnect' }, { kind: 'connect' }])
})

test('a room.enter that is not answered counts against the deadline', () => {
  const rig = new SessionRig().enter()
  rig.open()
  rig.pass(10.2 * SECOND)
  rig.open()
  rig.outputs.splice(0)
  rig.pass(5 * SECOND)
  expect(rig.take('ended')).toMatchObject([{ reason: 'unreachable', code: 'TIMEOUT' }])
  expect(rig.outputs).toMatchObject([{ kind: 'disconnect' }])
})

test('a lost connection is resumed within 200 ms, and no member is seen leaving', () => {
  const rig = new SessionRig(() => 0.999).live(['bob'])
  rig.close()
  expect(rig.take('state')).toMatchObject([{ state: 'reconnecting', attempt: 1 }])
  rig.pass(200 * MILLISECOND)
  expect(rig.outputs.splice(0)).toEqual([{ kind: 'connect', turn: 0 }])
  rig.open()
  const request = rig.request()
  expect(request).toMatchObject({ method: 'room.resume', params: { resumeToken: 'r1' } })
  rig.answer<'room.resume'>(request, enterResult(['bob'], { resumeToken: 'r2' }))
  expect(rig.events.splice(0)).toMatchObject([
    { kind: 'state', state: 'connected' },
    { kind: 'entered', how: 'resumed' },
  ])
  rig.close()
  expect(rig.reconnect()).toMatchObject({ method: 'room.resume', params: { resumeToken: 'r2' } })
})

test('a session that cannot be resumed enters again on the same socket; the list shows joins and leaves', () => {
  const rig = new SessionRig().live(['bob', 'carol'])
  rig.close()
  rig.refuse(rig.reconnect(), 'RESUME_FAILED')
  const request = rig.request()
  expect(request).toMatchObject({ method: 'room.enter', params: alice })
  rig.answer<'room.enter'>(request, enterResult(['carol', 'dave'], { resumeToken: 'r9' }))
  expect(rig.take('entered')).toMatchObject([{ how: 're-entered' }])
})

test('members that left during a lost connection are reported before those that joined', () => {
  const rig = new SessionRig().live(['bob', 'carol'])
  rig.close()
  rig.answer<'room.resume'>(rig.reconnect(), enterResult(['carol', 'dave']))
  expect(rig.take('users')).toMatchObject([
    { left: [{ userId: 'bob' }], entered: [{ userId: 'dave' }], changed: [], users: [{}, {}] },
  ])
})

test('the waits double up to 10 s and begin anew after a connection that lasted', () => {
  const rig = new SessionRig(() => 0).live()
  const waits: number[] = []
  rig.close()
  for (let attempt = 0; attempt < 9; attempt++) {
    waits.push((rig.drain() - rig.now) / MILLISECOND)
    rig.pass(waits.at(-1)! * MILLISECOND)
    rig.close()
  }
  expect(waits).toEqual([10, 200, 400, 800, 1600, 3200, 5000, 5000, 5000])
  rig.answer<'room.resume'>(rig.reconnect(), enterResult())
  rig.pass(5 * SECOND)
  rig.close()
  expect(rig.drain() - rig.now).toBe(10 * MILLISECOND)
})

test('a server that takes the user in and hangs up at once is not hammered', () => {
  const rig = new SessionRig(() => 0).live()
  let attempts = 0
  const end = rig.now + 60 * SECOND
  rig.close()
  while (rig.now < end) {
    rig.pass(rig.drain() - rig.now)
    attempts += 1
    rig.open()
    rig.answer<'room.resume'>(rig.request(), enterResult())
    rig.close()
  }
  expect(attempts).toBeLessThan(20)
})

test('beats as often as the server says; two missed and the socket is dead', () => {
  const rig = new SessionRig().live([], { heartbeatMs: 10_000 })
  rig.pass(10 * SECOND)
  const ping = rig.request()
  expect(ping).toMatchObject({ method: 'room.ping' })
  rig.answer<'room.ping'>(ping, { now: 1 })
  rig.pass(20 * SECOND)
  expect(rig.requests().map(({ method }) => method)).toEqual(['room.ping', 'room.ping'])
  rig.pass(10 * SECOND - 1)
  expect(rig.session.state).toBe('connected')
  rig.pass(1)
  expect(rig.outputs.splice(0)).toMatchObject([{ kind: 'disconnect' }])
  expect(rig.session.state).toBe('reconnecting')
})

test('anything that arrives is a sign of life', () => {
  const rig = new SessionRig().live()
  for (let beat = 0; beat < 6; beat++) {
    rig.pass(10 * SECOND)
    rig.notify('media.levels', { levels: [] })
  }
  expect(rig.session.state).toBe('connected')
})

test('timers that stood still: one ping, and 2 s for an answer', () => {
  const rig = new SessionRig().live()
  rig.now += 300 * SECOND
  rig.drain()
  expect(rig.request()).toMatchObject({ method: 'room.ping' })
  rig.pass(2 * SECOND)
  expect(rig.session.state).toBe('reconnecting')
})

test('a new network opens a new socket at once, but not again and again', () => {
  const rig = new SessionRig().live()
  rig.pass(5 * SECOND)
  rig.outputs.splice(0)
  rig.session.networkChanged(rig.now)
  rig.session.networkChanged(rig.now)
  rig.drain()
  expect(rig.outputs.splice(0)).toMatchObject([{ kind: 'disconnect' }, { kind: 'connect' }])
  rig.close()
  rig.pass(100 * MILLISECOND)
  rig.session.networkChanged(rig.now)
  rig.drain()
  rig.pass(900 * MILLISECOND)
  expect(rig.outputs).toEqual([{ kind: 'connect', turn: 1 }])
})

test.each<[CloseReason, string]>([
  ['kicked', 'KICKED'],
  ['replaced', 'REPLACED'],
  ['disbanded', 'DISBANDED'],
  ['expired', 'USER_SIG_EXPIRED'],
])('room.closed for %s ends the session for good', (reason, code) => {
  const rig = new SessionRig().live(['bob'])
  rig.notify('room.closed', { reason })
  expect(rig.take('ended')).toMatchObject([{ reason, code }])
  expect(rig.outputs).toMatchObject([{ kind: 'disconnect' }])
  rig.close()
  rig.pass(60 * SECOND)
  expect(rig.outputs).toHaveLength(1)
})

test('room.closed for drain comes back after the time it names', () => {
  const rig = new SessionRig().live()
  rig.notify('room.closed', { reason: 'drain', retryAfterMs: 3000 })
  rig.outputs.splice(0)
  rig.pass(3 * SECOND)
  expect(rig.outputs).toEqual([])
  rig.pass(200 * MILLISECOND)
  expect(rig.outputs).toEqual([{ kind: 'connect', turn: 1 }])
})

test('a signature that ran out ends a re-entry as expired', () => {
  const rig = new SessionRig().live()
  rig.close()
  rig.refuse(rig.reconnect(), 'RESUME_FAILED')
  rig.refuse(rig.request(), 'USER_SIG_EXPIRED')
  expect(rig.take('ended')).toMatchObject([{ reason: 'expired', code: 'USER_SIG_EXPIRED' }])
})

test('leaves with a word to the server, and without its answer after a second', () => {
  const rig = new SessionRig().live(['bob'])
  const asked = rig.session.request(rig.now, 'room.info', {})
  rig.session.leave(rig.now)
  rig.drain()
  expect(rig.take('failure')).toMatchObject([{ id: asked, code: 'CONNECTION_LOST' }])
  const request = rig.request()
  expect(request).toMatchObject({ method: 'room.leave' })
  rig.pass(SECOND)
  expect(rig.outputs).toMatchObject([{ kind: 'disconnect', code: 1000 }])
  expect(rig.take('ended')).toEqual([{ kind: 'ended', reason: 'left', sentence: 'The user left.' }])
})

test('leaves while it is entering: the server reads room.leave after room.enter', () => {
  const rig = new SessionRig().enter()
  rig.open()
  rig.session.leave(rig.now)
  rig.drain()
  const [enter, leave] = rig.requests()
  rig.answer<'room.enter'>(enter, enterResult(['bob']))
  expect(rig.take('entered')).toEqual([])
  rig.answer<'room.leave'>(leave, {})
  expect(rig.take('ended')).toMatchObject([{ reason: 'left' }])
})

test('leaves without a socket at once, and can enter again', () => {
  const rig = new SessionRig().live(['bob'])
  rig.close()
  rig.session.leave(rig.now)
  rig.drain()
  expect(rig.take('ended')).toMatchObject([{ reason: 'left' }])
  expect(rig.outputs.splice(0)).toEqual([])
  rig.enter()
  rig.open()
  rig.answer<'room.enter'>(rig.request(), enterResult(['bob']))
  expect(rig.take('users')).toMatchObject([{ entered: [{ userId: 'bob' }] }])
})

test('deltas and the list never report an entry or a leave twice', () => {
  const rig = new SessionRig().live()
  rig.notify('room.userEnter', { user: userOf('bob') })
  rig.notify('room.userList', { userList: [userOf('bob')], audienceCount: 0 })
  rig.notify('room.userEnter', { user: userOf('bob') })
  expect(rig.take('users')).toMatchObject([{ entered: [{ userId: 'bob' }] }])
  rig.notify('room.userList', { userList: [userOf('bob', 1), userOf('alice')], audienceCount: 0 })
  expect(rig.take('users')).toMatchObject([{ entered: [], changed: [{ userId: 'bob' }], users: [{ userId: 'bob' }] }])
  rig.notify('room.userExit', { userId: 'bob', reason: 'kicked' })
  rig.notify('room.userList', { userList: [], audienceCount: 0 })
  rig.notify('room.userExit', { userId: 'bob', reason: 'left' })
  expect(rig.take('users')).toMatchObject([{ left: [{ userId: 'bob', reason: 'kicked' }] }])
})

test('the audience is counted', () => {
  const rig = new SessionRig().live(['bob'])
  rig.notify('room.userList', { userList: [userOf('bob')], audienceCount: 12 })
  expect(rig.take('users')).toMatchObject([{ left: [], entered: [], changed: [], audienceCount: 12 }])
})

test('unknown messages are counted and do no harm', () => {
  const rig = new SessionRig().live()
  for (const text of ['', '[]', '{"jsonrpc":"2.0","method":"room.new","params":{}}', '['.repeat(1e5)]) rig.text(text)
  expect(rig.session.unreadable).toBe(4)
  expect(rig.session.state).toBe('connected')
})
