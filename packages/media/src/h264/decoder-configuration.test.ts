import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { ParameterSetTracker } from '../nal/parameter-set-tracker.js'
import { videoConfigFromAvcRecord, videoConfigFromH264 } from './config.js'
import { buildAvcDecoderConfiguration, parseAvcDecoderConfiguration } from './decoder-configuration.js'
import { h264ParameterSets } from './parameter-sets.js'
import { avcRecordCases } from './sps.cases.js'
import { buildSps } from './sps.fake.js'

test.each(avcRecordCases)('a record of $name', ({ hex, facts }) => {
  const record = bytesOf(hex)
  expect(videoConfigFromAvcRecord(record)).toMatchObject({ kind: 'video', codec: 'h264', nalLengthSize: 4, ...facts })
  const parsed = parseAvcDecoderConfiguration(record)
  expect(hexOf(buildAvcDecoderConfiguration(parsed!.sps, parsed!.pps)!)).toBe(hex)
})

test('the record is copied: the caller may reuse its bytes', () => {
  const record = bytesOf(avcRecordCases[0].hex)
  const config = videoConfigFromAvcRecord(record)!
  record.fill(0)
  expect(hexOf(config.description)).toBe(avcRecordCases[0].hex)
  expect(config.parameterSets.map((set) => set[0]! & 0x1f)).toEqual([7, 8])
})

test('hints win over the bitstream, and unknown fields are absent', () => {
  const { sps, pps } = parseAvcDecoderConfiguration(bytesOf(avcRecordCases[0].hex))!
  const config = videoConfigFromH264(sps, pps, { frameRate: 15, bitrate: 1_000_000, orientation: 90 })
  expect(config).toMatchObject({ frameRate: 15, bitrate: 1_000_000, orientation: 90 })
  expect('bitrate' in videoConfigFromH264(sps, pps)!).toBe(false)
})

test('every shorter piece of a record is refused, up to the optional chroma format', () => {
  const record = bytesOf(avcRecordCases[0].hex)
  for (let length = 0; length < record.length - 4; length++) {
    expect(parseAvcDecoderConfiguration(record.subarray(0, length))).toBeUndefined()
  }
})

test.each([
  ['version 2', '02' + avcRecordCases[1].hex.slice(2)],
  ['lengths of three bytes', avcRecordCases[1].hex.replace('0cffe1', '0cfee1')],
  ['no SPS', '0142c00cffe001000568cb83cb20'],
  ['no PPS', avcRecordCases[1].hex.replace('01000568cb83cb20', '00')],
  ['a PPS in place of the SPS', '0142c00cffe1000568cb83cb2001000568cb83cb20'],
])('refused: %s', (_, hex) => {
  expect(parseAvcDecoderConfiguration(bytesOf(hex))).toBeUndefined()
})

test('a config follows the parameter sets inside a stream, and a repetition changes nothing', () => {
  const config = videoConfigFromAvcRecord(bytesOf(avcRecordCases[0].hex))!
  const tracker = new ParameterSetTracker(h264ParameterSets)
  tracker.reset(config.parameterSets)
  expect(tracker.observe(config.parameterSets)).toBe(false)
  expect(tracker.observe([bytesOf('65888480')])).toBe(false)
  const larger = buildSps({ macroblocksWide: 40, macroblocksHigh: 30 })
  expect(tracker.observe([larger, config.parameterSets[1]!])).toBe(true)
  expect(tracker.observe([larger, config.parameterSets[1]!])).toBe(false)
  expect(tracker.config({ bitrate: 5 })).toMatchObject({ width: 640, height: 480, bitrate: 5 })
})

test('an SPS under another id becomes the one that counts', () => {
  const tracker = new ParameterSetTracker(h264ParameterSets)
  const pps = bytesOf('68cb83cb20')
  tracker.observe([buildSps({ id: 0 }), pps])
  tracker.observe([buildSps({ id: 1, macroblocksWide: 40 })])
  expect(tracker.config()).toMatchObject({ width: 640 })
  expect(tracker.config()?.parameterSets.length).toBe(3)
})
