import { createHmac } from 'node:crypto'
import { encodeAmf0Values, parseAmf0Values, type Amf0Value } from '@crossroom/media'
import { pollAll, type PolledAll } from '@crossroom/testkit'
import { ChunkReader } from '../chunk/chunk-reader.js'
import { byteLengthOfMessageChunks, writeMessageChunks } from '../chunk/chunk-writer.js'
import { ClientHandshake } from '../handshake/client-handshake.js'
import type { HandshakeCrypto } from '../handshake/digest.js'
import { DEFAULT_RTMP_LIMITS } from '../limits.js'
import { ChunkStreamId, MessageType } from '../message/message-type.js'
import type { RtmpServerEvent } from './server-events.js'
import { RtmpServerSession, type RtmpServerSessionOptions } from './server-session.js'

/** Real HMACs and a counter for random bytes: the same every time. */
export const testCrypto: HandshakeCrypto = {
  randomBytes: (length) => Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 255),
  hmacSha256: (key, message) => new Uint8Array(createHmac('sha256', key).update(message).digest()),
}

/** A message that the server sent; commands and data are decoded. */
export interface Answer {
  readonly messageType: number
  readonly messageStreamId: number
  readonly values: Amf0Value[] | undefined
  readonly payload: Uint8Array
}

export const SECOND = 1_000_000

/** A server session and a client made of bare messages, which can say what a well-behaved client cannot. */
export class ServerRig {
  readonly session: RtmpServerSession
  readonly answers: Answer[] = []
  now = SECOND
  readonly #events: RtmpServerEvent[] = []
  #reader: ChunkReader | undefined
  readonly #answerSink = {
    onMessage: (messageType: number, messageStreamId: number, _timestamp: number, payload: Uint8Array): void => {
      const isAmf0 = messageType === MessageType.commandAmf0 || messageType === MessageType.dataAmf0
      const values = isAmf0 ? parseAmf0Values(payload) : undefined
      this.answers.push({ messageType, messageStreamId, values, payload })
    },
  }

  constructor(options: Partial<RtmpServerSessionOptions> = {}) {
    this.session = new RtmpServerSession({ ...testCrypto, ...options })
  }

  /** The state after the handshake, with its bytes polled. */
  shakeHands(): this {
    const client = new ClientHandshake(testCrypto, 'simple')
    this.session.handleInput(this.now, client.takeOutput()!)
    client.read(this.#poll().outputs[0]!)
    this.session.handleInput(this.now, client.takeOutput()!)
    this.#reader = new ChunkReader(DEFAULT_RTMP_LIMITS, this.#answerSink)
    this.#reader.authorised()
    return this
  }

  /** The state after connect and one createStream, with events and answers taken away. */
  connect(properties: Record<string, Amf0Value> = {}): this {
    this.shakeHands()
    this.command('connect', 1, { app: 'live', tcUrl: 'rtmp://h/live', ...properties })
    this.command('createStream', 2, null)
    this.events()
    this.takeAnswers()
    return this
  }

  /** The state after an accepted publish of stream 1. */
  publish(name = 'camera'): this {
    this.connect()
    this.command('publish', 3, null, [name, 'live'], 1)
    this.session.acceptPublish(1)
    this.events()
    this.takeAnswers()
    return this
  }

  send(bytes: Uint8Array): void {
    this.session.handleInput(this.now, bytes)
    this.#takeOutput()
  }

  message(messageType: number, payload: Uint8Array, timestampMs = 0, messageStreamId = 0): void {
    const chunkStreamId = ChunkStreamId.command
    const extent = { payloadLength: payload.length, chunkSize: 128, timestampMs }
    const out = new Uint8Array(byteLengthOfMessageChunks(extent))
    writeMessageChunks({ chunkStreamId, timestampMs, messageType, messageStreamId }, payload, 128, out, 0)
    this.send(out)
  }

  command(name: Amf0Value, transactionId: Amf0Value, object: Amf0Value, args: Amf0Value[] = [], streamId = 0): void {
    this.message(MessageType.commandAmf0, encodeAmf0Values([name, transactionId, object, ...args]), 0, streamId)
  }

  /** The server's events since the last call. */
  events(): RtmpServerEvent[] {
    this.#takeOutput()
    return this.#events.splice(0)
  }

  /** When the session wants to be polled next. */
  get wakeAt(): number {
    return this.#takeOutput()
  }

  /** The server's messages since the last call. */
  takeAnswers(): Answer[] {
    this.#takeOutput()
    return this.answers.splice(0)
  }

  /** The same, of commands and data the name, then the code or the first argument. */
  takeCodes(): Amf0Value[] {
    return this.takeAnswers().map(({ values, messageType }) => {
      if (values === undefined) return messageType
      const last = values.at(-1) as { code?: Amf0Value } | null | undefined
      return typeof last === 'object' && last !== null && 'code' in last ? last.code : values[0]
    })
  }

  #takeOutput(): number {
    const { outputs, wakeAt } = this.#poll()
    for (const bytes of outputs) {
      const error = this.#reader?.read(bytes)
      if (error !== undefined) throw error
    }
    return wakeAt
  }

  #poll(): PolledAll<Uint8Array, RtmpServerEvent> {
    const polled = pollAll(this.session, this.now)
    this.#events.push(...polled.events)
    return polled
  }
}
