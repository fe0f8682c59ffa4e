import { beforeEach, expect, test } from 'vitest'
import { measure, totalsOf, type Look } from '../measured.js'
import { MonitorModel } from './monitor-model.js'
import type { WallStream } from './room-streams.js'
import type { Wall } from './wall-streams.js'

let answer: Wall
let model: MonitorModel
const stream = (key: string): WallStream => ({ key, name: key, path: key, snapshot: '', isLive: true, viewers: 2 })

beforeEach(() => {
  answer = { kind: 'streams', streams: [stream('live/a'), stream('live/b')] }
  const source = { picture: () => Promise.resolve(undefined), close: () => undefined }
  model = new MonitorModel({ fetch: () => Promise.resolve(answer), ...source })
})

test('the wall follows the server; what is gone is not large any more', async () => {
  await model.refresh()
  model.toggleLarge('live/b')
  expect(model.viewers.value).toBe(4)
  answer = { kind: 'streams', streams: [stream('live/a')] }
  await model.refresh()
  expect(model.streams.value.map(({ key }) => key)).toEqual(['live/a'])
  expect(model.large.value).toBeUndefined()
})

test('a server that does not answer for a moment takes nothing down', async () => {
  await model.refresh()
  answer = { kind: 'hidden', why: 'unreachable' }
  await model.refresh()
  expect(model.streams.value).toHaveLength(2)
  answer = { kind: 'hidden', why: 'key' }
  await model.refresh()
  expect(model.wall.value).toEqual(answer)
})

test('one stream is heard at a time', () => {
  model.toggleHeard('a')
  model.toggleHeard('b')
  expect(model.heard.value).toBe('b')
  model.toggleHeard('b')
  expect(model.heard.value).toBeUndefined()
})

const look = (atMs: number, more: Partial<Look['sample']>, droppedPictures = 0): Look => ({
  atMs,
  sample: { delay: [], ...more },
  droppedPictures,
  width: 640,
  height: 360,
})

test('figures are what changed between two looks', () => {
  const before = look(1000, { bytes: 1000, pictures: 10 })
  const now = look(2000, { bytes: 3000, pictures: 35, delay: [{ kind: 'whole', ms: 80 }], packetsLost: 2 }, 1)
  expect(measure(before, now)).toEqual({
    delayMs: 80,
    bytesPerSecond: 2000,
    picturesPerSecond: 25,
    dropped: 3,
    width: 640,
    height: 360,
  })
  expect(measure(undefined, now).bytesPerSecond).toBeUndefined()
})

test('the sums are over what is known', () => {
  const known = { delayMs: 80, bytesPerSecond: 100, dropped: 1, width: 1, height: 1 }
  expect(totalsOf([known, { dropped: 2, width: 0, height: 0 }, { ...known, delayMs: 120 }])).toEqual({
    worstDelayMs: 120,
    bytesPerSecond: 200,
    dropped: 4,
  })
  expect(totalsOf([])).toEqual({ bytesPerSecond: 0, dropped: 0 })
})
