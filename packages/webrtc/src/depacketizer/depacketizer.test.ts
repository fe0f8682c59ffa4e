import { expect, test } from 'vitest'
import { bytesFromHex } from '../rtp/rtp.fake.js'
import { MAX_PACKETS_PER_FRAME, MAX_UNITS_PER_FRAME } from './depacketizer.js'
import { H264Depacketizer } from './h264.js'
import { depacketizers, payloadCases, redCases } from './payloads.cases.js'
import { MAX_RED_BLOCKS, parseRed } from './red.js'
import { Vp8Depacketizer } from './vp8.js'

test.each(payloadCases)('$codec: $name', ({ codec, payloads, units, keyframe = false, droppable = false }) => {
  const depacketizer = depacketizers[codec]()
  for (const payload of payloads) depacketizer.push(bytesFromHex(payload))
  expect(depacketizer.finish()).toEqual(units && { units: units.map(bytesFromHex), keyframe, droppable })
})

test.each(payloadCases)('$codec: after "$name" the next frame is untouched', ({ codec, payloads }) => {
  const depacketizer = depacketizers[codec]()
  const good = payloadCases.find((one) => one.codec === codec && one.units !== undefined)!
  for (const payload of payloads) depacketizer.push(bytesFromHex(payload))
  depacketizer.finish()
  for (const payload of good.payloads) depacketizer.push(bytesFromHex(payload))
  expect(depacketizer.finish()?.units).toEqual(good.units!.map(bytesFromHex))
})

test.each([
  { codec: 'h264', payload: '67 42', starts: true },
  { codec: 'h264', payload: '41 9a', starts: true },
  { codec: 'h264', payload: '41 1a', starts: false },
  { codec: 'h264', payload: '78 0002 6742', starts: true },
  { codec: 'h264', payload: '78 0002 411a', starts: false },
  { codec: 'h264', payload: '5c 81 9a', starts: true },
  { codec: 'h264', payload: '7c 85 88', starts: false },
  { codec: 'h264', payload: '5c 81 1a', starts: false },
  { codec: 'h264', payload: '7c 05 88', starts: false },
  { codec: 'h264', payload: '', starts: false },
  { codec: 'h265', payload: '4001 aa', starts: true },
  { codec: 'h265', payload: '0201 80', starts: true },
  { codec: 'h265', payload: '0201 00', starts: false },
  { codec: 'h265', payload: '6001 0003 4001aa', starts: true },
  { codec: 'h265', payload: '6201 81 80', starts: true },
  { codec: 'h265', payload: '6201 93 80', starts: false },
  { codec: 'h265', payload: '6201 13 80', starts: false },
  { codec: 'vp8', payload: '10 50', starts: true },
  { codec: 'vp8', payload: '11 50', starts: false },
  { codec: 'vp8', payload: '00 50', starts: false },
  { codec: 'vp9', payload: '8c 01 a1', starts: true },
  { codec: 'vp9', payload: 'ac 01 02 05 a1', starts: false },
  { codec: 'vp9', payload: '84 01 a1', starts: false },
  { codec: 'av1', payload: '18 08 0a', starts: true },
  { codec: 'av1', payload: '90 a2', starts: false },
  { codec: 'av1', payload: '10 20 aa', starts: false },
  { codec: 'av1', payload: '00 02 20 aa', starts: false },
] as const)('$codec: $payload begins a frame: $starts', ({ codec, payload, starts }) => {
  expect(depacketizers[codec]().startsFrame(bytesFromHex(payload))).toBe(starts)
})

test.each(redCases)('RED: $name', ({ hex, blocks }) => {
  const parsed = parseRed(bytesFromHex(hex))
  expect(
    parsed?.map(
      (block) => `${block.payloadType} ${block.timestampOffset} ${Buffer.from(block.payload).toString('hex')}`,
    ),
  ).toEqual(blocks)
})

