import { expect, test } from 'vitest'

import { PlayRoute } from './play-route.js'

const play = { rtmp: 'rtmp://a', flv: 'http://a' }

test('the preferred protocol is played first', () => {
  expect(new PlayRoute(play, 'rtmp').url).toBe('rtmp://a')
  expect(new PlayRoute(play, 'flv').url).toBe('http://a')
})

test('-2301 goes to the other protocol and back, each with a player made anew', () => {
  const route = new PlayRoute(play, 'rtmp')
  expect([route.handleCode(-2301), route.url, route.generation]).toEqual([true, 'http://a', 1])
  expect([route.handleCode(-2301), route.url, route.generation]).toEqual([true, 'rtmp://a', 2])
})

test('the second 2103 without a picture between goes to the other protocol', () => {
  const route = new PlayRoute(play, 'flv')
  expect([2103, 2004, 2103].map((code) => route.handleCode(code))).toEqual([false, false, false])
  expect(route.handleCode(2103)).toBe(true)
  expect(route.url).toBe('rtmp://a')
})

test('a changed address makes the player anew, the same one does not', () => {
  const route = new PlayRoute(play, 'rtmp')
  expect(route.update({ ...play })).toBe(false)
  expect(route.update({ rtmp: 'rtmp://b', flv: 'http://a' })).toBe(true)
  expect([route.url, route.generation]).toEqual(['rtmp://b', 1])
})

test.each([2001, 2002, 2003, 2007, 2105, 3005])('%d is left to the player', (code) => {
  expect(new PlayRoute(play, 'rtmp').handleCode(code)).toBe(false)
})
