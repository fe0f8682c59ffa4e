import { expect, test } from 'vitest'

import { parseQuirks } from './quirk-options.js'

test('quirks are read with and without values', () => {
  expect(parseQuirks(['without-1002', 'gop=5', 'silent-microphone=nothing', 'interleaved-audio=false'])).toEqual({
    without1002: true,
    gopSeconds: 5,
    silentMicrophone: 'nothing',
    interleavedAudio: false,
  })
})

test.each([
  ['unheard-of', /no quirk unheard-of; there are interleaved-audio/],
  ['gop', /takes a number/],
  ['gop=many', /takes a number/],
  ['gop=-1', /takes a number/],
  ['without-1002=maybe', /true or false/],
  ['dark-camera=grey', /black or nothing/],
  ['player-cache=huge', /asked or short or long/],
])('%s is refused with a sentence', (text, sentence) => {
  expect(() => parseQuirks([text])).toThrow(sentence)
})
