import fc from 'fast-check'
import { expect, test } from 'vitest'
import { passLimits } from '../../../config/index.js'
import type { OtherNodes } from '../../protocol.js'
import { PassedRequests, readAnswer, readRequest, type SessionAnswer, type SessionRequest } from './passed-requests.js'

const REQUEST: SessionRequest = { method: 'DELETE', session: 's', from: '192.0.2.1', bearer: 'mine' }
const DONE: SessionAnswer = { status: 200, headers: { ETag: '"e"' }, body: '' }

/** Two nodes, of which A001 passes to B001. */
function stage(answer: (request: SessionRequest) => SessionAnswer, gate: Promise<void> = Promise.resolve()) {
  const answers = new Map<string, (body: Readonly<Record<string, unknown>>) => object>()
  const nodesOf = (tag: string): OtherNodes => ({
    ...{ tag, has: (other) => answers.has(other) },
    on: (_verb, own) => answers.set(tag, own),
    ask: async (other, _verb, body) => {
      await gate
      const json = (value: object) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>
      return json(answers.get(other)!(json(body)))
    },
  })
  new PassedRequests(nodesOf('B001'), answer)
  return new PassedRequests(nodesOf('A001'), answer)
}

test('addresses name the node of a session, and only in a cluster', () => {
  const passed = stage(() => DONE)
  expect(passed.addressOf('abc-_1')).toBe('A001.abc-_1')
  expect(passed.read('A001.abc-_1')).toEqual({ session: 'abc-_1' })
  expect(passed.read('B001.abc-_1')).toEqual({ session: 'abc-_1', node: 'B001' })
  for (const none of ['abc', 'B001.', '.abc', 'B0011.abc', 'B001.a.b', 'B001.a/b'])
    expect(passed.read(none)).toEqual({ session: none })
  const alone = new PassedRequests(undefined, () => DONE)
  expect(alone.addressOf('abc')).toBe('abc')
  expect(alone.read('B001.abc')).toEqual({ session: 'B001.abc' })
})

test('the other node hears the request as it came, and its answer goes back', async () => {
  const heard: SessionRequest[] = []
  const passed = stage((request) => {
    heard.push(request)
    return DONE
  })
  const request = {
    ...REQUEST,
    method: 'PATCH',
    match: '*',
    type: 'application/trickle-ice-sdpfrag',
    body: 'x',
  } as const
  expect(await passed.pass('B001', request)).toEqual(DONE)
  expect(heard).toEqual([request])
  expect(await passed.pass('C001', request)).toBeUndefined()
})

test('a node that answers nothing sensible is one that does not answer', async () => {
  const sentence = 'The node of this session does not answer; try again.'
  const fail = (): never => {
    throw new Error('broken')
  }
  for (const answer of [fail, () => ({ ...DONE, status: 99 }), () => ({ ...DONE, body: 5 })])
    await expect(stage(answer as never).pass('B001', REQUEST)).rejects.toMatchObject({ status: 503, message: sentence })
})

test('no more than the limit wait at the same time; afterwards there is room again', async () => {
  let open = (): void => undefined
  const passed = stage(() => DONE, new Promise((resolve) => (open = resolve)))
  const waiting = Array.from({ length: passLimits.requests }, () => passed.pass('B001', REQUEST))
  await expect(passed.pass('B001', REQUEST)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '2' } })
  open()
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => DONE))
  expect(await passed.pass('B001', REQUEST)).toEqual(DONE)
})

test('whatever a node sends is a request or answer within the limits, or none', () => {
  const value = fc.oneof(fc.jsonValue(), fc.string({ minLength: 4090, maxLength: 4100 }))
  const keys = ['method', 'session', 'from', 'bearer', 'type', 'match', 'body', 'status', 'headers'] as const
  const body = fc.record(Object.fromEntries(keys.map((key) => [key, value])), { requiredKeys: [] })
  fc.assert(
    fc.property(body, fc.constantFrom('PATCH', 'DELETE', 'POST'), (given, method) => {
      const request = readRequest({ ...given, method })
      if (request === undefined) return
      expect(Object.entries(request).every(([, text]) => typeof text === 'string')).toBe(true)
      expect(request.session.length).toBeLessThanOrEqual(passLimits.headerChars)
    }),
  )
  const headers = fc.dictionary(
    fc.constantFrom('ETag', 'Set-Cookie', 'Content-Type'),
    fc.oneof(fc.string(), fc.integer()),
  )
  fc.assert(
    fc.property(headers, (given) => {
      const answer = readAnswer({ status: 200, headers: given, body: '' })
      for (const [name, text] of Object.entries(answer.headers)) {
        expect(name).not.toBe('Set-Cookie')
        expect(text).toMatch(/^[ -~]*$/)
      }
    }),
  )
})
