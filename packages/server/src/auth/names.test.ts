import { expect, test } from 'vitest'
import { badSegments, goodSegments } from './names.cases.js'
import { RESERVED_APPS, refuseName } from './names.js'

test('ordinary names pass in both places', () => {
  for (const name of goodSegments) expect(refuseName(name, name, [])).toBeUndefined()
})

test('five hundred strange names are refused in both places, and the sentence does not repeat them', () => {
  expect(badSegments.length).toBeGreaterThanOrEqual(500)
  for (const name of badSegments)
    for (const refusal of [refuseName(name, 'x', []), refuseName('live', name, [])]) {
      expect(refusal, JSON.stringify(name.slice(0, 40))).toMatchObject({ ok: false, code: 'BAD_NAME', httpStatus: 400 })
      expect(refusal!.sentence.length).toBeLessThan(200)
    }
})

test('reserved apps are refused, but only as apps', () => {
  for (const app of [...RESERVED_APPS, 'whip']) {
    expect(refuseName(app, 'x', ['whip'])).toMatchObject({ code: 'RESERVED_NAME' })
    expect(refuseName('live', app, ['whip'])).toBeUndefined()
  }
  expect([...RESERVED_APPS].join(' ')).toBe(
    'r push api sdk signal v4 weapp call monitor console healthz readyz metrics',
  )
})
