import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { FlvStreamReader } from '@crossroom/media'
import { WebSocket } from 'ws'
import { pullLimits } from '../../config/index.js'
import { parsePullAddress, type PullAddress } from '../address.js'
import type { FetchFailure, Fetcher, FetchHandlers, FetchOptions } from '../fetcher.js'
import { FlvFrames } from './flv-frames.js'
import type { FetchNetwork } from './network.js'

/** Plays FLV over HTTP or WebSocket. Redirects of HTTP are followed, each to a host that is judged as the first. */
export class FlvFetcher implements Fetcher {
  readonly #network: FetchNetwork
  readonly #handlers: FetchHandlers
  readonly #frames: FlvFrames
  readonly #reader = new FlvStreamReader()
  #end: (() => void) | undefined
  #isClosed = false

  constructor(network: FetchNetwork, { address }: FetchOptions, handlers: FetchHandlers) {
    this.#network = network
    this.#handlers = handlers
    this.#frames = new FlvFrames(handlers)
    const opened = address.kind === 'ws-flv' ? this.#openSocket(address) : this.#request(address, 0)
    opened.catch((error: Error) => this.#fail({ message: error.message }))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#end?.()
  }

  async #request(address: PullAddress, redirects: number): Promise<void> {
    const socket = await this.#network.connect(address)
    if (this.#isClosed) return void socket.destroy()
    const asked: ClientRequest = request({
      // TLS is the socket's, whatever the request believes.
      createConnection: () => socket,
      path: address.path,
      headers: { host: hostOf(address), 'user-agent': 'crossroom', ...authorizationOf(address) },
    })
    this.#end = () => void asked.destroy()
    asked.on('error', (error) => this.#fail({ message: error.message }))
    asked.on('response', (response) => this.#handleResponse(response, address, redirects))
    asked.end()
  }

  #handleResponse(response: IncomingMessage, address: PullAddress, redirects: number): void {
    const { statusCode: status = 0, headers } = response
    if (status >= 300 && status < 400 && headers.location !== undefined) {
      this.#end?.()
      this.#follow(headers.location, address, redirects + 1)
    } else if (status !== 200) {
      const denied = status === 401 || status === 403
      this.#fail({ message: `The source answered with HTTP status ${String(status)}.`, denied })
    } else {
      response.on('data', (bytes: Buffer) => this.#read(bytes))
      response.on('error', (error) => this.#fail({ message: error.message }))
      response.once('close', () => this.#fail({ message: 'The source ended the stream.' }))
    }
  }

  #follow(location: string, from: PullAddress, redirects: number): void {
    const text = URL.canParse(location, from.text) ? new URL(location, from.text).href : ''
    const next = parsePullAddress(text)
    if (redirects > pullLimits.redirects) return this.#fail({ message: 'The source redirects too often.' })
    if (next?.kind !== 'flv')
      return this.#fail({ message: 'The source redirects to an address that is no FLV stream.' })
    this.#request(next, redirects).catch((error: Error) =>
      this.#fail({ message: `After a redirect: ${error.message}` }),
    )
  }

  async #openSocket(address: PullAddress): Promise<void> {
    const connection = await this.#network.connect(address)
    if (this.#isClosed) return void connection.destroy()
    // `ws:` also for TLS, which is the connection's.
    const socket = new WebSocket(`ws://${hostOf(address)}${address.path}`, {
      createConnection: () => connection,
      headers: authorizationOf(address),
      perMessageDeflate: false,
      maxPayload: pullLimits.messageBytes,
    })
    this.#end = () => socket.terminate()
    socket.on('message', (bytes: Buffer) => this.#read(bytes))
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      const denied = statusCode === 401 || statusCode === 403
      this.#fail({ message: `The source answered with HTTP status ${String(statusCode)}.`, denied })
    })
    socket.on('error', (error) => this.#fail({ message: error.message }))
    socket.once('close', () => this.#fail({ message: 'The source ended the stream.' }))
  }

  #read(bytes: Buffer): void {
    if (this.#isClosed) return
    this.#handlers.received(bytes.length)
    this.#reader.handleInput(bytes)
    for (let tag = this.#reader.pollTag(); tag !== undefined; tag = this.#reader.pollTag()) {
      if (!this.#frames.read(tag.type, tag.timestampMs, tag.body, this.#network.clock.now()))
        return this.#fail({ message: 'The source sends nothing but invalid frames.' })
      if (this.#isClosed) return
    }
    if (this.#reader.error !== undefined) this.#fail({ message: this.#reader.error })
  }

  #fail(failure: FetchFailure): void {
    if (this.#isClosed) return
    this.close()
    this.#handlers.failed(failure)
  }
}

function hostOf({ host, port }: PullAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`
}

function authorizationOf({ user, password }: PullAddress): Record<string, string> {
  if (user === '' && password === '') return {}
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
