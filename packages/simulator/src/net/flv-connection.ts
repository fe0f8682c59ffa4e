import { get, type ClientRequest, type IncomingMessage } from 'node:http'
import { get as getTls } from 'node:https'
import { FlvStreamReader } from '@crossroom/media'

import { HALF_OPEN_MS } from './connection.js'

/** What happens to one HTTP-FLV connection; `closed` comes once and last. */
export interface FlvHandlers {
  /** The server answered 200. */
  agreed(): void
  tag(type: number, timestampMs: number, body: Uint8Array): void
  closed(code: string | undefined): void
}

/** One HTTP-FLV connection of a player. */
export class FlvConnection {
  readonly #request: ClientRequest
  readonly #handlers: FlvHandlers
  readonly #reader = new FlvStreamReader()
  #response: IncomingMessage | undefined
  #closed = false

  constructor(url: string, handlers: FlvHandlers) {
    this.#handlers = handlers
    const open = url.startsWith('https:') ? getTls : get
    this.#request = open(url, { agent: false }, (response) => this.#handleResponse(response))
    this.#request.on('error', () => this.#end('unreachable'))
  }

  /** Idempotent; `closed` follows. */
  close(): void {
    this.#request.destroy()
    this.#end(undefined)
  }

  /** Stops reading without notice, as a phone that changes networks. */
  vanish(): void {
    this.#response?.removeAllListeners('data').pause()
    setTimeout(() => this.#request.destroy(), HALF_OPEN_MS).unref()
    this.#end('unreachable')
  }

  #handleResponse(response: IncomingMessage): void {
    if (response.statusCode !== 200) {
      response.destroy()
      this.#end(`HTTP ${String(response.statusCode)}`)
      return
    }
    this.#response = response
    this.#handlers.agreed()
    response.on('data', (bytes: Buffer) => this.#handleBytes(bytes))
    response.once('close', () => this.#end('ended'))
  }

  #handleBytes(bytes: Buffer): void {
    if (this.#closed) return
    this.#reader.handleInput(bytes)
    for (let tag = this.#reader.pollTag(); tag; tag = this.#reader.pollTag()) {
      this.#handlers.tag(tag.type, tag.timestampMs, tag.body)
    }
    if (this.#reader.error !== undefined) this.#request.destroy()
  }

  #end(code: string | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#handlers.closed(code)
  }
}
