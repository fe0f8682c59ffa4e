import { expect, test } from 'vitest'
import { Random, mutate } from './mutator.js'
import { fuzz } from './runner.js'
import type { FuzzTarget } from './runner.js'

/** A parser as the project has them, with or without its checks: a length of two bytes, then so many bytes. */
function lengthPrefixed(hasCheck: boolean): FuzzTarget {
  return {
    name: 'length-prefixed',
    seeds: () => [Uint8Array.from([0, 3, 1, 2, 3]), Uint8Array.from([0, 0])],
    run: (input) => {
      if (input.length < 2) return
      const length = (input[0]! << 8) | input[1]!
      if (hasCheck && length > input.length - 2) return
      for (let i = 0; i < length; i++) if (input[2 + i] === undefined) throw new RangeError('read past the end')
    },
  }
}

test('the same seed makes the same inputs, another seed others', () => {
  const seeds = [Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), new Uint8Array(0)]
  const make = (seed: number) => {
    const random = new Random(seed)
    return Array.from({ length: 500 }, () => Buffer.from(mutate(seeds, random)).toString('hex'))
  }
  expect(make(7)).toEqual(make(7))
  expect(make(7)).not.toEqual(make(8))
  expect(new Set(make(7)).size).toBeGreaterThan(250)
  expect(seeds).toEqual([Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), new Uint8Array(0)])
})

test('inputs stay bounded, however long the seed', () => {
  const random = new Random(1)
  for (let i = 0; i < 200; i++) expect(mutate([new Uint8Array(100_000)], random).length).toBeLessThanOrEqual(8192)
})

test('a parser without its length check is found, with a short input; with the check it passes', async () => {
  const failure = await fuzz(lengthPrefixed(false), 2_000, 1)
  expect(failure?.reason).toContain('read past the end')
  expect(failure?.input.length).toBeLessThanOrEqual(4)
  expect(await fuzz(lengthPrefixed(true), 2_000, 1)).toBeUndefined()
})

test('a magic word that chance would not find is found by the dictionary', async () => {
  const run = (input: Uint8Array): void => {
    if (Buffer.from(input).includes('__proto__')) throw new Error('took it')
  }
  expect(await fuzz({ name: 'word', seeds: () => [new Uint8Array(4)], run }, 20_000, 1)).toBeDefined()
})

test('a seed that breaks the target is reported as it is', async () => {
  const run = (): void => {
    throw new Error('always')
  }
  const failure = await fuzz({ name: 'seed', seeds: () => [Uint8Array.of(1), Uint8Array.of(2)], run }, 10, 1)
  expect(failure).toMatchObject({ iteration: -2, input: Uint8Array.of(1) })
})

test('an input that hangs the parser is found', async () => {
  const run = (): void => {
    const until = performance.now() + 110
    while (performance.now() < until);
  }
  const failure = await fuzz({ name: 'slow', seeds: () => [Uint8Array.of(1)], run }, 10, 1)
  expect(failure?.reason).toMatch(/it took \d+ ms/)
})
