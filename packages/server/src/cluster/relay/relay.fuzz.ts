import { controlMessage, configToJson, frameMessage, WireReader, type Micros } from '@crossroom/media'
import { audioConfig, videoConfig } from '../../../../../test/scenarios/stage.js'
import { challengeOf, parseChallenge, parseHello, prove } from './greeting.js'
import { channelOf, parseBegin, parseEnd, parseTimes, parseWant, RELAY_TYPE, timeMessage } from './messages.js'
import { PulledStream } from './pulled-stream.js'
import { RelayConnection } from './relay-connection.js'

const SELF = { tag: 'A001', instance: 'a' }
const PEER = { tag: 'B001', instance: 'b' }
const NONCE = '0'.repeat(32)
const CHANNEL = channelOf(1, 1)

const hello = { ...challengeOf(PEER, NONCE), lane: 0, session: 's' }
const greeting = controlMessage(RELAY_TYPE.hello, 0, {
  ...hello,
  proof: prove('secret', 'dials', challengeOf(SELF, NONCE), hello),
})
const frameOf = (config: ReturnType<typeof videoConfig> | ReturnType<typeof audioConfig>, dts: Micros) => ({
  ...{ config, dts, pts: dts, units: [new Uint8Array(20)], receivedAt: dts, keyframe: true, droppable: false },
})
const begin = { stream: 's', publisher: 'p', tracks: ['audio', 'video'], askable: true, serverTime: false }
const stream = Buffer.concat([
  controlMessage(RELAY_TYPE.begin, CHANNEL, begin),
  controlMessage(RELAY_TYPE.config, CHANNEL, configToJson(videoConfig())),
  frameMessage(CHANNEL, frameOf(videoConfig(), 0))!,
  controlMessage(RELAY_TYPE.live, CHANNEL),
  frameMessage(CHANNEL, frameOf(videoConfig(), 40_000))!,
  controlMessage(RELAY_TYPE.withheld, CHANNEL),
  controlMessage(RELAY_TYPE.interrupted, CHANNEL),
])

export const fuzzTargets = [
  {
    name: 'relay-connection',
    seeds: (): Uint8Array[] => [
      greeting,
      Buffer.concat([
        greeting,
        timeMessage(RELAY_TYPE.ping, [5]),
        controlMessage(RELAY_TYPE.want, 256, { key: 'plain:best:a/b' }),
      ]),
      controlMessage(RELAY_TYPE.challenge, 0, challengeOf(PEER, NONCE)),
      controlMessage(RELAY_TYPE.refused, 0, { end: 'secret', sentence: 'no' }),
    ],
    run: (input: Uint8Array): void => {
      const keys = (): string[] => ['secret']
      const dials = { peer: PEER, lane: 0, session: 's', attempt: 0 }
      for (const more of [{}, { dials }]) {
        const connection = new RelayConnection({ self: SELF, keys, nonce: NONCE, ...more }, 0)
        connection.handleInput(1, input)
        let ends = 0
        for (let polled = connection.poll(1); typeof polled !== 'number'; polled = connection.poll(1)) {
          if (!('event' in polled)) continue
          if (polled.event.type === 'hello') connection.accept()
          if (polled.event.type === 'ended' && ++ends > 1) throw new Error('A connection ended twice')
        }
      }
    },
  },
  {
    name: 'relay-stream',
    seeds: (): Uint8Array[] => [stream, controlMessage(RELAY_TYPE.end, CHANNEL, { cause: 'kicked' })],
    run: (input: Uint8Array): void => {
      let isThere = false
      const last = { audio: -Infinity, video: -Infinity }
      const pulled = new PulledStream(
        {
          publish: () => {
            last.audio = last.video = -Infinity
            return (isThere = true)
          },
          push: ({ config: { kind }, dts }) => {
            if (!isThere) throw new Error('A frame without a publisher')
            if (dts <= last[kind]) throw new Error('The time of a track fell')
            last[kind] = dts
          },
          announce: () => undefined,
          withholdVideo: () => undefined,
          interrupt: () => (isThere = false),
          requestKeyframe: () => undefined,
        },
        (theirs) => theirs,
      )
      new WireReader((message) => {
        void [parseWant(message), parseBegin(message), parseEnd(message), parseTimes(message, 2)]
        void [parseHello(message), parseChallenge(message)]
        for (const kind of ['audio', 'video'] as const) pulled.handleMessage(message, kind, 1000)
      }).push(input)
    },
  },
]
