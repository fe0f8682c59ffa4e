import { expect, test } from 'vitest'
import { Flow } from './stall-watch.js'

/** Looks every 200 ms at the given values; answers at which looks something was told. */
function told(what: 'doubtful' | 'stalled', values: readonly (number | undefined)[]): number[] {
  const flow = new Flow()
  return values.flatMap((value, index) => (flow.observe(value, index * 200) === what ? [index] : []))
}
const stallsIn = (values: readonly (number | undefined)[]) => told('stalled', values)

test('a flow that stops is told once, within a second', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8])).toEqual([10])
})

test('a flow that comes back is watched again', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14, 14])).toEqual([9, 20])
})

test('a track that never flowed steadily does not stall', () => {
  expect(stallsIn([1, 1, 2, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 4, 4])).toEqual([])
  expect(stallsIn([undefined, undefined, 0, 0, 0, 0, 0, 0])).toEqual([])
})

test('a late track is checked once before it counts as stalled; one that never flowed steadily is not', () => {
  expect(told('doubtful', [1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7])).toEqual([8])
  expect(told('doubtful', [1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 8, 9, 9, 9])).toEqual([8, 13])
  expect(told('doubtful', [1, 1, 2, 2, 2, 2, 3, 3])).toEqual([])
})

test('a pause of less than 600 ms is no stall', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 8, 8, 9])).toEqual([])
})

test('a connection that ends does not stall', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 6, 7, 8, undefined, undefined, undefined, undefined, undefined])).toEqual([])
})

test('a page that was away checks a while longer before it reports', () => {
  const flow = new Flow()
  for (let look = 0; look < 8; look++) flow.observe(look, look * 150)
  flow.forgive(4000)
  expect([4000, 4200, 4500, 4600].map((at) => flow.observe(7, at))).toEqual([
    ...[undefined, undefined],
    ...['doubtful', 'stalled'],
  ])
})
