import { expect, test } from 'vitest'
import { Flow } from './stall-watch.js'

/** Looks every 250 ms at the given values; answers at which looks a stall was told. */
function stallsIn(values: readonly (number | undefined)[]): number[] {
  const flow = new Flow()
  return values.flatMap((value, index) => (flow.observe(value, index * 250) ? [index] : []))
}

test('a flow that stops is told once, within a second', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6])).toEqual([8])
})

test('a flow that comes back is watched again', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 5, 5, 5, 5, 6, 7, 8, 9, 10, 10, 10, 10])).toEqual([7, 16])
})

test('what never flowed steadily does not stall', () => {
  expect(stallsIn([1, 1, 2, 2, 2, 2, 2, 2, 3, 4, 4, 4, 4, 4, 4])).toEqual([])
  expect(stallsIn([undefined, undefined, 0, 0, 0, 0, 0, 0])).toEqual([])
})

test('a pause of less than 700 ms is nothing', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 5, 5, 6, 6, 6, 7])).toEqual([])
})

test('a connection that ends does not stall', () => {
  expect(stallsIn([1, 2, 3, 4, 5, 6, undefined, undefined, undefined, undefined, undefined])).toEqual([])
})

test('whoever was away looks a while longer, and then tells it all the same', () => {
  const flow = new Flow()
  for (let look = 0; look < 6; look++) flow.observe(look, look * 250)
  flow.forgive(4000)
  expect([flow.observe(5, 4000), flow.observe(5, 4500), flow.observe(5, 4750)]).toEqual([false, false, true])
})
