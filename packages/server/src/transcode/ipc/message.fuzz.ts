import { aacConfig, sound } from '../fake-codecs.cases.js'
import { controlMessage, frameMessage, MESSAGE_TYPE, parseControl, parseFrameMessage } from './message.js'
import { MessageReader } from './message-reader.js'

export const fuzzTargets = [
  {
    name: 'codec-pipe',
    seeds: (): Uint8Array[] => [
      frameMessage(1, sound(1000))!,
      frameMessage(1, { ...sound(1000), units: [new Uint8Array(3), new Uint8Array(0), new Uint8Array(40)] })!,
      Buffer.concat([controlMessage(MESSAGE_TYPE.ping, 0), frameMessage(2, sound(5))!]),
      controlMessage(MESSAGE_TYPE.open, 1, { kind: 'audio' }),
    ],
    run: (input: Uint8Array): void => {
      let read = 0
      const reader = new MessageReader((message) => {
        read += message.body.length
        const frame = parseFrameMessage(message, aacConfig)
        parseControl(message)
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
