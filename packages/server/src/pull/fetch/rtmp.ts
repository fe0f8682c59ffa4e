import { createHmac, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { Driver } from '@crossroom/media'
import { parseRtmpUrl, RtmpClientSession, type RtmpClientEvent } from '@crossroom/rtmp'
import { inListenedTime } from '../../net/index.js'
import type { FetchFailure, Fetcher, FetchHandlers, FetchOptions } from '../fetcher.js'
import { FlvFrames } from './flv-frames.js'
import type { FetchNetwork } from './network.js'

/** Plays one stream of an RTMP server. */
export class RtmpFetcher implements Fetcher {
  readonly #network: FetchNetwork
  readonly #handlers: FetchHandlers
  readonly #frames: FlvFrames
  #socket: Socket | undefined
  #driver: Driver<Uint8Array, Uint8Array, RtmpClientEvent> | undefined
  #isClosed = false

  constructor(network: FetchNetwork, options: FetchOptions, handlers: FetchHandlers) {
    this.#network = network
    this.#handlers = handlers
    this.#frames = new FlvFrames(handlers)
    void this.#connect(options)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#driver?.close()
    this.#socket?.destroy()
  }

  async #connect({ address }: FetchOptions): Promise<void> {
    // Nothing in RTMP carries the user and password of an address: they are not sent.
    const url = parseRtmpUrl(address.text.replace(/\/\/[^/@]*@/, '//'))
    if (url === undefined) return this.#fail({ message: 'The address must be rtmp://HOST[:PORT]/APP/STREAM.' })
    const socket = await this.#network.connect(address, () => this.#driver?.drain()).catch((error: Error) => error)
    if (socket instanceof Error) return this.#fail({ message: socket.message })
    if (this.#isClosed) return void socket.destroy()
    this.#socket = socket
    const session = new RtmpClientSession({
      ...{ url, action: 'play' },
      randomBytes: (length) => randomBytes(length),
      hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    })
    const driver = (this.#driver = new Driver(session, inListenedTime(this.#network.clock), {
      output: (bytes) => void socket.write(bytes),
      event: (event) => this.#handleEvent(event),
    }))
    socket.on('data', (bytes: Buffer) => {
      this.#handlers.received(bytes.length)
      driver.handleInput(bytes)
    })
    socket.on('error', (error) => this.#fail({ message: error.message }))
    socket.once('close', () => this.#fail({ message: 'The source closed the connection.' }))
  }

  #handleEvent(event: RtmpClientEvent): void {
    if (event.type === 'media') {
      if (!this.#frames.read(event.messageType, event.timestampMs, event.payload, event.receivedAt))
        this.#fail({ message: 'The source sends nothing but invalid frames.' })
    } else if (event.type === 'refused')
      this.#fail({ message: `The source refused: ${event.code} ${event.description}`.trim() })
    else if (event.type === 'ended') this.#fail({ message: 'The source ended the stream.' })
    else if (event.type === 'closed')
      this.#fail({ message: event.error?.message ?? 'The source closed the connection.' })
  }

  #fail(failure: FetchFailure): void {
    if (this.#isClosed) return
    this.close()
    this.#handlers.failed(failure)
  }
}
