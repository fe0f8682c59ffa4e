import { expect, test } from 'vitest'
import { bytesOf, hexOf } from '../bytes/hex.fake.js'
import { ParameterSetTracker } from '../nal/parameter-set-tracker.js'
import { temporalLayersOf, videoConfigFromHevcRecord } from './config.js'
import { buildHevcDecoderConfiguration, parseHevcDecoderConfiguration } from './decoder-configuration.js'
import { hevcRecordCases } from './h265.cases.js'
import { hasIrap, isH265Droppable } from './nal.js'
import { h265ParameterSets } from './parameter-sets.js'
import { parseH265Sps } from './sps.js'

test.each(hevcRecordCases)('a record of $name', ({ hex, facts }) => {
  const record = bytesOf(hex)
  const config = videoConfigFromHevcRecord(record)!
  expect(config).toMatchObject({ kind: 'video', codec: 'h265', nalLengthSize: 4, ...facts })
  expect(config.parameterSets.map((set) => (set[0]! >> 1) & 0x3f)).toEqual([32, 33, 34])
  expect(temporalLayersOf(config)).toBe(1)
  const { vps, sps, pps } = parseHevcDecoderConfiguration(record)!
  expect(hexOf(buildHevcDecoderConfiguration(vps, sps, pps)!)).toBe(hex)
})

test('every shorter piece of a record or of an SPS is refused', () => {
  const record = bytesOf(hevcRecordCases[0].hex)
  for (let length = 0; length < record.length; length++) {
    expect(parseHevcDecoderConfiguration(record.subarray(0, length))).toBeUndefined()
  }
  const sps = parseHevcDecoderConfiguration(record)!.sps[0]!
  for (let length = 0; length < 25; length++) expect(parseH265Sps(sps.subarray(0, length))).toBeUndefined()
})

test('65535 units of a record are not believed', () => {
  const record = bytesOf(hevcRecordCases[0].hex)
  record[24] = 0xff
  record[25] = 0xff
  expect(parseHevcDecoderConfiguration(record)).toBeUndefined()
})

test('a config follows the parameter sets inside a stream', () => {
  const tracker = new ParameterSetTracker(h265ParameterSets)
  tracker.reset(videoConfigFromHevcRecord(bytesOf(hevcRecordCases[0].hex))!.parameterSets)
  const others = videoConfigFromHevcRecord(bytesOf(hevcRecordCases[1].hex))!
  expect(tracker.observe([bytesOf('2601af'), bytesOf('26')])).toBe(false)
  expect(tracker.observe(others.parameterSets)).toBe(true)
  expect(tracker.config()).toMatchObject({ codecString: others.codecString })
})

test.each([
  ['IDR_W_RADL', ['2601'], true],
  ['CRA', ['2a01'], true],
  ['BLA_W_LP', ['2001'], true],
  ['TRAIL_R', ['0201'], false],
  ['parameter sets alone', ['4001', '4201', '4401'], false],
])('a decoder may start at %s: %s', (_, units, irap) => {
  expect(hasIrap(units.map(bytesOf))).toBe(irap)
})

test.each([
  ['TRAIL_N, one layer', ['0001'], 1, true],
  ['TRAIL_R', ['0201'], 1, false],
  ['RASL_N behind an SEI', ['4e01', '1001'], 1, true],
  ['TRAIL_N in the lower of two layers', ['0001'], 2, false],
  ['TSA_N in the higher of two layers', ['0402'], 2, true],
  ['an IDR picture', ['2601'], 1, false],
  ['no slice', ['4e01'], 1, false],
])('droppable: %s', (_, units, layers, droppable) => {
  expect(isH265Droppable(units.map(bytesOf), layers)).toBe(droppable)
})
