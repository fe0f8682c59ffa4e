import type { MediaFrame } from '@crossroom/media'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from '../../../../test/scenarios/stage.js'
import { CacheTotal, GopCache } from './gop-cache.js'

const stage = new Stage()
const video = videoConfig()
const limits = { bytes: 1000, frames: 20, totalBytes: 10_000 }
const recoveryPoint = (dts: number, recovery: number): MediaFrame => ({ ...stage.frame(video, dts, false), recovery })
const times = (frames: readonly MediaFrame[]): number[] => frames.map(({ dts }) => dts / MS)

test('holds everything since the last keyframe', () => {
  const cache = new GopCache(limits)
  cache.push(stage.frame(audioConfig(), 0))
  expect(cache.frames).toHaveLength(0)
  cache.push(stage.frame(video, 0, true))
  cache.push(stage.frame(audioConfig(), 10 * MS))
  cache.push(stage.frame(video, 40 * MS, false))
  expect(cache.frames).toHaveLength(3)
  cache.push(stage.frame(video, 80 * MS, true))
  expect(times(cache.frames)).toEqual([80])
})

test.each([
  ['bytes', (i: number) => stage.frame(video, i * MS, i === 0, 100)],
  ['frames', (i: number) => stage.frame(video, i * MS, i === 0)],
])('past its limit of %s it is off until the next keyframe', (_name, make) => {
  const cache = new GopCache(limits)
  for (let i = 0; i < 25; i++) cache.push(make(i))
  expect(cache.frames).toHaveLength(0)
  expect(cache.bytes).toBe(0)
  expect(cache.overflows).toBe(1)
  cache.push(stage.frame(video, 100 * SECOND, true))
  expect(cache.frames).toHaveLength(1)
})

test('a picture that rests stays for as long as nothing newer comes, whatever sound passes', () => {
  const cache = new GopCache(limits)
  cache.push(stage.frame(video, 0, true))
  for (let i = 1; i < 500; i++) cache.push(stage.frame(audioConfig(), i * SECOND))
  expect(cache.frames[0]).toMatchObject({ dts: 0, keyframe: true })
  expect(times(cache.frames).at(-1)).toBe(499_000)
})

test('a lenient decoder starts at the last recovery point whose picture is whole', () => {
  const cache = new GopCache(limits)
  cache.push(stage.frame(video, 0, true))
  for (let i = 1; i < 9; i++) cache.push(i % 3 === 0 ? recoveryPoint(i * MS, 2) : stage.frame(video, i * MS, false))
  expect(times(cache.recent)).toEqual([6, 7, 8])
  cache.push(recoveryPoint(9 * MS, 2))
  expect(times(cache.recent)).toEqual([6, 7, 8, 9])
  expect(times(cache.frames)[0]).toBe(0)
})

test('past a limit it begins at a recovery point, where there is one', () => {
  const cache = new GopCache(limits)
  for (let i = 0; i < 100; i++) cache.push(i % 5 === 0 ? recoveryPoint(i * MS, 4) : stage.frame(video, i * MS, i === 0))
  expect(cache.frames[0]!.recovery).toBe(4)
  expect(times(cache.recent)).toEqual([95, 96, 97, 98, 99])
})

test('many caches together hold no more than the total', () => {
  const total = new CacheTotal()
  const caches = Array.from({ length: 30 }, () => new GopCache(limits, total))
  for (let i = 0; i < 9; i++) for (const cache of caches) cache.push(stage.frame(video, i * MS, i === 0, 100))
  expect(total.bytes).toBeLessThanOrEqual(limits.totalBytes)
  for (const cache of caches) cache.clear()
  expect(total.bytes).toBe(0)
})

const frames = fc.array(
  fc.record({ kind: fc.constantFrom('key', 'inter', 'recovery', 'sound'), recovery: fc.nat(30), bytes: fc.nat(200) }),
  {
    maxLength: 200,
  },
)

test('the cache stays within its limits for any input, begins at a decodable picture, and misses none after it', () => {
  fc.assert(
    fc.property(frames, (input) => {
      const total = new CacheTotal()
      const cache = new GopCache(limits, total)
      const pictures: number[] = []
      for (const [i, { kind, recovery, bytes }] of input.entries()) {
        const config = kind === 'sound' ? audioConfig() : video
        const frame = stage.frame(config, i * SECOND, kind === 'key' || kind === 'sound', bytes)
        cache.push(kind === 'recovery' ? { ...frame, recovery } : frame)
        if (kind !== 'sound') pictures.push(i)
        expect(cache.bytes).toBeLessThanOrEqual(limits.bytes)
        expect(cache.bytes).toBe(total.bytes)
        expect(cache.frames.length).toBeLessThanOrEqual(limits.frames)
        for (const held of [cache.frames, cache.recent]) {
          const [first] = held
          if (first === undefined) continue
          expect(first.config.kind === 'video' && (first.keyframe || first.recovery !== undefined)).toBe(true)
          const from = first.dts / SECOND
          const kept = held.filter((one) => one.config.kind === 'video').map(({ dts }) => dts / SECOND)
          expect(kept).toEqual(pictures.filter((at) => at >= from))
        }
      }
    }),
  )
})
