import { WireReader } from '@crossroom/media'
import { expect, test } from 'vitest'
import { advanceMessage, MESSAGE_TYPE, parseAdvance } from './message.js'

test('a time comes out as it went in', () => {
  const got: unknown[] = []
  new WireReader((message) => got.push(message.type, message.channel, parseAdvance(message))).push(
    advanceMessage(3, 1_234_567),
  )
  expect(got).toEqual([MESSAGE_TYPE.advance, 3, 1_234_567])
})
