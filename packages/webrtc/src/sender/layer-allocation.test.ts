import { expect, test } from 'vitest'
import { LayerAllocation, type LayeredVideo } from './layer-allocation.js'

const SECOND = 1_000_000
const high: LayeredVideo = { bitrate: 1_500_000, isLow: false, canBeLow: true }
const low: LayeredVideo = { bitrate: 300_000, isLow: true, canBeLow: true }
const single: LayeredVideo = { bitrate: 1_500_000, isLow: false, canBeLow: false }

test('a path that is not overfull gets what is wanted', () => {
  expect(new LayerAllocation().decide(0, Infinity, [high, high, single])).toEqual([])
})

test('the least important video drops to its lower layer first, and only as much as necessary', () => {
  const allocation = new LayerAllocation()
  expect(allocation.decide(0, 4_000_000, [high, high, high])).toEqual([{ index: 2, toLow: true }])
  expect(allocation.decide(0, 2_600_000, [high, high, high])).toEqual([
    { index: 2, toLow: true },
    { index: 1, toLow: true },
  ])
  expect(allocation.decide(0, 3_000_000, [high, high, single])).toEqual([
    { index: 1, toLow: true },
    { index: 0, toLow: true },
  ])
  expect(allocation.decide(0, 100_000, [low, single])).toEqual([])
})

test('they come back one by one after the path was good for a while, the most important first', () => {
  const allocation = new LayerAllocation()
  allocation.decide(0, 1_000_000, [high, high])
  const raised: [number, number][] = []
  const videos = [low, low]
  for (let now = 0; now <= 30 * SECOND; now += SECOND / 4) {
    for (const { index } of allocation.decide(now, Infinity, videos)) {
      raised.push([now / SECOND, index])
      videos[index] = high
    }
  }
  expect(raised).toEqual([
    [15, 0],
    [17, 1],
  ])
})

test('a try that fills the path again makes the next one wait longer, up to a minute', () => {
  const allocation = new LayerAllocation()
  let video = high
  const tries: number[] = []
  for (let now = 0; now <= 400 * SECOND; now += SECOND / 4) {
    // The path shows that it is overfull as long as the higher layer is sent.
    const budget = video === high ? 500_000 : Infinity
    for (const { toLow } of allocation.decide(now, budget, [video])) {
      video = toLow ? low : high
      if (!toLow) tries.push(now)
    }
  }
  const waits = tries.slice(1).map((at, index) => Math.round((at - tries[index]!) / SECOND))
  expect(waits.slice(0, 4)).toEqual([30, 60, 64, 64])
})
