import { expect, test } from 'vitest'
import { enterResult, SECOND, SessionRig } from './room-session.fake.js'

test('a renewal that the server has not seen yet saves the session from running out', () => {
  const rig = new SessionRig().live()
  const id = rig.session.renew(rig.now, 'new', 'key')
  rig.notify('room.closed', { reason: 'expired' })
  const request = rig.reconnect()
  expect(request).toMatchObject({ method: 'room.enter', params: { userSig: 'new', privateMapKey: 'key' } })
  rig.answer<'room.enter'>(request, enterResult([], { expiresAt: 99 }))
  expect(rig.take('response')).toEqual([{ kind: 'response', id, method: 'room.renew', result: { expiresAt: 99 } }])
  expect(rig.requests()).toEqual([])
})

test('a renewal made without a connection is said after the resume', () => {
  const rig = new SessionRig().live()
  rig.close()
  const id = rig.session.renew(rig.now, 'new')
  rig.answer<'room.resume'>(rig.reconnect(), enterResult())
  const request = rig.request()
  expect(request).toMatchObject({ id, method: 'room.renew', params: { userSig: 'new' } })
  rig.answer<'room.renew'>(request, { expiresAt: 5 })
  expect(rig.take('response')).toMatchObject([{ id }])
})

test('a renewal that the server refuses is not used to enter again', () => {
  const rig = new SessionRig().live()
  rig.session.renew(rig.now, 'forged')
  rig.drain()
  rig.refuse(rig.request(), 'USER_SIG_INVALID')
  expect(rig.take('failure')).toMatchObject([{ method: 'room.renew', code: 'USER_SIG_INVALID' }])
  rig.close()
  rig.refuse(rig.reconnect(), 'RESUME_FAILED')
  expect(rig.request()).toMatchObject({ params: { userSig: 'old' } })
})

test('requests are answered by their id', () => {
  const rig = new SessionRig().live()
  const first = rig.session.request(rig.now, 'room.info', {})
  const second = rig.session.request(rig.now, 'media.pushAddress', { streamType: 'main' })
  rig.drain()
  const [, pushAddress] = rig.requests()
  rig.answer<'media.pushAddress'>(pushAddress, { rtmp: 'rtmp://h/r/p' })
  expect(rig.take('response')).toEqual([
    { kind: 'response', id: second, method: 'media.pushAddress', result: { rtmp: 'rtmp://h/r/p' } },
  ])
  rig.pass(10 * SECOND)
  expect(rig.take('failure')).toMatchObject([{ id: first, method: 'room.info', code: 'TIMEOUT' }])
})

test('an answer of the wrong shape fails its request', () => {
  const rig = new SessionRig().live()
  rig.session.request(rig.now, 'media.pushAddress', { streamType: 'main' })
  rig.drain()
  rig.text(JSON.stringify({ jsonrpc: '2.0', id: rig.request()!.id, result: {} }))
  expect(rig.take('failure')).toMatchObject([
    { code: 'BAD_RESPONSE', sentence: 'rtmp is missing; allowed is a text of at most 2048 characters.' },
  ])
})

test('a request that is not idempotent fails with its connection, the subscription and the muting are sent again', () => {
  const rig = new SessionRig().live()
  const sent = rig.session.request(rig.now, 'message.send', { to: null, kind: 'text', data: 'x' })
  const subscription = rig.session.subscribe(rig.now, 'all')
  rig.close()
  expect(rig.take('failure')).toMatchObject([{ id: sent, code: 'CONNECTION_LOST' }])
  const muted = rig.session.request(rig.now, 'media.state', { audio: false, video: true, streamType: 'main' })
  const info = rig.session.request(rig.now, 'room.info', {})
  rig.drain()
  expect(rig.take('failure')).toMatchObject([{ id: info, code: 'CONNECTION_LOST' }])
  rig.answer<'room.resume'>(rig.reconnect(), enterResult())
  expect(rig.requests()).toMatchObject([
    { id: subscription, method: 'media.subscribe', params: { streams: 'all' } },
    { id: muted, method: 'media.state', params: { audio: false } },
  ])
})

test('a later subscription replaces earlier ones, and all callers get its answer', () => {
  const rig = new SessionRig().live()
  const ids = [rig.session.subscribe(rig.now, 'all')]
  rig.close()
  ids.push(rig.session.subscribe(rig.now, []))
  rig.answer<'room.resume'>(rig.reconnect(), enterResult())
  const requests = rig.requests()
  expect(requests).toMatchObject([{ method: 'media.subscribe', params: { streams: [] } }])
  rig.answer<'media.subscribe'>(requests[0], {})
  expect(rig.take('response').map(({ id }) => id)).toEqual(ids)
})

test('a confirmed subscription is sent again only to a server that has forgotten it', () => {
  const rig = new SessionRig().live()
  rig.session.subscribe(rig.now, 'all')
  rig.drain()
  rig.answer<'media.subscribe'>(rig.request(), {})
  rig.close()
  rig.answer<'room.resume'>(rig.reconnect(), enterResult())
  expect(rig.requests()).toEqual([])
  rig.close()
  rig.refuse(rig.reconnect(), 'RESUME_FAILED')
  rig.answer<'room.enter'>(rig.request(), enterResult())
  const again = rig.request()
  expect(again).toMatchObject({ method: 'media.subscribe', params: { streams: 'all' } })
  rig.events.splice(0)
  rig.answer<'media.subscribe'>(again, {})
  expect(rig.events).toEqual([])
})

test('a subscription may precede the entry', () => {
  const rig = new SessionRig().enter()
  const id = rig.session.subscribe(rig.now, 'all')
  rig.open()
  rig.answer<'room.enter'>(rig.request(), enterResult())
  expect(rig.request()).toMatchObject({ id, method: 'media.subscribe' })
})

test('requests that may not be said now fail at once, as does one too many', () => {
  const rig = new SessionRig()
  rig.session.request(rig.now, 'room.info', {})
  rig.drain()
  expect(rig.take('failure')).toMatchObject([{ code: 'NOT_ENTERED' }])
  rig.live()
  for (let count = 0; count < 65; count++) rig.session.request(rig.now, 'room.info', {})
  rig.drain()
  expect(rig.take('failure')).toMatchObject([{ code: 'TOO_MANY_REQUESTS' }])
})

test('comes back with the role that was given in the room', () => {
  const rig = new SessionRig().live()
  rig.session.request(rig.now, 'room.switchRole', { role: 'audience' })
  rig.drain()
  rig.refuse(rig.request(), 'NO_PERMISSION')
  const backWith = () => {
    rig.close()
    rig.refuse(rig.reconnect(), 'RESUME_FAILED')
    const request = rig.request()
    rig.answer<'room.enter'>(request, enterResult())
    return request?.method === 'room.enter' ? request.params.role : 'no room.enter'
  }
  expect(backWith()).toBeUndefined()
  rig.notify('room.roleChanged', { userId: 'alice', role: 'audience', by: 'bob' })
  expect(backWith()).toBe('audience')
  rig.session.request(rig.now, 'room.switchRole', { role: 'anchor' })
  rig.drain()
  rig.answer<'room.switchRole'>(rig.request(), {})
  expect(backWith()).toBe('anchor')
})
