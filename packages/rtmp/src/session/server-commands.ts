import type { Amf0Value } from '@crossroom/media'
import { TimestampUnwrapper } from '../chunk/timestamp-unwrapper.js'
import type { RtmpLimits } from '../limits.js'
import type { Command } from '../message/command.js'
import { MessageType } from '../message/message-type.js'
import { encodeControlValue, encodePeerBandwidth } from '../message/protocol-control.js'
import { SAMPLE_ACCESS } from '../message/script-data.js'
import { informationObject, statusCommand } from '../message/status.js'
import { UserControlEvent } from '../message/user-control.js'
import { ProtocolError } from '../protocol-error.js'
import { connectError, connectResult, parseConnect } from './connect.js'
import type { MessageOutput } from './message-output.js'
import type { RtmpServerEvent } from './server-events.js'
import { ServerStream } from './server-stream.js'
import { mergeArguments, splitArguments, type NameWithArguments } from './stream-address.js'

/** The callbacks of the commands of one session. */
export interface ServerCommandsOptions {
  readonly limits: RtmpLimits
  readonly outChunkSize: number
  readonly output: MessageOutput
  readonly emit: (event: RtmpServerEvent) => void
  /** Ends the session. */
  readonly fail: (error: ProtocolError) => void
}

/** The fields of `connect`, kept for the events of the streams. */
interface Connection {
  readonly app: NameWithArguments
  readonly tcUrlArguments: string
}

/** Commands whose success is a plain `_result`. */
const ACKNOWLEDGED = new Set(['releaseStream', '_checkbw', 'setPeerInfo', 'FCSubscribe'])
/** Answers to calls that we never make, and commands that have no answer. */
const IGNORED = new Set(['_result', '_error', 'onStatus', 'receiveAudio', 'receiveVideo'])
/** Functions that a live server lacks, by their status (ActionScript 3, NetStatusEvent). */
const IMPOSSIBLE: ReadonlyMap<string, string> = new Map([
  ['play2', 'NetStream.Play.Failed'],
  ['seek', 'NetStream.Seek.Failed'],
])

/** The commands of a client (RTMP 1.0, section 7.2) and their answers; owns the message streams. */
export class ServerCommands {
  readonly #options: ServerCommandsOptions
  readonly #streams = new Map<number, ServerStream>()
  #connection: Connection | undefined
  #nextStreamId = 1

  constructor(options: ServerCommandsOptions) {
    this.#options = options
  }

