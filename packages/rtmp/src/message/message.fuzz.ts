import { encodeAmf0Values } from '@crossroom/media'
import { splitAggregate } from './aggregate.js'
import { bodyInAmf0, encodeCommand, parseCommand, stringProperty } from './command.js'
import { stripSetDataFrame } from './script-data.js'

export const fuzzTargets = [
  {
    name: 'rtmp-command',
    seeds: (): Uint8Array[] => [
      encodeAmf0Values(['connect', 1, { app: 'live', tcUrl: 'rtmp://h/live', fourCcList: ['hvc1'] }]),
      encodeAmf0Values(['publish', 3, null, 'x?a=b', 'live']),
      Uint8Array.of(0, ...encodeAmf0Values(['play', 3, null, 'x', -2000])),
      encodeAmf0Values(['@setDataFrame', 'onMetaData', { width: 640 }]),
    ],
    run: (input: Uint8Array): void => {
      const body = bodyInAmf0(input, input[0] === 0) ?? input
      const script = stripSetDataFrame(body)
      if (script !== undefined && script.length > body.length) throw new Error('script data grew')
      const command = parseCommand(body)
      if (command === undefined) return
      stringProperty(command.object, 'app')
      const again = parseCommand(encodeCommand(command))
      // Text that is not UTF-8 grows when it is written again, possibly beyond the limit.
      if (again !== undefined && again.name !== command.name) throw new Error('the round trip changes the name')
      if (again === undefined && body.length < 20_000) throw new Error('the round trip loses the command')
    },
  },
  {
    name: 'rtmp-aggregate',
    seeds: (): Uint8Array[] => [
      Uint8Array.of(8, 0, 0, 1, 0, 0, 5, 0, 0, 0, 0, 0xaf, 0, 0, 0, 12, 9, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 11),
    ],
    run: (input: Uint8Array): void => {
      let bytes = 0
      splitAggregate(input, 0xffffff00, (messageType, timestamp, body) => {
        bytes += 11 + body.length
        if (messageType > 255 || timestamp > 0xffffffff || timestamp < 0) throw new Error('out of range')
      })
      if (bytes > input.length) throw new Error('more tags than input')
    },
  },
]
