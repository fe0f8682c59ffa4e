import { encodeAmf0Values } from '@crossroom/media'
import { expect, test } from 'vitest'
import { splitAggregate } from './aggregate.js'
import { bodyInAmf0, encodeCommand, parseCommand } from './command.js'
import { encodeControlValue, encodePeerBandwidth, parseControlValue } from './protocol-control.js'
import { isServerNotice, prependSetDataFrame, stripSetDataFrame } from './script-data.js'
import { encodeSetBufferLength, encodeUserControl, parseUserControl } from './user-control.js'

test('control values are 32 bits, unsigned', () => {
  for (const value of [0, 1, 2_500_000, 0xffffffff]) expect(parseControlValue(encodeControlValue(value))).toBe(value)
  expect(parseControlValue(Uint8Array.of(1, 2, 3))).toBeUndefined()
  expect(encodePeerBandwidth(0x01020304)).toEqual(Uint8Array.of(1, 2, 3, 4, 2))
})

test('user control events', () => {
  const ping = { event: 6, value: 0xfedcba98 }
  expect(encodeUserControl(ping)).toEqual(Uint8Array.of(0, 6, 0xfe, 0xdc, 0xba, 0x98))
  expect(parseUserControl(encodeUserControl(ping))).toEqual(ping)
  expect(encodeSetBufferLength(1, 1000)).toEqual(Uint8Array.of(0, 3, 0, 0, 0, 1, 0, 0, 3, 0xe8))
  expect(parseUserControl(Uint8Array.of(0, 6, 0, 0, 0))).toBeUndefined()
})

test('commands', () => {
  const command = { name: 'publish', transactionId: 5, object: null, args: ['x', 'live'] }
  expect(parseCommand(encodeCommand(command))).toEqual(command)
  expect(parseCommand(encodeAmf0Values(['createStream', 2]))).toEqual({
    name: 'createStream',
    transactionId: 2,
    object: undefined,
    args: [],
  })
  expect(parseCommand(Uint8Array.of(2, 0))).toBeUndefined()
})

test('AMF3 commands are AMF0 after a zero byte', () => {
  expect(bodyInAmf0(Uint8Array.of(0, 5), true)).toEqual(Uint8Array.of(5))
  expect(bodyInAmf0(Uint8Array.of(0, 5), false)).toEqual(Uint8Array.of(0, 5))
  expect(bodyInAmf0(Uint8Array.of(0x11, 5), true)).toBeUndefined()
  expect(bodyInAmf0(Uint8Array.of(), true)).toBeUndefined()
})

test('@setDataFrame comes and goes, @clearDataFrame says nothing', () => {
  const body = encodeAmf0Values(['onMetaData', {}])
  expect(prependSetDataFrame(body)).toEqual(encodeAmf0Values(['@setDataFrame', 'onMetaData', {}]))
  expect(stripSetDataFrame(prependSetDataFrame(body))).toEqual(body)
  expect(stripSetDataFrame(body)).toBe(body)
  expect(stripSetDataFrame(encodeAmf0Values(['@clearDataFrame', 'onMetaData']))).toBeUndefined()
  expect(isServerNotice(encodeAmf0Values(['|RtmpSampleAccess', true, true]))).toBe(true)
  expect(isServerNotice(body)).toBe(false)
})

test('an aggregate is cut at its tags and moved to the time of its message', () => {
  const tags = [9, 0, 0, 1, 0, 0, 10, 0, 0, 0, 0, 0xaa, 0, 0, 0, 12, 8, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0]
  const seen: unknown[] = []
  const visit = (type: number, timestamp: number, body: Uint8Array): number => seen.push([type, timestamp, [...body]])
  expect(splitAggregate(Uint8Array.from(tags), 0xffffffff, visit)).toBe(true)
  expect(seen).toEqual([
    [9, 0xffffffff, [0xaa]],
    [8, 0xfffffffa, []],
  ])
  expect(splitAggregate(Uint8Array.from(tags.slice(0, -1)), 0, visit)).toBe(false)
  expect(splitAggregate(Uint8Array.of(9, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1), 0, visit)).toBe(false)
})
