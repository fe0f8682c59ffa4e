import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readStreams, streamNameOf } from './streams.js'

test('pasted text is tidied into a stream name', () => {
  expect(streamNameOf(' /live/camera1.flv ')).toBe('live/camera1')
  expect(streamNameOf('live/camera1')).toBe('live/camera1')
  for (const bad of [
    '',
    'live',
    'live/',
    '/live',
    'live/a/b',
    'live/.a',
    'live/a b',
    '<b>/x',
    `live/${'a'.repeat(129)}`,
  ]) {
    expect(streamNameOf(bad), bad).toBeUndefined()
  }
})

test('live streams come first, then names in the order people count', () => {
  const streams = ['live/cam10', 'live/cam9', 'live/off'].map((name) => ({
    name,
    state: name.endsWith('off') ? 'grace' : 'live',
    viewers: 2,
    video: { codec: 'h264', width: 640, height: 360 },
    play: { rtmp: `rtmp://h/${name}`, odd: 7 },
  }))
  const read = readStreams({ streams: streams.reverse() })
  expect(read.map(({ name }) => name)).toEqual(['live/cam9', 'live/cam10', 'live/off'])
  expect(read[0]).toEqual({
    name: 'live/cam9',
    live: true,
    viewers: 2,
    video: { codec: 'h264', width: 640, height: 360 },
    play: { rtmp: 'rtmp://h/live/cam9' },
  })
})

test('an answer of any shape makes a list', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ streams: fc.array(fc.jsonValue()) })), (answer) => {
      for (const { name, viewers } of readStreams(answer)) {
        expect(typeof name).toBe('string')
        expect(typeof viewers).toBe('number')
      }
    }),
  )
})

test('room streams and lower layers are in no list of plain streams', () => {
  const member = { roomId: 'lesson', userId: 'ann', streamType: 'main' }
  const streams = [
    { name: 'lesson/ann/main', ...member },
    { name: 'lesson/mix', ...member, streamType: 'mix' },
    { name: 'live/a/small' },
    { name: 'live/a' },
  ]
  expect(readStreams({ streams }).map(({ name }) => name)).toEqual(['live/a'])
})
