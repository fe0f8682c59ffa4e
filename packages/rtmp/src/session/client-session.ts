import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import { ChunkReader } from '../chunk/chunk-reader.js'
import { TimestampUnwrapper } from '../chunk/timestamp-unwrapper.js'
import { ClientHandshake, type ClientHandshakeKind } from '../handshake/client-handshake.js'
import type { HandshakeCrypto } from '../handshake/digest.js'
import { DEFAULT_RTMP_LIMITS, type RtmpLimits } from '../limits.js'
import { bodyInAmf0, parseCommand, stringProperty, type Command } from '../message/command.js'
import { ChunkStreamId, MessageType, type MediaMessageType } from '../message/message-type.js'
import { encodeControlValue, parseControlValue } from '../message/protocol-control.js'
import { isServerNotice, prependSetDataFrame, stripSetDataFrame } from '../message/script-data.js'
import { encodeSetBufferLength, parseUserControl, UserControlEvent } from '../message/user-control.js'
import { ProtocolError, type ProtocolErrorCode } from '../protocol-error.js'
import { AcknowledgementCounter } from './acknowledgement.js'
import { DEFAULT_OUT_CHUNK_SIZE, MessageOutput } from './message-output.js'
import type { RtmpUrl } from './rtmp-url.js'
import type { ClosedEvent, MediaEvent } from './server-events.js'

export interface RtmpClientSessionOptions extends HandshakeCrypto {
  readonly url: RtmpUrl
  readonly action: 'publish' | 'play'
  /** Overrides of `DEFAULT_RTMP_LIMITS`. The authorised ones apply from the start. */
  readonly limits?: Partial<RtmpLimits>
  /** Bytes; announced before anything else is sent. Default 4096. */
  readonly outChunkSize?: number
  /** Default 8: with a digest, which servers of all kinds accept. `simple` spares both sides four HMACs. */
  readonly handshake?: ClientHandshakeKind
  /** The client's `flashVer`. Default `FMLE/3.0 (compatible; Crossroom)`, for servers that look for FMLE. */
  readonly flashVer?: string
}

/** The server agreed; `sendMedia` works, or media follows. */
export interface AgreedEvent {
  readonly type: 'publishing' | 'playing'
  readonly streamId: number
}

/** The server declined; `closed` follows. */
export interface RefusedEvent {
  readonly type: 'refused'
  /** Such as `NetStream.Publish.BadName`, `NetStream.Play.StreamNotFound`, `NetConnection.Connect.Rejected`. */
  readonly code: string
  readonly description: string
}

/** The server ended the stream; the connection stays until the owner closes it. */
export interface EndedEvent {
  readonly type: 'ended'
  readonly code: string
}

export type RtmpClientEvent = AgreedEvent | RefusedEvent | EndedEvent | MediaEvent | ClosedEvent

type State = 'handshake' | 'connecting' | 'creatingStream' | 'requested' | 'active' | 'ended' | 'closed'

const CONNECT_TRANSACTION = 1
const CREATE_STREAM_TRANSACTION = 4
const PLAY_BUFFER_MS = 1000
/** Codecs as in `connect` of Flash Player (RTMP 1.0, section 7.2.1.1): all sound, all video, seeking. */
const LEGACY_CODECS = { audioCodecs: 0x0fff, videoCodecs: 0x00ff, videoFunction: 1 }
const END_OF_PLAY = ['NetStream.Play.UnpublishNotify', 'NetStream.Play.Stop', 'NetStream.Play.Complete']

/**
 * The client's side of one RTMP connection that publishes or plays one stream. It speaks first: poll it before any
 * input. Time begins with the first verb. No view of any input is kept.
 */
export class RtmpClientSession implements Machine<Uint8Array, Uint8Array, RtmpClientEvent> {
  /** The size of the chunks for `writeMessageChunks`, for owners that pack once and write to many servers themselves. */
  readonly outChunkSize: number
  readonly #options: RtmpClientSessionOptions
  readonly #limits: RtmpLimits
  readonly #handshake: ClientHandshake
  readonly #reader: ChunkReader
  #now: Micros = 0
  readonly #output = new MessageOutput()
  readonly #acknowledgement: AcknowledgementCounter
  readonly #outbox = new Outbox<Uint8Array, RtmpClientEvent>()
  readonly #timestamps = new TimestampUnwrapper()
  #state: State = 'handshake'
  #streamId = 0
  #startedAt: Micros | undefined

