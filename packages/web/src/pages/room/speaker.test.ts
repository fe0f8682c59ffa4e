import { expect, test } from 'vitest'
import { SpeakerFollower } from './speaker.js'

const levels = (all: Record<string, number>): ReadonlyMap<string, number> => new Map(Object.entries(all))

test('the view follows the loudest member; another member’s cough changes nothing', () => {
  const follower = new SpeakerFollower()
  expect(follower.update(0, levels({ a: 2, b: 3 }))).toBeUndefined()
  expect(follower.update(250, levels({ a: 40, b: 3 }))).toBe('a')
  expect(follower.update(500, levels({ a: 30, b: 90 }))).toBe('a')
  expect(follower.update(1000, levels({ a: 0, b: 60 }))).toBe('a')
  expect(follower.update(2100, levels({ a: 0, b: 60 }))).toBe('b')
})

test('the last speaker stays during silence, and goes when leaving', () => {
  const follower = new SpeakerFollower()
  follower.update(0, levels({ a: 50, b: 0 }))
  expect(follower.update(60_000, levels({ a: 0, b: 0 }))).toBe('a')
  expect(follower.update(60_250, levels({ b: 0 }))).toBeUndefined()
})