  /**
   * The stream of a message. Other servers ignore the message stream id, so encoders that get it wrong exist: while a
   * client has one stream, that is the one it means.
   */
  streamOf(messageStreamId: number): ServerStream | undefined {
    const stream = this.#streams.get(messageStreamId)
    if (stream !== undefined || this.#streams.size !== 1) return stream
    for (const only of this.#streams.values()) return only
    return undefined
  }

  /** A client that waits for an answer has sent as much as is kept. */
  get isBacklogged(): boolean {
    for (const stream of this.#streams.values()) if (stream.waiting.isFull) return true
    return false
  }

  /** Tells why the connection ends: on the stream in use, else on the connection. */
  sayGoodbye({ code, message }: ProtocolError): void {
    if (this.#connection === undefined) return
    let streamId = 0
    let status = 'NetConnection.Connect.Closed'
    for (const stream of this.#streams.values()) {
      if (stream.state === 'idle') continue
      streamId = stream.streamId
      status = stream.isPublisher ? 'NetStream.Publish.Failed' : 'NetStream.Play.Failed'
      break
    }
    this.#refuse(streamId, status, `${code}: ${message}`)
  }

  handle(command: Command, messageStreamId: number): void {
    if (command.name === 'connect') return this.#connect(command)
    if (this.#connection === undefined) return this.#rejectCall(command, 'connect comes first')
    switch (command.name) {
      case 'createStream':
        return this.#createStream(command)
      case 'publish':
        return this.#publish(this.#connection, command, messageStreamId)
      case 'play':
        return this.#play(this.#connection, command, messageStreamId)
      case 'pause':
      case 'pauseRaw':
        return this.#pause(command, messageStreamId)
      case 'FCPublish':
        return this.#answerForecast(command, 'onFCPublish', 'NetStream.Publish.Start')
      case 'FCUnpublish':
        return this.#unpublishByName(command)
      case 'closeStream':
        return this.#endStream(this.streamOf(messageStreamId))
      case 'deleteStream':
        return this.#deleteStream(command.args[0])
      case 'getStreamLength':
        return this.#result(command, 0)
      default:
        return this.#handleOther(command, messageStreamId)
    }
  }

  acceptPublish(streamId: number): boolean {
    const stream = this.#streams.get(streamId)
    if (stream?.state !== 'publishRequested') return false
    stream.state = 'publishing'
    stream.timestamps = new TimestampUnwrapper()
    this.#options.output.userControl(UserControlEvent.streamBegin, streamId)
    this.#status(streamId, 'NetStream.Publish.Start', `${stream.streamName} is now published.`)
    return true
  }

  acceptPlay(streamId: number): boolean {
    const stream = this.#streams.get(streamId)
    if (stream?.state !== 'playRequested') return false
    const { output } = this.#options
    stream.state = 'playing'
    output.userControl(UserControlEvent.streamBegin, streamId)
    this.#status(streamId, 'NetStream.Play.Reset', `Playing and resetting ${stream.streamName}.`)
    this.#status(streamId, 'NetStream.Play.Start', `Started playing ${stream.streamName}.`)
    output.data(SAMPLE_ACCESS, streamId)
    return true
  }

  /** Ends a publisher or player, accepted or not, from our side: the client hears why. */
  end(streamId: number, code: string, description: string): void {
    const stream = this.#streams.get(streamId)
    if (stream === undefined || stream.state === 'idle') return
    stream.end()
    this.#options.output.command(statusCommand('error', code, description), streamId)
  }

  /** The stream that a player plays is over. */
  endPlay(streamId: number): void {
    const stream = this.#streams.get(streamId)
    if (stream?.isPlayer !== true) return
    stream.end()
    this.#status(streamId, 'NetStream.Play.UnpublishNotify', `${stream.streamName} is now unpublished.`)
    this.#options.output.userControl(UserControlEvent.streamEof, streamId)
    this.#status(streamId, 'NetStream.Play.Complete', `Playing ${stream.streamName} is complete.`)
  }

  #connect(command: Command): void {
    const { limits, output, outChunkSize, emit, fail } = this.#options
    if (this.#connection !== undefined) return fail(new ProtocolError('RTMP_SECOND_CONNECT', 'a second connect'))
    const request = parseConnect(command)
    if (request === undefined) return fail(new ProtocolError('RTMP_COMMAND', 'connect without an application name'))
    const app = splitArguments(request.app)
    const tcUrl = splitArguments(request.tcUrl)
    if (!this.#isShort(app) || !this.#isShort(tcUrl)) {
      const { name, args } = this.#isShort(app) ? tcUrl : app
      const sentence = this.#tooLong(name, args)
      output.command(connectError(command.transactionId, sentence))
      return fail(new ProtocolError('RTMP_NAME_LENGTH', sentence))
    }
    this.#connection = { app, tcUrlArguments: tcUrl.args }
    const window = limits.windowAcknowledgementBytes
    output.control(MessageType.windowAcknowledgementSize, encodeControlValue(window))
    output.control(MessageType.setPeerBandwidth, encodePeerBandwidth(window))
    output.setChunkSize(outChunkSize)
    output.command(connectResult(command.transactionId, request))
    const { flashVer, isEnhanced } = request
    const query = mergeArguments(tcUrl.args, app.args)
    emit({ type: 'connect', app: app.name, tcUrl: request.tcUrl, query, flashVer, isEnhanced })
  }

  #createStream(command: Command): void {
    const { limits } = this.#options
    if (this.#streams.size >= limits.messageStreams) {
      return this.#rejectCall(command, `A connection may have ${limits.messageStreams} streams.`)
    }
    const stream = new ServerStream(this.#nextStreamId, limits)
    this.#nextStreamId += 1
    this.#streams.set(stream.streamId, stream)
    this.#result(command, stream.streamId)
  }

  #publish(connection: Connection, command: Command, messageStreamId: number): void {
    const [name, publishingType] = command.args
    const stream = this.#requestedStream(command, messageStreamId)
    if (stream === undefined) return
    const address = this.#streamAddress(connection, name)
    if (address === undefined) {
      return this.#refuse(stream.streamId, 'NetStream.Publish.BadName', this.#reasonAgainst(name))
    }
    stream.state = 'publishRequested'
    stream.streamName = address.streamName
    const type = typeof publishingType === 'string' ? publishingType : ''
    this.#options.emit({ type: 'publish', streamId: stream.streamId, ...address, publishingType: type })
  }

  #play(connection: Connection, command: Command, messageStreamId: number): void {
    const stream = this.#requestedStream(command, messageStreamId)
    if (stream === undefined) return
    const address = this.#streamAddress(connection, command.args[0])
    if (address === undefined) {
      return this.#refuse(stream.streamId, 'NetStream.Play.StreamNotFound', this.#reasonAgainst(command.args[0]))
    }
    stream.state = 'playRequested'
    stream.streamName = address.streamName
    this.#options.emit({ type: 'play', streamId: stream.streamId, ...address })
  }

  /** The stream that a `publish` or `play` is for, free for it; undefined after an answer that says why not. */
  #requestedStream(command: Command, messageStreamId: number): ServerStream | undefined {
    const stream = this.streamOf(messageStreamId)
    if (stream === undefined) this.#rejectCall(command, `There is no stream ${messageStreamId}.`)
    else if (stream.state === 'idle') return stream
    else this.#refuse(stream.streamId, 'NetStream.Failed', `The stream is already used for ${stream.streamName}.`)
    return undefined
  }

  /** A client configured with the stream in its server address and no stream name sends it as the end of the application. */
  #streamAddress(connection: Connection, name: Amf0Value) {
    if (typeof name !== 'string') return undefined
    let app = connection.app.name
    const stream = splitArguments(name)
    let streamName = stream.name
    const slash = app.lastIndexOf('/')
    if (streamName === '' && slash > 0) {
      streamName = app.slice(slash + 1)
      app = app.slice(0, slash)
    }
    if (streamName === '' || !this.#isShort(stream)) return undefined
    return { app, streamName, query: mergeArguments(connection.tcUrlArguments, connection.app.args, stream.args) }
  }

  /** Why an address was refused. */
  #reasonAgainst(text: Amf0Value): string {
    if (typeof text !== 'string') return 'The stream name is missing.'
    const { name, args } = splitArguments(text)
    return name === '' ? 'The stream name is missing.' : this.#tooLong(name, args)
  }

  #tooLong(name: string, args: string): string {
    const { nameLength, argumentsLength } = this.#options.limits
    return name.length > nameLength
      ? `The name has ${name.length} characters, ${nameLength} are allowed.`
      : `The arguments behind the name have ${args.length} characters, ${argumentsLength} are allowed.`
  }

