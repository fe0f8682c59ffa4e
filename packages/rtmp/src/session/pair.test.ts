import { EcmaArray, encodeAmf0Values, type Micros } from '@crossroom/media'
import { pollAll } from '@crossroom/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byteLengthOfMessageChunks, writeMessageChunks } from '../chunk/chunk-writer.js'
import { ClientHandshake, type ClientHandshakeKind } from '../handshake/client-handshake.js'
import { RtmpClientSession, type RtmpClientEvent, type RtmpClientSessionOptions } from './client-session.js'
import { parseRtmpUrl } from './rtmp-url.js'
import type { RtmpServerEvent } from './server-events.js'
import { RtmpServerSession } from './server-session.js'
import { SECOND, testCrypto } from './session.fake.js'

const url = parseRtmpUrl('rtmp://example.org/live/camera?token=t')!
const metadata = encodeAmf0Values(['onMetaData', new EcmaArray({ width: 640 })])

/** Client and server with a wire that cuts as `cuts` say, again and again. */
class Pair {
  readonly server: RtmpServerSession
  readonly client: RtmpClientSession
  readonly serverEvents: RtmpServerEvent[] = []
  readonly clientEvents: RtmpClientEvent[] = []
  now: Micros = 0
  readonly #cuts: readonly number[]
  #cut = 0

  constructor(options: Partial<RtmpClientSessionOptions> = {}, cuts: readonly number[] = [65_536]) {
    this.server = new RtmpServerSession({ ...testCrypto })
    this.client = new RtmpClientSession({ ...testCrypto, url, action: 'publish', ...options })
    this.#cuts = cuts
  }

  /** Until nobody has anything to say. */
  run(): this {
    for (let isBusy = true; isBusy;) {
      const fromClient = pollAll(this.client, this.now)
      this.clientEvents.push(...fromClient.events)
      const toServer = this.#carry(fromClient.outputs, this.server)
      const fromServer = pollAll(this.server, this.now)
      this.serverEvents.push(...fromServer.events)
      const toClient = this.#carry(fromServer.outputs, this.client)
      isBusy = toServer || toClient
    }
    return this
  }

  #carry(outputs: readonly Uint8Array[], to: RtmpServerSession | RtmpClientSession): boolean {
    for (const bytes of outputs) {
      for (let offset = 0; offset < bytes.length;) {
        const end = offset + this.#cuts[this.#cut++ % this.#cuts.length]!
        to.handleInput(this.now, bytes.slice(offset, end))
        offset = end
      }
    }
    return outputs.length > 0
  }
}

const cutting = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 })
const handshakes = fc.constantFrom<ClientHandshakeKind[]>('simple', 8, 772)

test('a publisher and a server agree, and every byte of media arrives, however TCP cuts', () => {
  const tag = fc.record({
    messageType: fc.constantFrom(8 as const, 9 as const),
    timestampMs: fc.oneof(fc.nat(2 ** 32 - 1), fc.constantFrom(0xfffffe, 0xffffff)),
    payload: fc.uint8Array({ maxLength: 6000, size: 'max' }),
  })
  fc.assert(
    fc.property(
      cutting,
      handshakes,
      fc.constantFrom(128, 4096, 65_536),
      fc.array(tag),
      (cuts, handshake, size, tags) => {
        const pair = new Pair({ handshake, outChunkSize: size }, cuts).run()
        expect(pair.serverEvents).toMatchObject([
          { type: 'connect', app: 'live', tcUrl: 'rtmp://example.org/live' },
          { type: 'publish', streamId: 1, app: 'live', streamName: 'camera', query: new Map([['token', 't']]) },
        ])
        pair.server.acceptPublish(1)
        pair.run()
        expect(pair.clientEvents).toEqual([{ type: 'publishing', streamId: 1 }])
        pair.serverEvents.length = 0
        expect(pair.client.sendMedia(18, 0, metadata)).toBe(true)
        for (const { messageType, timestampMs, payload } of tags)
          pair.client.sendMedia(messageType, timestampMs, payload)
        pair.run()
        const received = pair.serverEvents.map((event) => event.type === 'media' && [event.messageType, event.payload])
        expect(received).toEqual([[18, metadata], ...tags.map(({ messageType, payload }) => [messageType, payload])])
      },
    ),
    { numRuns: 60 },
  )
})

