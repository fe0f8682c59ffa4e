import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import { ChunkReader } from '../chunk/chunk-reader.js'
import type { HandshakeCrypto } from '../handshake/digest.js'
import { ServerHandshake } from '../handshake/server-handshake.js'
import { DEFAULT_RTMP_LIMITS, type RtmpLimits } from '../limits.js'
import { splitAggregate } from '../message/aggregate.js'
import { bodyInAmf0, parseCommand } from '../message/command.js'
import { MessageType } from '../message/message-type.js'
import { encodeControlValue, parseControlValue } from '../message/protocol-control.js'
import { stripSetDataFrame } from '../message/script-data.js'
import { parseUserControl, UserControlEvent } from '../message/user-control.js'
import { ProtocolError, type ProtocolErrorCode } from '../protocol-error.js'
import { AcknowledgementCounter } from './acknowledgement.js'
import { CommandBudget } from './command-budget.js'
import { DEFAULT_OUT_CHUNK_SIZE, MessageOutput } from './message-output.js'
import { ServerCommands } from './server-commands.js'
import type { RtmpServerEvent } from './server-events.js'
import type { ServerStream } from './server-stream.js'
import type { WaitingMessage } from './waiting-messages.js'

/** Limits of an aggregate. */
const AGGREGATED: readonly number[] = [MessageType.audio, MessageType.video, MessageType.dataAmf0]

export interface RtmpServerSessionOptions extends HandshakeCrypto {
  /** Overrides of `DEFAULT_RTMP_LIMITS`. */
  readonly limits?: Partial<RtmpLimits>
  /** Bytes; announced at connect and used from then on. Default `DEFAULT_OUT_CHUNK_SIZE`. */
  readonly outChunkSize?: number
}

/** Dropped messages of a peer, for metrics. */
export interface RtmpServerCounters {
  /** Audio, video and script data for a stream that is not being published, or more than is kept until the answer. */
  unexpectedMedia: number
  /** Messages of unknown type, in AMF3, or malformed where that does no harm. */
  ignoredMessages: number
}

/**
 * The server side of one RTMP connection (RTMP 1.0). Time starts with the first verb. The session keeps no view of its
 * input, so the caller may reuse its buffer.
 * `publish` and `play` events wait for `acceptPublish`, `refusePublish`, `acceptPlay` or `refusePlay`, in the same turn
 * or later; an answer for a closed stream does nothing. Media for players is not sent through the session: it is packed
 * with `writeMessageChunks` for all players and written to the transport after the polled output.
 */
export class RtmpServerSession implements Machine<Uint8Array, Uint8Array, RtmpServerEvent> {
  /** The size of the chunks for `writeMessageChunks`; holds once the `connect` event has been polled. */
  readonly outChunkSize: number
  readonly counters: RtmpServerCounters = { unexpectedMedia: 0, ignoredMessages: 0 }
  readonly #limits: RtmpLimits
  #handshake: ServerHandshake | undefined
  readonly #reader: ChunkReader
  readonly #output = new MessageOutput()
  readonly #commands: ServerCommands
  readonly #acknowledgement: AcknowledgementCounter
  readonly #budget: CommandBudget
  readonly #outbox = new Outbox<Uint8Array, RtmpServerEvent>()
  #now: Micros = 0
  #startedAt: Micros | undefined
  #isAuthorised = false
  #isClosed = false