  #isShort({ name, args }: NameWithArguments): boolean {
    const { nameLength, argumentsLength } = this.#options.limits
    return name.length <= nameLength && args.length <= argumentsLength
  }

  #pause(command: Command, messageStreamId: number): void {
    const stream = this.streamOf(messageStreamId)
    const [paused] = command.args
    if (stream?.isPlayer !== true || typeof paused !== 'boolean') return
    const code = paused ? 'NetStream.Pause.Notify' : 'NetStream.Unpause.Notify'
    this.#status(stream.streamId, code, `${paused ? 'Paused' : 'Unpaused'} ${stream.streamName}.`)
    this.#options.emit({ type: 'pause', streamId: stream.streamId, paused })
  }

  #unpublishByName(command: Command): void {
    this.#answerForecast(command, 'onFCUnpublish', 'NetStream.Unpublish.Success')
    const [name] = command.args
    if (typeof name !== 'string') return
    const { name: streamName } = splitArguments(name)
    for (const stream of this.#streams.values()) {
      if (stream.isPublisher && stream.streamName === streamName) this.#endStream(stream)
    }
  }

  #endStream(stream: ServerStream | undefined): void {
    if (stream === undefined || stream.state === 'idle') return
    const { streamId, streamName, isPublisher } = stream
    stream.end()
    if (isPublisher) this.#status(streamId, 'NetStream.Unpublish.Success', `${streamName} is now unpublished.`)
    this.#options.emit({ type: isPublisher ? 'unpublish' : 'stopPlay', streamId })
  }

  #deleteStream(streamId: Amf0Value): void {
    if (typeof streamId !== 'number') return
    this.#endStream(this.#streams.get(streamId))
    this.#streams.delete(streamId)
  }

  #handleOther(command: Command, messageStreamId: number): void {
    const impossible = IMPOSSIBLE.get(command.name)
    if (impossible !== undefined) this.#refuse(messageStreamId, impossible, `A live stream has no ${command.name}.`)
    else if (ACKNOWLEDGED.has(command.name)) this.#result(command, undefined)
    else if (!IGNORED.has(command.name)) this.#rejectCall(command, 'The server has no such method.')
  }

  /** FMLE waits for the second answer before it publishes; others ignore both. */
  #answerForecast(command: Command, name: string, code: string): void {
    this.#result(command, undefined)
    const [streamName] = command.args
    const information = informationObject('status', code, typeof streamName === 'string' ? streamName : '')
    this.#options.output.command({ name, transactionId: 0, object: null, args: [information] })
  }

  #result({ transactionId }: Command, value: Amf0Value): void {
    if (transactionId === 0) return
    this.#options.output.command({ name: '_result', transactionId, object: null, args: [value] })
  }

  #rejectCall({ transactionId }: Command, description: string): void {
    if (transactionId === 0) return
    const information = informationObject('error', 'NetConnection.Call.Failed', description)
    this.#options.output.command({ name: '_error', transactionId, object: null, args: [information] })
  }

  #status(streamId: number, code: string, description: string): void {
    this.#options.output.command(statusCommand('status', code, description), streamId)
  }

  #refuse(streamId: number, code: string, description: string): void {
    this.#options.output.command(statusCommand('error', code, description), streamId)
  }
}
