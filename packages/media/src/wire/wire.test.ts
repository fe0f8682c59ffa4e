import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MediaFrame, ScriptData } from '../model/frame.js'
import { fromBase64, toBase64 } from '../bytes/base64.js'
import { configFromJson, configToJson } from './config-json.js'
import { wireLimits } from './limits.js'
import { controlMessage, frameMessage, isWarmUp, parseControl, parseFrameMessage } from './message.js'
import { aac, h264, pictureOf, soundOf } from './wire.fake.js'
import { WireReader } from './wire-reader.js'

test('frames come out as they went in, however the connection cuts them', () => {
  const frames = fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (allUnits, cuts) => {
      const sent = allUnits.map((units, index): MediaFrame => ({
        ...pictureOf(index * 40_000, units, index % 3 === 0),
        ...(index % 2 === 0 ? { captureTime: 12_345.5 } : { audioLevel: index }),
      }))
      const got: unknown[] = []
      const reader = new WireReader((message) => {
        got.push([message.channel, isWarmUp(message), parseFrameMessage(message, h264)])
      })
      let cut = 0
      for (const bytes of sent.map((frame, index) => frameMessage(index + 7, frame, index % 2 === 0)!))
        for (let offset = 0; offset < bytes.length;) {
          const end = offset + cuts[cut++ % cuts.length]!
          reader.push(bytes.slice(offset, end))
          offset = end
        }
      expect(got).toEqual(sent.map((frame, index) => [index + 7, index % 2 === 0, frame]))
    }),
    { numRuns: 200 },
  )
})

test('script data travels with its frame, and beyond a limit the frame is not written', () => {
  const script = [
    { body: Uint8Array.of(2, 0, 1, 97), offset: -1500 },
    { body: new Uint8Array(0), offset: 0 },
  ]
  const sent = { ...soundOf(5000), script, audioLevel: 12, recovery: 3 }
  const got: unknown[] = []
  new WireReader((message) => got.push(parseFrameMessage(message, aac))).push(frameMessage(1, sent)!)
  expect(got).toEqual([sent])
  expect(
    frameMessage(1, { ...sent, script: new Array<ScriptData>(wireLimits.scripts + 1).fill(script[1]!) }),
  ).toBeUndefined()
})

test('a reader that expects small messages breaks at a large one', () => {
  let messages = 0
  const reader = new WireReader(() => messages++)
  reader.maxBytes = 100
  reader.push(controlMessage(1, 0, 'x'.repeat(80)))
  expect([messages, reader.broken]).toEqual([1, false])
  reader.push(controlMessage(1, 0, 'x'.repeat(120)))
  expect([messages, reader.broken]).toEqual([1, true])
})

test('control messages come out as they went in', () => {
  const got: unknown[] = []
  const reader = new WireReader((message) => got.push([message.type, message.channel, parseControl(message)]))
  reader.push(controlMessage(1, 3, { name: '诊所', list: [1] }))
  reader.push(controlMessage(8, 0))
  expect(got).toEqual([
    [1, 3, { name: '诊所', list: [1] }],
    [8, 0, undefined],
  ])
})

test.each([aac, h264])('a config of $codec survives', (config) => {
  expect(configFromJson(JSON.parse(JSON.stringify(configToJson(config))))).toEqual(config)
})

const audioJson = { ...aac, description: 'EZA=' }
const videoJson = { ...h264, description: 'AQ==', parameterSets: ['ZwI='] }
test.each([
  undefined,
  1,
  {},
  { ...audioJson, kind: 'text' },
  { ...audioJson, codec: 'toString' },
  { ...audioJson, description: '!' },
  { ...audioJson, description: 'A'.repeat(4 * wireLimits.descriptionBytes) },
  { ...audioJson, channels: -1 },
  { ...audioJson, codecString: 'x'.repeat(wireLimits.codecStringChars + 1) },
  { ...videoJson, parameterSets: new Array(wireLimits.parameterSets + 1).fill('') },
  { ...videoJson, nalLengthSize: 3 },
  { ...videoJson, width: 1.5 },
  { ...videoJson, frameRate: Infinity },
  { ...videoJson, flvSpelling: 'other' },
])('what is no config is none: %#', (json) => {
  expect(configFromJson(audioJson)).toBeDefined()
  expect(configFromJson(videoJson)).toBeDefined()
  expect(configFromJson(json)).toBeUndefined()
})

test('an impossible length breaks the connection, and nothing more is read', () => {
  for (const length of [0, 7, 0xffff_ffff]) {
    let messages = 0
    const reader = new WireReader(() => messages++)
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setUint32(0, length)
    reader.push(bytes)
    expect(reader.broken).toBe(true)
    reader.push(frameMessage(1, soundOf(0))!)
    expect(messages).toBe(0)
  }
})

test('a frame beyond a limit is not written', () => {
  expect(frameMessage(1, soundOf(0, [new Uint8Array(wireLimits.messageBytes)]))).toBeUndefined()
  const units = new Array<Uint8Array>(wireLimits.units + 1).fill(new Uint8Array(0))
  expect(frameMessage(1, pictureOf(0, units, true))).toBeUndefined()
})

test('base64 is what Node writes, and comes back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      expect(toBase64(bytes)).toBe(btoa(String.fromCharCode(...bytes)))
    }),
  )
})
