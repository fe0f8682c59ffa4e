import { createHmac, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  Driver,
  buildMetadataBody,
  byteLengthOfConfigBody,
  byteLengthOfFrameBody,
  flvTimestampMs,
  writeConfigBody,
  writeFrameBody,
  type CodecConfig,
  type MediaFrame,
} from '@crossroom/media'
import { MessageType, parseRtmpUrl, RtmpClientSession, type RtmpClientEvent } from '@crossroom/rtmp'
import { pushLimits } from '../../config/index.js'
import { viewerTimestampMs, type Clock, type Tracks } from '../../hub/index.js'
import type { JobNetwork } from '../../jobs/index.js'
import { inListenedTime } from '../../net/index.js'
import { Feed } from '../feed.js'
import type { Sender, SenderHandlers, SendFailure, SendOptions } from '../sender.js'

/** Of servers that know the stream key and do not accept it. */
const DENIED = /\.(?:Denied|Rejected|Unauthorized|Forbidden|BadAuth)$/i
/** A target that takes its leave in silence is cut off after this. */
const FAREWELL_MICROS = 1_000_000

/** Publishes a stream at another RTMP server. */
export class RtmpSender implements Sender {
  readonly #clock: Clock
  readonly #options: SendOptions
  readonly #handlers: SenderHandlers
  readonly #feed: Feed
  #socket: Socket | undefined
  #session: RtmpClientSession | undefined
  #driver: Driver<Uint8Array, Uint8Array, RtmpClientEvent> | undefined
  #configs: Tracks = {}
  #baseMs: number | undefined
  #isClosed = false
  #written = 0

  constructor(network: JobNetwork, clock: Clock, options: SendOptions, handlers: SenderHandlers) {
    this.#clock = clock
    this.#options = options
    this.#handlers = handlers
    this.#feed = new Feed({
      ...{ source: options.source, clock },
      isFull: () => (this.#socket?.writableLength ?? 0) > pushLimits.waitingBytes,
      begin: () => this.#begin(),
      frame: (frame) => this.#send(frame),
      over: () => {
        handlers.over()
        this.close()
      },
    })
    void this.#connect(network)
  }

  /** Without what waits. */
  get bytesOut(): number {
    return this.#written - (this.#socket?.writableLength ?? 0)
  }

  get droppedFrames(): number {
    return this.#feed.droppedFrames
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#feed.close()
    this.#session?.close()
    this.#driver?.drain()
    this.#driver?.close()
    const socket = this.#socket
    if (socket === undefined) return
    socket.end()
    const cancel = this.#clock.after(FAREWELL_MICROS, () => socket.destroy())
    socket.once('close', cancel)
  }

  async #connect(network: JobNetwork): Promise<void> {
    const { address } = this.#options
    const url = parseRtmpUrl(address.text)
    const socket = await network.connect(address, () => this.#driver?.drain()).catch((error: Error) => error)
    if (socket instanceof Error) return this.#fail({ message: socket.message })
    // It has an error handler in any case: one without ends the process.
    socket.on('error', (error) => this.#fail({ message: error.message }))
    if (this.#isClosed || url === undefined) return void socket.destroy()
    this.#socket = socket
    const session = (this.#session = new RtmpClientSession({
      ...{ url, action: 'publish' },
      randomBytes: (length) => randomBytes(length),
      hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    }))
    const driver = (this.#driver = new Driver(session, inListenedTime(this.#clock), {
      output: (bytes) => {
        this.#written += bytes.length
        socket.write(bytes)
      },
      event: (event) => this.#handleEvent(event),
    }))
    socket.on('data', (bytes: Buffer) => driver.handleInput(bytes))
    socket.once('close', () => this.#fail({ message: 'The target closed the connection.' }))
  }

  #handleEvent(event: RtmpClientEvent): void {
    if (event.type === 'publishing') this.#feed.start()
    else if (event.type === 'refused') {
      const message = `The target refused the stream: ${`${event.code} ${event.description}`.trim()}`
      this.#fail({ message, denied: DENIED.test(event.code) })
    } else if (event.type === 'ended') this.#fail({ message: `The target ended the stream: ${event.code}` })
    else if (event.type === 'closed')
      this.#fail({ message: event.error?.message ?? 'The target closed the connection.' })
  }

  #begin(): void {
    const { source } = this.#options
    this.#session?.sendMedia(MessageType.dataAmf0, 0, buildMetadataBody(source.promised ?? source.tracks))
    this.#driver?.drain()
    this.#handlers.sending()
  }

  #send(frame: MediaFrame): void {
    const session = this.#session
    const isVideo = frame.config.kind === 'video'
    const messageType = isVideo ? MessageType.video : MessageType.audio
    this.#baseMs ??= flvTimestampMs(frame.dts)
    const timestampMs = viewerTimestampMs(frame.dts, this.#baseMs)
    if (session === undefined || timestampMs < 0) return
    if (frame.config !== (isVideo ? this.#configs.video : this.#configs.audio))
      this.#sendConfig(frame.config, timestampMs)
    const body = new Uint8Array(byteLengthOfFrameBody(frame))
    writeFrameBody(frame, body, 0)
    session.sendMedia(messageType, timestampMs, body)
    for (const script of frame.script ?? []) {
      const at = Math.max(0, timestampMs + Math.round(script.offset / 1000))
      session.sendMedia(MessageType.dataAmf0, at, script.body)
    }
    this.#driver?.drain()
  }

  #sendConfig(config: CodecConfig, timestampMs: number): void {
    this.#configs = { ...this.#configs, [config.kind]: config }
    const length = byteLengthOfConfigBody(config)
    if (length === 0) return
    const body = new Uint8Array(length)
    writeConfigBody(config, body, 0)
    this.#session?.sendMedia(config.kind === 'video' ? MessageType.video : MessageType.audio, timestampMs, body)
  }

  #fail(failure: SendFailure): void {
    if (this.#isClosed) return
    this.close()
    this.#handlers.failed(failure)
  }
}