  constructor(options: RtmpServerSessionOptions) {
    const limits = { ...DEFAULT_RTMP_LIMITS, ...options.limits }
    this.#limits = limits
    this.outChunkSize = options.outChunkSize ?? DEFAULT_OUT_CHUNK_SIZE
    this.#handshake = new ServerHandshake(options)
    this.#reader = new ChunkReader(limits, {
      onMessage: (messageType, messageStreamId, timestamp, payload) =>
        this.#handleMessage(messageType, messageStreamId, timestamp, payload),
    })
    this.#acknowledgement = new AcknowledgementCounter(limits)
    this.#budget = new CommandBudget(limits)
    this.#commands = new ServerCommands({
      limits,
      outChunkSize: this.outChunkSize,
      output: this.#output,
      emit: (event) => {
        if (event.type === 'publish') this.#reader.awaitsAnswer()
        this.#outbox.tell(event)
      },
      fail: (error) => this.#close(error),
    })
  }

  handleInput(now: Micros, input: Uint8Array): void {
    this.#turn(now)
    if (this.#isClosed) return
    const offset = this.#handshake === undefined ? 0 : this.#shakeHands(this.#handshake, input)
    if (offset < input.length && !this.#isClosed) {
      const error = this.#reader.read(offset === 0 ? input : input.subarray(offset))
      if (error !== undefined) this.#close(error)
    }
    const sequence = this.#acknowledgement.add(input.length)
    if (sequence !== undefined && this.#handshake === undefined && !this.#isClosed) {
      this.#output.control(MessageType.acknowledgement, encodeControlValue(sequence))
    }
  }

  poll(now: Micros): Polled<Uint8Array, RtmpServerEvent> {
    const startedAt = this.#turn(now)
    const output = this.#output.take()
    if (output !== undefined) this.#outbox.send(output)
    return this.#outbox.take() ?? (this.#isClosed || this.#isAuthorised ? Infinity : startedAt + this.#allowedMicros())
  }

  /**
   * A client that waits for the answer to its `publish` has sent as much as is kept: it should not be read until then,
   * for what else comes may be dropped.
   */
  get isBacklogged(): boolean {
    return this.#commands.isBacklogged
  }

  /** Answers a `publish` event: the client may send. What it has sent already follows as events. */
  acceptPublish(streamId: number): void {
    if (this.#isClosed || !this.#commands.acceptPublish(streamId)) return
    this.authorised()
    for (const message of this.#commands.streamOf(streamId)!.waiting.take()) this.#handleTag(streamId, message)
  }

  /** Answers a `publish` event with an error such as `NetStream.Publish.BadName` or `NetStream.Publish.Denied`. */
  refusePublish(streamId: number, code: string, description: string): void {
    this.#commands.end(streamId, code, description)
  }

  /** Answers a `play` event: the client gets the stream, and expects media from now on. */
  acceptPlay(streamId: number): void {
    if (this.#commands.acceptPlay(streamId)) this.authorised()
  }

  /** Answers a `play` event with an error such as `NetStream.Play.StreamNotFound`. */
  refusePlay(streamId: number, code: string, description: string): void {
    this.#commands.end(streamId, code, description)
  }

  /** Lifts the limits and the deadline for unknown peers. Accepting does this as well. */
  authorised(): void {
    this.#isAuthorised = true
    this.#reader.authorised()
  }

  /** Tells a player that its stream is over. */
  endPlay(streamId: number): void {
    this.#commands.endPlay(streamId)
  }

  /** Tells a publisher that its stream is taken away; what it still sends is dropped. */
  endPublish(streamId: number, code: string, description: string): void {
    this.#commands.end(streamId, code, description)
  }

  /** Ends the session; idempotent. Earlier output and the `closed` event can still be polled. */
  close(): void {
    this.#close()
  }

  /** Answers when the session began. */
  #turn(now: Micros): Micros {
    this.#now = now
    const startedAt = (this.#startedAt ??= now)
    if (this.#isClosed || this.#isAuthorised || now - startedAt < this.#allowedMicros()) return startedAt
    if (this.#handshake !== undefined) this.#fail('RTMP_HANDSHAKE_TIMEOUT', 'no complete handshake in time')
    else this.#fail('RTMP_AUTHORISATION_TIMEOUT', 'no accepted publish or play in time')
    return startedAt
  }

  #allowedMicros(): Micros {
    return this.#handshake === undefined ? this.#limits.authorisedMicros : this.#limits.handshakeMicros
  }

  #shakeHands(handshake: ServerHandshake, input: Uint8Array): number {
    const offset = handshake.read(input)
    const answer = handshake.takeOutput()
    if (answer !== undefined) this.#output.raw(answer)
    if (handshake.state === 'refused') this.#fail('RTMP_VERSION', `first byte ${input[0] ?? 0}, RTMP begins with 3`)
    if (handshake.state === 'done') this.#handshake = undefined
    return offset
  }

  #handleMessage(messageType: number, messageStreamId: number, timestamp: number, payload: Uint8Array): void {
    switch (messageType) {
      case MessageType.audio:
      case MessageType.video:
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        return this.#handleTag(messageStreamId, { messageType, timestamp, payload, receivedAt: this.#now })
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        return this.#handleCommand(messageType === MessageType.commandAmf3, messageStreamId, payload)
      case MessageType.aggregate:
        return this.#handleAggregate(messageStreamId, timestamp, payload)
      case MessageType.userControl:
        return this.#handleUserControl(payload)
      case MessageType.windowAcknowledgementSize:
        return this.#acknowledgement.setWindow(parseControlValue(payload) ?? 0)
      case MessageType.acknowledgement:
      case MessageType.setPeerBandwidth:
        return
      default:
        this.counters.ignoredMessages += 1
    }
  }

  /** Audio, video or script data for a stream: read if it is published, kept while the answer is awaited. */
  #handleTag(messageStreamId: number, message: WaitingMessage): void {
    const stream = this.#commands.streamOf(messageStreamId)
    if (stream?.state === 'publishing') this.#emitTag(stream, message)
    else if (stream?.state !== 'publishRequested' || !stream.waiting.keep(message)) this.counters.unexpectedMedia += 1
  }

  #emitTag(stream: ServerStream, { messageType, timestamp, payload, receivedAt }: WaitingMessage): void {
    const { streamId, timestamps } = stream
    if (messageType === MessageType.audio || messageType === MessageType.video) {
      const timestampMs = timestamps.advance(timestamp)
      this.#outbox.tell({ type: 'media', streamId, messageType, timestampMs, payload, receivedAt })
      return
    }
    const body = bodyInAmf0(payload, messageType === MessageType.dataAmf3)
    const script = body === undefined ? undefined : stripSetDataFrame(body)
    if (script === undefined) {
      this.counters.ignoredMessages += 1
      return
    }
    const timestampMs = timestamps.locate(timestamp)
    const asAmf0 = MessageType.dataAmf0
    this.#outbox.tell({ type: 'media', streamId, messageType: asAmf0, timestampMs, payload: script, receivedAt })
  }

  #handleAggregate(messageStreamId: number, timestamp: number, payload: Uint8Array): void {
    const receivedAt = this.#now
    const isWhole = splitAggregate(payload, timestamp, (messageType, tagTimestamp, body) => {
      if (AGGREGATED.includes(messageType))
        this.#handleTag(messageStreamId, { messageType, timestamp: tagTimestamp, payload: body, receivedAt })
      else this.counters.ignoredMessages += 1
    })
    if (!isWhole) this.counters.ignoredMessages += 1
  }

  #handleCommand(isAmf3: boolean, messageStreamId: number, payload: Uint8Array): void {
    if (!this.#spend()) return
    const body = bodyInAmf0(payload, isAmf3)
    const command = body === undefined ? undefined : parseCommand(body)
    if (command === undefined) return this.#fail('RTMP_COMMAND', 'a command that is not AMF0 within the limits')
    this.#commands.handle(command, messageStreamId)
  }

  #handleUserControl(payload: Uint8Array): void {
    const control = parseUserControl(payload)
    if (control === undefined) this.counters.ignoredMessages += 1
    else if (control.event === UserControlEvent.pingRequest && this.#spend()) {
      this.#output.userControl(UserControlEvent.pingResponse, control.value)
    }
  }

  #spend(): boolean {
    if (this.#budget.spend(this.#now)) return true
    const { commandsPerSecond, commandBurst } = this.#limits
    const sentence = `more than ${commandBurst} commands at once and ${commandsPerSecond} a second`
    this.#fail('RTMP_COMMAND_FLOOD', sentence)
    return false
  }

  #fail(code: ProtocolErrorCode, sentence: string): void {
    this.#close(new ProtocolError(code, sentence))
  }

  #close(error?: ProtocolError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (error !== undefined) this.#commands.sayGoodbye(error)
    this.#handshake = undefined
    this.#reader.stop()
    this.#outbox.tell(error === undefined ? { type: 'closed' } : { type: 'closed', error })
  }
}