  constructor(options: RtmpClientSessionOptions) {
    const limits = { ...DEFAULT_RTMP_LIMITS, ...options.limits }
    this.#options = options
    this.outChunkSize = options.outChunkSize ?? DEFAULT_OUT_CHUNK_SIZE
    this.#limits = limits
    this.#handshake = new ClientHandshake(options, options.handshake ?? 8)
    this.#acknowledgement = new AcknowledgementCounter(limits)
    this.#reader = new ChunkReader(limits, {
      onMessage: (messageType, _messageStreamId, timestamp, payload) =>
        this.#handleMessage(messageType, timestamp, payload),
    })
    this.#reader.authorised()
    this.#flushHandshake()
  }

  handleInput(now: Micros, input: Uint8Array): void {
    this.#now = now
    this.#turn(now)
    if (this.#state === 'closed') return
    const offset = this.#state === 'handshake' ? this.#shakeHands(input) : 0
    if (offset < input.length && !this.#isClosed()) {
      const error = this.#reader.read(offset === 0 ? input : input.subarray(offset))
      if (error !== undefined) this.#close(error)
    }
    const sequence = this.#acknowledgement.add(input.length)
    if (sequence !== undefined && this.#handshake.state === 'done' && !this.#isClosed()) {
      this.#output.control(MessageType.acknowledgement, encodeControlValue(sequence))
    }
  }

  poll(now: Micros): Polled<Uint8Array, RtmpClientEvent> {
    const startedAt = this.#turn(now)
    const output = this.#output.take()
    if (output !== undefined) this.#outbox.send(output)
    return this.#outbox.take() ?? (this.#isWaiting() ? startedAt + this.#allowedMicros() : Infinity)
  }

  /**
   * Sends the body of a tag of FLV, for script data the plain one (`onMetaData`, …). Ignored, with false, while the server
   * has not agreed or after the end.
   */
  sendMedia(messageType: MediaMessageType, timestampMs: number, payload: Uint8Array): boolean {
    if (this.#state !== 'active' || this.#options.action !== 'publish') return false
    const isData = messageType === MessageType.dataAmf0
    const chunkStreamId = isData ? ChunkStreamId.data : messageType === 8 ? ChunkStreamId.audio : ChunkStreamId.video
    const header = { chunkStreamId, timestampMs, messageType, messageStreamId: this.#streamId }
    this.#output.message(header, isData ? prependSetDataFrame(payload) : payload)
    return true
  }

  /** Takes leave of the server, if there was an agreement, and ends the session; idempotent. Poll once more. */
  close(): void {
    if (this.#state === 'active') {
      if (this.#options.action === 'publish') this.#call('FCUnpublish', 0, this.#options.url.streamName)
      this.#call('deleteStream', 0, this.#streamId)
    }
    this.#close()
  }

  /** Answers when the session began. */
  #turn(now: Micros): Micros {
    const startedAt = (this.#startedAt ??= now)
    if (!this.#isWaiting() || now - startedAt < this.#allowedMicros()) return startedAt
    if (this.#state === 'handshake') this.#fail('RTMP_HANDSHAKE_TIMEOUT', 'no complete handshake in time')
    else this.#fail('RTMP_RESPONSE_TIMEOUT', `the server did not answer ${this.#options.action} in time`)
    return startedAt
  }

  #isWaiting(): boolean {
    return this.#state !== 'active' && this.#state !== 'ended' && this.#state !== 'closed'
  }

  /** A method, because the state changes behind the back of the compiler. */
  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #allowedMicros(): Micros {
    return this.#state === 'handshake' ? this.#limits.handshakeMicros : this.#limits.authorisedMicros
  }

  #shakeHands(input: Uint8Array): number {
    const offset = this.#handshake.read(input)
    this.#flushHandshake()
    if (this.#handshake.state === 'refused')
      this.#fail('RTMP_VERSION', `first byte ${input[0] ?? 0}, RTMP begins with 3`)
    if (this.#handshake.state === 'done') this.#connect()
    return offset
  }

  #flushHandshake(): void {
    const bytes = this.#handshake.takeOutput()
    if (bytes !== undefined) this.#output.raw(bytes)
  }

  #connect(): void {
    const { url, action, flashVer } = this.#options
    this.#state = 'connecting'
    this.#output.setChunkSize(this.outChunkSize)
    const common = {
      app: url.app,
      flashVer: flashVer ?? 'FMLE/3.0 (compatible; Crossroom)',
      tcUrl: url.tcUrl,
      objectEncoding: 0,
    }
    const object =
      action === 'publish'
        ? { ...common, type: 'nonprivate' }
        : { ...common, fpad: false, capabilities: 15, ...LEGACY_CODECS }
    this.#output.command({ name: 'connect', transactionId: CONNECT_TRANSACTION, object, args: [] })
  }

  #handleMessage(messageType: number, timestamp: number, payload: Uint8Array): void {
    switch (messageType) {
      case MessageType.audio:
      case MessageType.video:
        return this.#emitMedia(messageType, this.#timestamps.advance(timestamp), payload)
      case MessageType.dataAmf0:
      case MessageType.dataAmf3:
        return this.#handleData(bodyInAmf0(payload, messageType === MessageType.dataAmf3), timestamp)
      case MessageType.commandAmf0:
      case MessageType.commandAmf3:
        return this.#handleCommand(bodyInAmf0(payload, messageType === MessageType.commandAmf3))
      case MessageType.userControl:
        return this.#handleUserControl(payload)
      case MessageType.windowAcknowledgementSize:
        return this.#acknowledgement.setWindow(parseControlValue(payload) ?? 0)
      case MessageType.setPeerBandwidth:
        return this.#announceWindow(parseControlValue(payload))
      default:
    }
  }

  /** Section 5.4.5: the answer to Set Peer Bandwidth is our Window Acknowledgement Size. */
  #announceWindow(bytes: number | undefined): void {
    if (bytes === undefined) return
    this.#output.control(MessageType.windowAcknowledgementSize, encodeControlValue(bytes))
  }

  #emitMedia(messageType: MediaMessageType, timestampMs: number, payload: Uint8Array): void {
    if (this.#state !== 'active' || this.#options.action !== 'play') return
    const receivedAt = this.#now
    this.#outbox.tell({ type: 'media', streamId: this.#streamId, messageType, timestampMs, payload, receivedAt })
  }

  #handleData(body: Uint8Array | undefined, timestamp: number): void {
    if (body === undefined || isServerNotice(body)) return
    const script = stripSetDataFrame(body)
    if (script !== undefined) this.#emitMedia(MessageType.dataAmf0, this.#timestamps.locate(timestamp), script)
  }

  #handleUserControl(payload: Uint8Array): void {
    const control = parseUserControl(payload)
    if (control?.event === UserControlEvent.pingRequest) {
      this.#output.userControl(UserControlEvent.pingResponse, control.value)
    }
  }

  #handleCommand(body: Uint8Array | undefined): void {
    const command = body === undefined ? undefined : parseCommand(body)
    switch (command?.name) {
      case '_result':
        return this.#handleResult(command)
      case '_error':
        return this.#handleError(command)
      case 'onStatus':
        return this.#handleStatus(command)
      default:
    }
  }

  #handleResult({ transactionId, args }: Command): void {
    const { action, url } = this.#options
    if (this.#state === 'connecting' && transactionId === CONNECT_TRANSACTION) {
      this.#state = 'creatingStream'
      if (action === 'publish') {
        this.#call('releaseStream', 2, url.streamName)
        this.#call('FCPublish', 3, url.streamName)
      }
      this.#output.command({ name: 'createStream', transactionId: CREATE_STREAM_TRANSACTION, object: null, args: [] })
    } else if (this.#state === 'creatingStream' && transactionId === CREATE_STREAM_TRANSACTION) {
      const [streamId] = args
      if (typeof streamId !== 'number') return this.#fail('RTMP_COMMAND', 'createStream was answered without a number')
      this.#request(streamId)
    }
  }

  #request(streamId: number): void {
    const { action, url } = this.#options
    this.#state = 'requested'
    this.#streamId = streamId
    const args = action === 'publish' ? [url.streamName, 'live'] : [url.streamName]
    this.#output.command({ name: action, transactionId: 5, object: null, args }, streamId)
    if (action === 'play') {
      this.#output.control(MessageType.userControl, encodeSetBufferLength(streamId, PLAY_BUFFER_MS))
    }
  }

  /** Errors of `releaseStream` and `FCPublish`, which many servers do not know, are nothing to worry about. */
  #handleError({ transactionId, args, object }: Command): void {
    const isOurs = transactionId === CONNECT_TRANSACTION || transactionId >= CREATE_STREAM_TRANSACTION
    if (!isOurs || !this.#isWaiting()) return
    const information = args[0] ?? object
    this.#refuse(stringProperty(information, 'code'), stringProperty(information, 'description'))
  }

  #handleStatus({ args: [information] }: Command): void {
    const code = stringProperty(information, 'code') ?? ''
    const { action } = this.#options
    if (code === 'NetStream.Publish.Start' || code === 'NetStream.Play.Start') {
      if (this.#state !== 'requested') return
      this.#state = 'active'
      this.#outbox.tell({ type: action === 'publish' ? 'publishing' : 'playing', streamId: this.#streamId })
    } else if (stringProperty(information, 'level') === 'error') {
      if (this.#isWaiting()) this.#refuse(code, stringProperty(information, 'description'))
      else this.#end(code)
    } else if (END_OF_PLAY.includes(code)) this.#end(code)
  }

  #end(code: string): void {
    if (this.#state !== 'active') return
    this.#state = 'ended'
    this.#outbox.tell({ type: 'ended', code })
  }

  #refuse(code = 'NetConnection.Call.Failed', description = ''): void {
    this.#outbox.tell({ type: 'refused', code, description })
    this.#close()
  }

  #call(name: string, transactionId: number, argument: string | number): void {
    this.#output.command({ name, transactionId, object: null, args: [argument] })
  }

  #fail(code: ProtocolErrorCode, sentence: string): void {
    this.#close(new ProtocolError(code, sentence))
  }

  #close(error?: ProtocolError): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#reader.stop()
    this.#outbox.tell(error === undefined ? { type: 'closed' } : { type: 'closed', error })
  }
}
