import { expect, test } from 'vitest'
import type { PublishState } from '@crossroom/protocol'

import { FakeClock } from '../testing/fake-clock.js'
import { PushKeeper } from './push-keeper.js'

function keep(): { clock: FakeClock; keeper: PushKeeper; told: string[]; published: (state: PublishState) => void } {
  const clock = new FakeClock()
  const told: string[] = []
  const keeper = new PushKeeper({
    platform: clock,
    restart: () => told.push(`restart ${clock.now()}`),
    gaveUp: () => told.push(`gave up ${clock.now()}`),
  })
  keeper.want()
  const published = (state: PublishState): void =>
    keeper.handlePublished({ streamType: 'main', state, hasAudio: true, hasVideo: true })
  return { clock, keeper, told, published }
}

test.each([-1307, 3004])('%d pushes again after a moment', (code) => {
  const { clock, keeper, told } = keep()
  keeper.handleCode(code)
  expect(told).toEqual([])
  clock.advance(200)
  expect(told).toEqual(['restart 200'])
})

test.each([1101, 1102, 3002, 1002])('%d is left to LiteAV', (code) => {
  const { clock, keeper, told } = keep()
  keeper.handleCode(code)
  clock.advance(60_000)
  expect(told).toEqual([])
})

test.each(['stalled', 'ended'] as const)('a stream that is %s at the server is pushed again', (state) => {
  const { clock, told, published } = keep()
  published('live')
  published(state)
  clock.advance(200)
  expect(told).toEqual(['restart 200'])
})

test('the end of the old push, told while the new one begins, is no reason for another', () => {
  const { clock, keeper, told, published } = keep()
  keeper.handleCode(-1307)
  clock.advance(200)
  published('ended')
  published('live')
  clock.advance(60_000)
  expect(told).toEqual(['restart 200'])
})

test('a push that never becomes live is tried with growing waits, then given up', () => {
  const { clock, keeper, told } = keep()
  keeper.handleCode(-1307)
  clock.advance(120_000)
  expect(told.slice(0, 3)).toEqual(['restart 200', 'restart 6200', 'restart 13200'])
  expect(told.at(-1)).toMatch(/^gave up/)
  expect(told).toHaveLength(8)
})

test('-1307 during the wait for frames does not wait for their deadline', () => {
  const { clock, keeper, told } = keep()
  keeper.handleCode(-1307)
  clock.advance(200)
  keeper.handleCode(-1307)
  clock.advance(1000)
  expect(told).toEqual(['restart 200', 'restart 1200'])
})

test('a live stream makes the waits short again', () => {
  const { clock, keeper, told, published } = keep()
  keeper.handleCode(-1307)
  clock.advance(200)
  published('live')
  clock.advance(1000)
  keeper.handleCode(-1307)
  clock.advance(200)
  expect(told).toEqual(['restart 200', 'restart 1400'])
})

test('nothing is pushed again after leaving, a pause or a refusal', () => {
  for (const end of ['unwant', 'refused'] as const) {
    const { clock, keeper, told, published } = keep()
    keeper.handleCode(-1307)
    if (end === 'unwant') keeper.unwant()
    else published('refused')
    published('ended')
    keeper.pushAgain()
    clock.advance(60_000)
    expect(told).toEqual([])
  }
})

test('with camera and microphone off, silence is no reason to push again, but a lost connection is', () => {
  const { clock, keeper, told, published } = keep()
  keeper.expectFrames(false)
  published('stalled')
  clock.advance(60_000)
  expect(told).toEqual([])
  keeper.handleCode(-1307)
  clock.advance(60_000)
  expect(told).toEqual(['restart 60200'])
})

test('a shown page pushes at once', () => {
  const { keeper, told } = keep()
  keeper.pushAgain()
  expect(told).toEqual(['restart 0'])
})
