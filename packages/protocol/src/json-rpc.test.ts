import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorCodes, isErrorCode } from './error-codes.js'
import { canonicalRoomId, isRoomId, isUserId } from './ids.js'
import { exchanges, notifications, refusals } from './json-rpc.cases.js'
import {
  parseNotification,
  parseRequest,
  parseResponse,
  parseResult,
  writeError,
  writeNotification,
  writeRequest,
  writeResult,
} from './json-rpc.js'
import { notificationShapes } from './notification-shapes.js'
import type { RequestMethod } from './requests.js'
import { isShortLine, utf8Length } from './text.js'

const methods = Object.keys(exchanges) as RequestMethod[]

test.each(methods)('%s goes there and back unchanged', (method) => {
  const { params, result } = exchanges[method]
  expect(parseRequest(writeRequest('7', method, params))).toEqual({ ok: true, request: { id: '7', method, params } })
  const response = parseResponse(writeResult(7, result))
  expect(response).toEqual({ id: 7, result })
  expect(parseResult(method, result)).toEqual(result)
})

test.each(notifications)('$method goes unchanged', (notification) => {
  expect(parseNotification(writeNotification(notification.method, notification.params))).toEqual(notification)
})

test('the cases leave no notification out', () => {
  expect(notifications.map(({ method }) => method).sort()).toEqual(Object.keys(notificationShapes).sort())
})

test.each(refusals)('$code: $sentence', ({ text, code, sentence }) => {
  const reading = parseRequest(text)
  expect(reading).toMatchObject({ ok: false, refusal: { code } })
  if (reading.ok) return
  if (typeof sentence === 'string') expect(reading.refusal.sentence).toBe(sentence)
  else expect(reading.refusal.sentence).toMatch(sentence)
})

test('no sentence says long or strange input back', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...methods),
      fc.jsonValue({ maxDepth: 2 }),
      fc.string({ unit: 'binary' }),
      (method, value, key) => {
        const params = {
          ...exchanges[method].params,
          [key]: value,
          userId: value,
          sdp: value,
          roomId: value,
        }
        const reading = parseRequest(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
        if (reading.ok) return
        expect(reading.refusal.sentence.length).toBeLessThan(300)
        expect(reading.refusal.sentence).toMatch(/^[\x20-\x7e]+$/)
      },
    ),
  )
})

test('fields that a newer client adds are left out and do no harm', () => {
  const text = '{"jsonrpc":"2.0","id":"1","method":"room.kick","params":{"userId":"bob","why":[1]},"trace":{}}'
  expect(parseRequest(text)).toEqual({
    ok: true,
    request: { id: '1', method: 'room.kick', params: { userId: 'bob' } },
  })
})

test('params may be left out where there are none', () => {
  const reading = parseRequest('{"jsonrpc":"2.0","id":3,"method":"room.info"}')
  expect(reading).toEqual({ ok: true, request: { id: 3, method: 'room.info', params: {} } })
})

test('a refusal carries the id of the request when there is one', () => {
  const reading = parseRequest('{"jsonrpc":"2.0","id":"q","method":"room.kick","params":{}}')
  expect(reading).toMatchObject({ ok: false, refusal: { id: 'q', code: 'BAD_USER_ID' } })
})

test('sixteen levels pass, seventeen do not, brackets in texts do not count', () => {
  const nested = (levels: number) =>
    '{"jsonrpc":"2.0","id":1,"method":"m","params":'.concat('['.repeat(levels), ']'.repeat(levels), '}')
  expect(parseRequest(nested(15))).toMatchObject({ refusal: { code: 'UNKNOWN_METHOD' } })
  expect(parseRequest(nested(16))).toMatchObject({ refusal: { code: 'TOO_LARGE' } })
  const text = writeRequest(1, 'message.send', { to: null, kind: 'text', data: '[{"\\'.repeat(99) })
  expect(parseRequest(text)).toMatchObject({ ok: true })
})

test('an error goes there and back with code, sentence and wait', () => {
  const error = { code: 'DRAINING', sentence: errorCodes.DRAINING.sentence, retryAfterMs: 500 }
  expect(parseResponse(writeError('9', 'DRAINING', undefined, 500))).toEqual({ id: '9', error })
  expect(parseResponse(writeError(null, 'BAD_JSON'))).toMatchObject({ id: null, error: { code: 'BAD_JSON' } })
})

test('an error without data is an internal one', () => {
  const response = parseResponse('{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"No."}}')
  expect(response).toEqual({ id: 1, error: { code: 'INTERNAL', sentence: 'No.' } })
})

test('messages other than answers and known notifications are undefined', () => {
  for (const text of ['', '[]', '{}', '{"jsonrpc":"2.0","id":1}', '{"jsonrpc":"2.0","id":1,"result":1,"error":{}}']) {
    expect(parseResponse(text)).toBeUndefined()
  }
  for (const text of [
    '{"jsonrpc":"2.0","method":"room.new","params":{}}',
    '{"jsonrpc":"2.0","method":"constructor"}',
  ]) {
    expect(parseNotification(text)).toBeUndefined()
  }
})

test('a number and its decimal string are one room', () => {
  expect(canonicalRoomId(12345)).toBe(canonicalRoomId('12345'))
  expect(canonicalRoomId('007')).not.toBe(canonicalRoomId(7))
})

test.each([0, 4294967295, 'a', '-_9', 'r'.repeat(64)])('%s is a room', (id) => expect(isRoomId(id)).toBe(true))
test.each([-1, 1.5, NaN, 4294967296, '', 'a.b', 'é', 'a\n', null])('%s is no room', (id) => {
  expect(isRoomId(id)).toBe(false)
})
test.each(['', 'a b', 'u'.repeat(33), 7])('%s is no user', (id) => expect(isUserId(id)).toBe(false))

test('bytes of a text are those of UTF-8', () => {
  const encoder = new TextEncoder()
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(utf8Length(text)).toBe(encoder.encode(text).length)
    }),
  )
  expect(utf8Length('\ud800')).toBe(3)
})

test('a name is counted in characters', () => {
  expect(isShortLine('👩‍🚀', 3)).toBe(true)
  expect(isShortLine('👩‍🚀', 2)).toBe(false)
  expect(isShortLine('\ud800', 3)).toBe(false)
})

test('every error has a sentence that ends, and a code that is its own', () => {
  for (const [code, facts] of Object.entries(errorCodes)) {
    expect(isErrorCode(code)).toBe(true)
    expect(facts.sentence).toMatch(/^[A-Z].*\.$/)
  }
  const numbers = Object.values(errorCodes).map(({ rpc }) => rpc)
  const own = numbers.filter((rpc) => rpc > 0)
  expect(new Set(own).size).toBe(own.length)
  expect(isErrorCode('toString')).toBe(false)
})
