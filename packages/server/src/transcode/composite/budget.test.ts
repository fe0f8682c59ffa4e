import { expect, test } from 'vitest'
import { costOf, refusalOf } from './budget.js'

const trial = { took: [8000, 6000, 10_000] }
const free = { room: 0, all: 0, cores: 4 }

test('a composite costs what its fastest picture took', () => {
  expect(costOf(trial, 25)).toBeCloseTo(0.15)
})

test('it is accepted while its pictures are ready in time and a core and the machine have room', () => {
  expect(refusalOf(trial, 25, free)).toBeUndefined()
  expect(refusalOf(trial, 25, { room: 0.59, all: 2.8, cores: 4 })).toBeUndefined()
})

test.each([
  ['pictures that are too slow here and now', 100, free, /^The server lacks CPU: one picture takes 8.0 ms/],
  [
    'a room whose process is full',
    25,
    { room: 0.61, all: 0.61, cores: 4 },
    /^The composites of this room share one core/,
  ],
  ['a machine that is full', 25, { room: 0, all: 0.7, cores: 1 }, /^All composites take 70 % of a core/],
])('%s is a reason to refuse, in a sentence', (_name, fps, taken, sentence) => {
  expect(refusalOf(trial, fps, taken)).toMatch(sentence)
})
