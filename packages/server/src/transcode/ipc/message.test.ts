import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aacConfig, h264Config, picture, sound } from '../fake-codecs.cases.js'
import { configFromJson, configToJson } from './config-json.js'
import {
  advanceMessage,
  controlMessage,
  frameMessage,
  isWarmUp,
  MESSAGE_TYPE,
  parseAdvance,
  parseControl,
  parseFrameMessage,
} from './message.js'
import { MessageReader } from './message-reader.js'

test('frames come out as they went in, however the pipe cuts them', () => {
  const frames = fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (allUnits, cuts) => {
      const sent = allUnits.map((units, index) => ({
        ...picture(index % 3 === 0 ? 'I' : 'P', index * 40_000 + 1000, h264Config, index * 40_000),
        units,
        ...(index % 2 === 0 ? { captureTime: 12_345.5 } : {}),
        droppable: index % 2 === 1,
      }))
      const pipe = Buffer.concat(sent.map((frame, index) => frameMessage(index + 7, frame, index % 2 === 0)!))
      const got: unknown[] = []
      const reader = new MessageReader((message) => {
        const { conversion } = message
        got.push({ frame: parseFrameMessage(message, h264Config), warmUp: isWarmUp(message), conversion })
      })
      for (let offset = 0, cut = 0; offset < pipe.length; cut++) {
        const end = offset + cuts[cut % cuts.length]!
        reader.push(new Uint8Array(pipe.subarray(offset, end)))
        offset = end
      }
      expect(got).toEqual(sent.map((frame, index) => ({ frame, warmUp: index % 2 === 0, conversion: index + 7 })))
    }),
    { numRuns: 200 },
  )
})

test('control messages and times come out as they went in', () => {
  const got: unknown[] = []
  const reader = new MessageReader((message) => {
    got.push(message.type === MESSAGE_TYPE.advance ? parseAdvance(message) : parseControl(message))
  })
  reader.push(controlMessage(MESSAGE_TYPE.open, 3, { kind: 'audio' }))
  reader.push(advanceMessage(3, 1_234_567))
  reader.push(controlMessage(MESSAGE_TYPE.ping, 0))
  expect(got).toEqual([{ kind: 'audio' }, 1_234_567, undefined])
})

test.each([aacConfig, { ...h264Config, parameterSets: [new Uint8Array([1, 2]), new Uint8Array(0)] }])(
  'a config of $codec survives the pipe',
  (config) => {
    expect(configFromJson(JSON.parse(JSON.stringify(configToJson(config))))).toEqual(config)
  },
)

test.each([
  undefined,
  1,
  {},
  { codec: 'aac' },
  { codec: 'aac', description: '' },
  { kind: 'video', codec: 'h264', description: '' },
])('what is no config is none: %j', (json) => {
  expect(configFromJson(json)).toBeUndefined()
})

test('a length that cannot be breaks the pipe, and nothing more is read', () => {
  for (const length of [0, 7, 0xffff_ffff]) {
    let messages = 0
    const reader = new MessageReader(() => messages++)
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setUint32(0, length)
    reader.push(bytes)
    expect(reader.broken).toBe(true)
    reader.push(frameMessage(1, sound(0))!)
    expect(messages).toBe(0)
  }
})

test('a frame too large for a message is not written', () => {
  expect(frameMessage(1, { ...sound(0), units: [new Uint8Array(11 << 20)] })).toBeUndefined()
})
