import { createHmac, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Driver, type DriverClock } from '@crossroom/media'
import { parseRtmpUrl, RtmpClientSession, type MediaMessageType, type RtmpClientEvent } from '@crossroom/rtmp'

import { HALF_OPEN_MS, type ConnectionHandlers, type PushConnection } from './connection.js'

/** One RTMP connection of a phone: the client's machine on a socket. */
export class RtmpConnection implements PushConnection {
  readonly #session: RtmpClientSession
  readonly #driver: Driver<Uint8Array, Uint8Array, RtmpClientEvent>
  readonly #socket: Socket
  readonly #handlers: ConnectionHandlers
  #code: string | undefined
  #closed = false
  #streamId = 0

  /** Throws when `url` is no RTMP address. */
  constructor(action: 'publish' | 'play', url: string, handlers: ConnectionHandlers) {
    const target = parseRtmpUrl(url)
    if (target === undefined) throw new Error(`${url} is no RTMP address`)
    this.#handlers = handlers
    this.#session = new RtmpClientSession({
      url: target,
      action,
      handshake: 'simple',
      randomBytes: (length) => randomBytes(length),
      hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    })
    this.#driver = new Driver(this.#session, clock, {
      output: (bytes) => void this.#socket.write(bytes),
      event: (event) => this.#handle(event),
    })
    const { host, port, isTls } = target
    const open = (): void => {
      handlers.connected()
      this.#driver.drain()
    }
    this.#socket = isTls ? connectTls({ host, port }, open) : connect({ host, port }, open)
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (bytes: Buffer) => this.#driver.handleInput(bytes))
    this.#socket.on('error', () => undefined)
    this.#socket.once('close', () => this.#end())
  }

  get backlog(): number {
    return this.#socket.writableLength
  }

  get chunks(): { readonly size: number; readonly streamId: number } {
    return { size: this.#session.outChunkSize, streamId: this.#streamId }
  }

  send(messageType: MediaMessageType, timestampMs: number, payload: Uint8Array): void {
    this.#session.sendMedia(messageType, timestampMs, payload)
    this.#driver.drain()
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  close(): void {
    if (this.#closed) return
    this.#session.close()
    this.#driver.drain()
    this.#socket.end()
    this.#end()
  }

  vanish(): void {
    this.#socket.removeAllListeners('data')
    this.#socket.pause()
    setTimeout(() => this.#socket.destroy(), HALF_OPEN_MS).unref()
    this.#end()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#driver.close()
    this.#handlers.closed(this.#code)
  }

  #handle(event: RtmpClientEvent): void {
    if (event.type === 'media') {
      this.#handlers.media(event.messageType, event.timestampMs, event.payload)
    } else if (event.type === 'publishing' || event.type === 'playing') {
      this.#streamId = event.streamId
      this.#handlers.agreed()
    } else {
      if (event.type === 'refused' || event.type === 'ended') this.#code = event.code
      this.#socket.end()
      this.#end()
    }
  }
}

const clock: DriverClock = {
  now: () => Math.round(performance.now() * 1000),
  after: (delay, callback) => {
    const timer = setTimeout(callback, Math.max(0, delay / 1000))
    return () => clearTimeout(timer)
  },
}
