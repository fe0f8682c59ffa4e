import { expect, test } from 'vitest'
import { WireReader, configToJson, controlMessage, frameMessage, parseControl } from '@crossroom/media'
import { aacConfig, echoEngine, sound } from '../codecs.fake.js'
import { MESSAGE_TYPE } from '../ipc/message.js'
import type { Engine } from './converter.js'
import { ConversionHost } from './host.js'

/** A host with its clock in the hands of the test; `sent` has the types of what it wrote. */
function rig(engine: Engine, nowMs: () => number = () => 0) {
  const sent: number[] = []
  const reasons: unknown[] = []
  const answers = new WireReader((message) => {
    sent.push(message.type)
    if (message.type === MESSAGE_TYPE.failed) reasons.push(parseControl(message))
  })
  const host = new ConversionHost(engine, (message) => answers.push(message), nowMs)
  const reader = new WireReader(host.handleMessage)
  const open = (conversion: number): void => {
    reader.push(controlMessage(MESSAGE_TYPE.open, conversion, { kind: 'audio', to: 'opus' }))
    reader.push(controlMessage(MESSAGE_TYPE.config, conversion, configToJson(aacConfig)))
  }
  return { sent, reasons, reader, open }
}

test('a host that works through much gives signs of life without being asked', () => {
  let now = 0
  const engine: Engine = {
    ...echoEngine,
    createConverter: (order, emit, fail) => ({
      ...echoEngine.createConverter(order, emit, fail),
      handleFrame: () => void (now += 150),
    }),
  }
  const { sent, reader, open } = rig(engine, () => now)
  open(1)
  for (let index = 0; index < 20; index++) reader.push(frameMessage(1, sound(index * 20_000))!)
  expect(sent.filter((type) => type === MESSAGE_TYPE.pong).length).toBeGreaterThanOrEqual(9)
})

test('a converter that throws fails alone', () => {
  const { sent, reasons, reader, open } = rig(echoEngine)
  open(1)
  open(2)
  reader.push(frameMessage(1, { ...sound(0), units: [new Uint8Array([0xff])] })!)
  reader.push(frameMessage(1, sound(20_000))!)
  reader.push(frameMessage(2, sound(0))!)
  expect(reasons).toEqual([{ reason: 'told to fail' }])
  expect(sent).toEqual([MESSAGE_TYPE.failed, MESSAGE_TYPE.config, MESSAGE_TYPE.frame])
})

test('frames of a conversion that was never opened, or is closed, are nothing', () => {
  const { sent, reader, open } = rig(echoEngine)
  reader.push(frameMessage(9, sound(0))!)
  open(1)
  reader.push(controlMessage(MESSAGE_TYPE.close, 1))
  reader.push(frameMessage(1, sound(0))!)
  expect(sent).toEqual([])
})

test('an order that the engine refuses is a failure with its sentence', () => {
  const refuse = (): never => {
    throw new Error('No encoder here')
  }
  const engine: Engine = { name: 'none', createConverter: refuse, createSnapshot: refuse, audioCodecs: refuse }
  const { reasons, open } = rig(engine)
  open(1)
  expect(reasons).toEqual([{ reason: 'No encoder here' }])
})
