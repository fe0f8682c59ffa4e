import { encodeAmf0Values } from '@crossroom/media'
import { pollAll } from '@crossroom/testkit'
import { byteLengthOfMessageChunks, writeMessageChunks } from '../chunk/chunk-writer.js'
import { ClientHandshake } from '../handshake/client-handshake.js'
import { HELLO_LENGTH, PACKET_LENGTH } from '../handshake/digest.js'
import { RtmpClientSession } from './client-session.js'
import { parseRtmpUrl } from './rtmp-url.js'
import { RtmpServerSession } from './server-session.js'

const crypto = {
  randomBytes: (length: number) => new Uint8Array(length),
  hmacSha256: () => new Uint8Array(32),
}
/** C0, C1 and C2 of a simple client: the fuzzed part comes behind them, and costs no handshake of 3 KiB each time. */
const clientHello = new Uint8Array(HELLO_LENGTH + PACKET_LENGTH)
clientHello.set(new ClientHandshake(crypto, 'simple').takeOutput()!)
const serverHello = new Uint8Array(HELLO_LENGTH + PACKET_LENGTH)
serverHello[0] = 3
const url = parseRtmpUrl('rtmp://h/live/x')!

interface Said {
  readonly messageType: number
  readonly messageStreamId: number
  readonly payload: Uint8Array
}

const command = (...values: Parameters<typeof encodeAmf0Values>[0]): Said => ({
  messageType: 20,
  messageStreamId: values[0] === 'publish' || values[0] === 'play' ? 1 : 0,
  payload: encodeAmf0Values(values),
})
const media = (messageType: number, ...bytes: number[]): Said => ({
  messageType,
  messageStreamId: 1,
  payload: Uint8Array.from(bytes),
})

function chunksOf(messages: readonly Said[]): Uint8Array {
  const parts = messages.map(({ payload, ...header }) => {
    const out = new Uint8Array(
      byteLengthOfMessageChunks({ payloadLength: payload.length, chunkSize: 128, timestampMs: 5 }),
    )
    writeMessageChunks({ chunkStreamId: 3, timestampMs: 5, ...header }, payload, 128, out, 0)
    return [...out]
  })
  return Uint8Array.from(parts.flat())
}

const opening = [command('connect', 1, { app: 'live' }), command('createStream', 2, null)]
const goodbye = [command('FCUnpublish', 6, null, 'x'), command('deleteStream', 7, null, 1)]

export const fuzzTargets = [
  {
    name: 'rtmp-server-session',
    seeds: (): Uint8Array[] => [
      chunksOf([
        ...opening,
        command('publish', 3, null, 'x?a=b', 'live'),
        media(8, 0xaf, 0, 1),
        media(9, 0x17),
        ...goodbye,
      ]),
      chunksOf([...opening, command('play', 3, null, 'x', -2000), command('pause', 4, null, true, 0), ...goodbye]),
      chunksOf([media(5, 0, 0, 0, 1), media(4, 0, 6, 0, 0, 0, 9), media(1, 0, 0, 16, 0), ...opening]),
    ],
    run: (input: Uint8Array): void => {
      const session = new RtmpServerSession(crypto)
      session.handleInput(0, clientHello)
      session.handleInput(0, input)
      const { outputs, events } = pollAll(session, 0)
      let isClosed = false
      for (const event of events) {
        if (isClosed) throw new Error('an event after closed')
        if (event.type === 'publish') session.acceptPublish(event.streamId)
        else if (event.type === 'play') session.acceptPlay(event.streamId)
        else isClosed = event.type === 'closed'
      }
      let written = 0
      for (const bytes of [...outputs, ...pollAll(session, 0).outputs]) written += bytes.length
      if (written > 8 * 1024 + 64 * input.length) throw new Error(`${written} bytes in answer to ${input.length}`)
    },
  },
  {
    name: 'rtmp-client-session',
    seeds: (): Uint8Array[] => [
      chunksOf([
        command('_result', 1, {}, { code: 'NetConnection.Connect.Success' }),
        command('_result', 4, null, 1),
        command('onStatus', 0, null, { level: 'status', code: 'NetStream.Play.Start' }),
        media(8, 0xaf, 1),
        media(6, 0, 0, 1, 0, 2),
      ]),
      chunksOf([command('_error', 1, null, { code: 'NetConnection.Connect.Rejected' })]),
    ],
    run: (input: Uint8Array): void => {
      const session = new RtmpClientSession({ ...crypto, url, action: 'play', handshake: 'simple' })
      session.handleInput(0, serverHello)
      session.handleInput(0, input)
      let isClosed = false
      for (const event of pollAll(session, 0).events) {
        if (isClosed) throw new Error('an event after closed')
        isClosed = event.type === 'closed'
      }
    },
  },
]