test('a player gets what is packed for all players, without the notices of the server', () => {
  fc.assert(
    fc.property(cutting, handshakes, (cuts, handshake) => {
      const pair = new Pair({ action: 'play', handshake }, cuts).run()
      expect(pair.serverEvents.at(-1)).toMatchObject({ type: 'play', streamName: 'camera' })
      pair.server.acceptPlay(1)
      pair.run()
      const payload = new Uint8Array(10_000).fill(7)
      for (const timestampMs of [2 ** 32 - 40, 2 ** 32 + 40]) {
        const extent = { payloadLength: payload.length, chunkSize: pair.server.outChunkSize, timestampMs }
        const out = new Uint8Array(byteLengthOfMessageChunks(extent))
        const header = { chunkStreamId: 6, timestampMs, messageType: 9, messageStreamId: 1 }
        writeMessageChunks(header, payload, pair.server.outChunkSize, out, 0)
        pair.client.handleInput(pair.now, out)
      }
      pair.server.endPlay(1)
      pair.run()
      expect(pair.clientEvents).toEqual([
        { type: 'playing', streamId: 1 },
        {
          type: 'media',
          streamId: 1,
          messageType: 9,
          timestampMs: 2 ** 32 - 40,
          payload,
          receivedAt: expect.any(Number) as number,
        },
        {
          type: 'media',
          streamId: 1,
          messageType: 9,
          timestampMs: 2 ** 32 + 40,
          payload,
          receivedAt: expect.any(Number) as number,
        },
        { type: 'ended', code: 'NetStream.Play.UnpublishNotify' },
      ])
    }),
    { numRuns: 20 },
  )
})

test('a client that closes takes leave, so that the server knows at once', () => {
  const pair = new Pair().run()
  pair.server.acceptPublish(1)
  pair.run().client.close()
  pair.run()
  expect(pair.serverEvents.at(-1)).toEqual({ type: 'unpublish', streamId: 1 })
  expect(pair.clientEvents.at(-1)).toEqual({ type: 'closed' })
  expect(pair.client.sendMedia(8, 0, new Uint8Array(1))).toBe(false)
})

test('a refusal has its code and ends the session', () => {
  const pair = new Pair().run()
  pair.server.refusePublish(1, 'NetStream.Publish.BadName', 'busy')
  pair.run()
  expect(pair.clientEvents).toEqual([
    { type: 'refused', code: 'NetStream.Publish.BadName', description: 'busy' },
    { type: 'closed' },
  ])
  expect(pair.client.sendMedia(8, 0, new Uint8Array(1))).toBe(false)
})

test('a refused connect is a refusal too', () => {
  const longApp = { ...url, app: 'x'.repeat(1025) }
  const pair = new Pair({ url: longApp }).run()
  expect(pair.clientEvents).toMatchObject([
    { type: 'refused', code: 'NetConnection.Connect.Rejected' },
    { type: 'closed' },
  ])
})

test('a publisher that is thrown out hears the code', () => {
  const pair = new Pair().run()
  pair.server.acceptPublish(1)
  pair.run().server.endPublish(1, 'NetStream.Publish.Denied', 'Another device took over.')
  pair.run()
  expect(pair.clientEvents.at(-1)).toEqual({ type: 'ended', code: 'NetStream.Publish.Denied' })
})

test('both sides acknowledge 20 MB and go on', () => {
  const pair = new Pair().run()
  pair.server.acceptPublish(1)
  pair.run()
  for (let count = 0; count < 20; count++) {
    pair.client.sendMedia(9, count, new Uint8Array(1_000_000))
    pair.run()
  }
  expect(pair.serverEvents.filter(({ type }) => type === 'media')).toHaveLength(20)
  expect(pair.clientEvents).toHaveLength(1)
})

test('a server that says nothing is given up after 5 s, one that does not answer after 10 s', () => {
  const silent = new RtmpClientSession({ ...testCrypto, url, action: 'play' })
  expect(pollAll(silent, 0).wakeAt).toBe(5 * SECOND)
  const unheard = { type: 'closed', error: { code: 'RTMP_HANDSHAKE_TIMEOUT' } }
  expect(pollAll(silent, 5 * SECOND).events).toMatchObject([unheard])
  const { client } = new Pair().run()
  expect(pollAll(client, 0).wakeAt).toBe(10 * SECOND)
  const unanswered = { type: 'closed', error: { code: 'RTMP_RESPONSE_TIMEOUT' } }
  expect(pollAll(client, 10 * SECOND)).toMatchObject({ events: [unanswered], wakeAt: Infinity })
})

test('a client speaks first: C0 and C1 are there before any input', () => {
  const session = new RtmpClientSession({ ...testCrypto, url, action: 'play' })
  expect(pollAll(session, 0).outputs).toEqual([new ClientHandshake(testCrypto, 8).takeOutput()])
  session.handleInput(0, Uint8Array.of(0x48))
  expect(pollAll(session, 0).events).toMatchObject([{ type: 'closed', error: { code: 'RTMP_VERSION' } }])
})