test('parameter sets with a timestamp of their own go with the next picture', () => {
  const depacketizer = new H264Depacketizer()
  depacketizer.push(bytesFromHex('78 0002 6742 0002 68ce'))
  expect(depacketizer.finish()).toEqual({ units: [], keyframe: false, droppable: false })
  depacketizer.push(bytesFromHex('65 88 aa'))
  expect(depacketizer.finish()?.units).toEqual([bytesFromHex('6742'), bytesFromHex('68ce'), bytesFromHex('6588aa')])
  depacketizer.push(bytesFromHex('41 9a'))
  expect(depacketizer.finish()?.units).toEqual([bytesFromHex('419a')])
})

test('RED: an empty block still counts for the distance of those before it', () => {
  expect(parseRed(bytesFromHex('ef 1e0001 ef 0f0000 6f a1 a3'))?.map((block) => block.packetsBack)).toEqual([2, 0])
})

test('RED: a payload of headers is refused at the limit', () => {
  const headers = new Uint8Array(4 * MAX_RED_BLOCKS + 2).fill(0x80)
  expect(parseRed(headers)).toBeUndefined()
})

test('W9: a frame of 10^5 packets is refused and holds no more than its limit', () => {
  const depacketizer = new H264Depacketizer()
  let accepted = 0
  for (let packet = 0; packet < 100_000; packet++) {
    if (depacketizer.push(Uint8Array.of(0x7c, packet === 0 ? 0x85 : 0x05, 1))) accepted++
  }
  expect(accepted).toBeLessThanOrEqual(MAX_PACKETS_PER_FRAME)
  expect(depacketizer.finish()).toBeUndefined()
})

test('W9: a frame of more than 4 MiB is refused', () => {
  const data = new Uint8Array(60_000).fill(0x10)
  const vp8 = new Vp8Depacketizer()
  const h264 = new H264Depacketizer()
  const results = Array.from({ length: 72 }, () => [vp8.push(data), h264.push(data.with(0, 0x41))])
  expect(results[0]).toEqual([true, true])
  expect(results.at(-1)).toEqual([false, false])
  expect([vp8.finish(), h264.finish()]).toEqual([undefined, undefined])
})

test('W9: more NAL units than any encoder makes are refused', () => {
  const aggregate = Uint8Array.from(
    { length: 1 + 3 * (MAX_UNITS_PER_FRAME + 1) },
    (_, index) => [0x78, 0, 1, 0x41][index === 0 ? 0 : 1 + ((index - 1) % 3)]!,
  )
  const depacketizer = new H264Depacketizer()
  expect(depacketizer.push(aggregate)).toBe(false)
})

test.each([
  { codec: 'h264', payload: '65 88', is: true },
  { codec: 'h264', payload: '67 42', is: false },
  { codec: 'h264', payload: '41 9a', is: false },
  { codec: 'h264', payload: '78 0002 6742 0002 6588', is: true },
  { codec: 'h264', payload: '78 0002 6742 0002 68ce', is: false },
  { codec: 'h264', payload: '78 00', is: false },
  { codec: 'h264', payload: '7c 05 88', is: true },
  { codec: 'h264', payload: '5c 81 9a', is: false },
  { codec: 'h264', payload: '7c', is: false },
  { codec: 'h265', payload: '2601 af', is: true },
  { codec: 'h265', payload: '0201 80', is: false },
  { codec: 'h265', payload: '6201 13 80', is: true },
  { codec: 'h265', payload: '6001 0003 4001aa 0003 2601af', is: true },
  { codec: 'h265', payload: '60', is: false },
  { codec: 'vp8', payload: '10 50', is: true },
  { codec: 'vp8', payload: '10 51', is: false },
  { codec: 'vp8', payload: '00 50', is: false },
  { codec: 'vp9', payload: '8c 01 a1', is: true },
  { codec: 'vp9', payload: 'cc 01 a1', is: false },
  { codec: 'vp9', payload: 'ac 01 03 05 a1', is: false },
  { codec: 'av1', payload: '18 08 0a', is: true },
  { codec: 'av1', payload: '10 30 20', is: false },
] as const)('$codec: $payload says that its frame is a keyframe: $is', ({ codec, payload, is }) => {
  expect(depacketizers[codec]().isOfKeyframe(bytesFromHex(payload))).toBe(is)
})
