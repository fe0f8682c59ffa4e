import { get, type IncomingMessage } from 'node:http'
import { get as getTls } from 'node:https'
import { FlvStreamReader, type FlvTag } from '@crossroom/media'
import { WebSocket } from 'ws'
import { mediaOf, poll, type MediaTag } from './flv-media.js'
import { until } from './until.js'

/** A player that only collects. */
export class FlvViewer {
  readonly #reader = new FlvStreamReader()
  readonly #close: () => void
  /** Of a viewer over WebSocket. */
  readonly socket: WebSocket | undefined
  readonly tags: FlvTag[] = []
  /** When each tag came, in milliseconds of `performance.now()`. */
  readonly arrivals: number[] = []
  /** HTTP status, or the close code of the WebSocket once it is closed. */
  status: number | undefined
  ended = false

  constructor(close: () => void, socket?: WebSocket) {
    this.#close = close
    this.socket = socket
  }

  get header(): FlvStreamReader['header'] {
    return this.#reader.header
  }

  get media(): MediaTag[] {
    return mediaOf(this.tags)
  }

  take(bytes: Uint8Array): void {
    this.#reader.handleInput(bytes)
    for (const tag of poll(this.#reader)) {
      this.tags.push(tag)
      this.arrivals.push(performance.now())
    }
    if (this.#reader.error !== undefined) throw new Error(this.#reader.error)
  }

  /** Resolves with the frames once there are `count` of them. */
  frames(count: number, timeoutMs = 10_000): Promise<MediaTag[]> {
    const look = (): MediaTag[] | false => this.media.length >= count && this.media
    const explain = (): string => `${String(this.media.length)} frames came, status ${String(this.status)}`
    return until(`${String(count)} frames`, look, { timeoutMs, explain })
  }

  end(timeoutMs = 10_000): Promise<boolean> {
    return until('the end of the stream', () => this.ended, { timeoutMs })
  }

  close(): void {
    this.#close()
  }
}

/** Plays `http://…flv` or `https://…flv`; any certificate will do. */
export function watchHttpFlv(url: string): FlvViewer {
  const options = { agent: false, rejectUnauthorized: false } as const
  const handle = (response: IncomingMessage): void => {
    viewer.status = response.statusCode
    response.on('data', (bytes: Buffer) => viewer.status === 200 && viewer.take(bytes))
    response.once('close', () => (viewer.ended = true))
  }
  const request = url.startsWith('https:') ? getTls(url, options, handle) : get(url, options, handle)
  const viewer = new FlvViewer(() => request.destroy())
  request.on('error', () => (viewer.ended = true))
  return viewer
}

/** Plays `ws://…flv` or `wss://…flv`; any certificate will do. */
export function watchWsFlv(url: string): FlvViewer {
  const socket = new WebSocket(url, { rejectUnauthorized: false })
  const viewer = new FlvViewer(() => socket.terminate(), socket)
  socket.on('message', (data: Buffer) => viewer.take(data))
  socket.on('error', () => (viewer.ended = true))
  socket.on('close', (code) => {
    viewer.status = code
    viewer.ended = true
  })
  return viewer
}
