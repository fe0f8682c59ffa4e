import { configFromJson, configToJson } from './config-json.js'
import { controlMessage, frameMessage, parseControl, parseFrameMessage } from './message.js'
import { aac, h264, pictureOf, soundOf } from './wire.fake.js'
import { WireReader } from './wire-reader.js'

export const fuzzTargets = [
  {
    name: 'wire',
    seeds: (): Uint8Array[] => [
      frameMessage(1, soundOf(1000))!,
      frameMessage(1, { ...soundOf(1000), audioLevel: 30 })!,
      frameMessage(2, pictureOf(1000, [new Uint8Array(3), new Uint8Array(0), new Uint8Array(40)], true))!,
      frameMessage(2, { ...pictureOf(1000, [new Uint8Array(3)], false), recovery: 49 })!,
      frameMessage(1, { ...soundOf(1000), script: [{ body: new Uint8Array(9), offset: 4 }], audioLevel: 3 })!,
      new Uint8Array([...controlMessage(8, 0), ...frameMessage(2, soundOf(5))!]),
      controlMessage(3, 1, configToJson(aac)),
      controlMessage(3, 1, configToJson(h264)),
    ],
    run: (input: Uint8Array): void => {
      let read = 0
      const reader = new WireReader((message) => {
        read += message.body.length
        const frame = parseFrameMessage(message, aac)
        configFromJson(parseControl(message))
        let units = 0
        for (const unit of frame?.units ?? []) units += unit.length
        if (units > message.body.length) throw new Error('A frame is larger than its message')
      })
      const half = input.length >> 1
      reader.push(input.slice(0, half))
      reader.push(input.slice(half))
      if (read > input.length) throw new Error('More was read than came in')
    },
  },
]
