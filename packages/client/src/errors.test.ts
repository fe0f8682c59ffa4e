import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { captureError, CLIENT_ERRORS, CrossroomError, toCrossroomError } from './errors.js'

test.each([
  ['NotAllowedError', 'DEVICE_DENIED', 'SCREEN_DENIED'],
  ['SecurityError', 'DEVICE_DENIED', 'SCREEN_DENIED'],
  ['NotFoundError', 'DEVICE_NOT_FOUND', 'SCREEN_DENIED'],
  ['NotReadableError', 'DEVICE_IN_USE', 'DEVICE_IN_USE'],
  ['OverconstrainedError', 'DEVICE_CONSTRAINTS', 'DEVICE_CONSTRAINTS'],
  ['SomethingNew', 'NOT_SUPPORTED', 'NOT_SUPPORTED'],
])('%s of the browser is %s for a device and %s for a screen', (name, device, screen) => {
  const error = Object.assign(new Error('said by the browser'), { name })
  expect(captureError(error, 'device').code).toBe(device)
  expect(captureError(error, 'screen').code).toBe(screen)
  expect(captureError(error, 'device').cause).toBe(error)
})

test('every failure has a sentence, and one of ours stays what it is', () => {
  const known = new CrossroomError('ROOM_FULL', 'The room is full.')
  expect(toCrossroomError(known, 'NEGOTIATION_FAILED')).toBe(known)
  expect(captureError(known, 'device')).toBe(known)
  const unknown = toCrossroomError(new TypeError('x'), 'NEGOTIATION_FAILED')
  expect(unknown.message).toMatch(/did not agree/)
})

test('the README names every code of the SDK', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  expect(Object.keys(CLIENT_ERRORS).filter((code) => !readme.includes(`\`${code}\``))).toEqual([])
})
