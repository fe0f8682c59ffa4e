import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { audioConfigFromOpusHead, buildOpusHead, parseOpusHead } from './opus-head.js'
import { opusFrameSamples, opusPacketSamples } from './toc.js'

test('frame sizes follow table 2 of RFC 6716', () => {
  const ms = (config: number) => opusFrameSamples(config << 3) / 48
  const silk = [10, 20, 40, 60]
  const celt = [2.5, 5, 10, 20]
  const table = [...silk, ...silk, ...silk, 10, 20, 10, 20, ...celt, ...celt, ...celt, ...celt]
  expect(Array.from({ length: 32 }, (_, config) => ms(config))).toEqual(table)
})

test.each([
  ['one frame of 20 ms', 'fc00', 960],
  ['two frames of equal size', 'fd00', 1920],
  ['two frames of different size', 'fe00', 1920],
  ['six frames of 20 ms', 'ff06', 5760],
  ['seven frames, 140 ms', 'ff07', undefined],
  ['no frame', 'ff00', undefined],
  ['the frame count is missing', 'ff', undefined],
  ['nothing', '', undefined],
])('packet: %s', (_, hex, samples) => {
  expect(opusPacketSamples(bytesOf(hex))).toBe(samples)
})

/** By libopus through ffmpeg 5.1. */
const libopusHead = '4f707573486561640101380180bb0000000000'

test('an identification header is read, and built the same', () => {
  const head = parseOpusHead(bytesOf(libopusHead))!
  expect(head).toEqual({ channels: 1, preSkip: 312, inputSampleRate: 48000 })
  expect(hexOf(buildOpusHead(head))).toBe(libopusHead)
  expect(audioConfigFromOpusHead(bytesOf(libopusHead))).toMatchObject({ codec: 'opus', sampleRate: 48000, channels: 1 })
})

test.each([
  ['another magic', libopusHead.replace('4f70', '4f71')],
  ['a later major version', libopusHead.replace('640101', '641001')],
  ['no channels', libopusHead.replace('640101', '640100')],
  ['three channels of family 0', libopusHead.replace('640101', '640103')],
  ['family 1 without its table', libopusHead.slice(0, -2) + '01'],
  ['18 bytes', libopusHead.slice(0, -2)],
])('refused: %s', (_, hex) => {
  expect(parseOpusHead(bytesOf(hex))).toBeUndefined()
})
