import { createHmac, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Driver, type FlvTag } from '@crossroom/media'
import {
  parseRtmpUrl,
  RtmpClientSession,
  type MediaMessageType,
  type RtmpClientEvent,
  type RtmpUrl,
} from '@crossroom/rtmp'
import { systemClock } from '../../packages/server/src/net/clock.js'
import { mediaOf, type MediaTag } from './flv-media.js'
import { until } from './until.js'

/** An RTMP client whose every message and byte the test decides. */
export class RtmpPeer {
  readonly socket: Socket
  readonly session: RtmpClientSession
  /** What was received, in order. */
  readonly tags: FlvTag[] = []
  /** `publishing`, `playing`, `refused CODE`, `ended CODE`, `closed`: in order. */
  readonly said: string[] = []
  readonly #driver: Driver<Uint8Array, Uint8Array, RtmpClientEvent>
  #write: (bytes: Uint8Array) => void
  closed = false

  /** `spelling` replaces what the client calls app, stream and tcUrl: encoders differ in where arguments go. */
  constructor(action: 'publish' | 'play', url: string, spelling: Partial<RtmpUrl> = {}) {
    const parsed = parseRtmpUrl(url)
    if (parsed === undefined) throw new Error(`${url} is no RTMP address`)
    const target = { ...parsed, ...spelling }
    const { host, port, isTls } = target
    this.socket = isTls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port })
    this.socket.setNoDelay(true)
    this.#write = (bytes) => this.socket.write(bytes)
    this.session = new RtmpClientSession({
      url: target,
      action,
      handshake: 'simple',
      randomBytes: (length) => randomBytes(length),
      hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    })
    this.#driver = new Driver(this.session, systemClock, {
      output: (bytes) => this.#write(bytes),
      event: (event) => this.#handleEvent(event),
    })
    this.socket.once(isTls ? 'secureConnect' : 'connect', () => this.#driver.drain())
    this.socket.on('data', (bytes: Buffer) => this.#driver.handleInput(bytes))
    this.socket.on('error', () => undefined)
    this.socket.once('close', () => {
      this.closed = true
      this.#driver.close()
    })
  }

  get media(): MediaTag[] {
    return mediaOf(this.tags)
  }

  /** Resolves when the server agreed; rejects with its answer when it refused. */
  async agreed(timeoutMs = 10_000): Promise<this> {
    const answer = await until('an answer of the RTMP server', () => this.said[0] ?? (this.closed && 'closed'), {
      timeoutMs,
    })
    if (answer !== 'publishing' && answer !== 'playing') throw new Error(answer)
    return this
  }

  /** Sends tags as they stand; `fromMs` moves their time. */
  send(tags: readonly FlvTag[], fromMs = 0): void {
    for (const { type, timestampMs, body } of tags)
      this.session.sendMedia(type as MediaMessageType, timestampMs + fromMs, body)
    this.#driver.drain()
  }

  /** The bytes that `send` would write, written nowhere. */
  bytesOf(tags: readonly FlvTag[], fromMs = 0): Uint8Array {
    const pieces: Uint8Array[] = []
    const write = this.#write
    this.#write = (bytes) => pieces.push(bytes)
    this.send(tags, fromMs)
    this.#write = write
    return Buffer.concat(pieces)
  }

  /** Takes leave as encoders do. */
  end(): void {
    this.session.close()
    this.#driver.drain()
    this.socket.end()
  }

  /** Vanishes: the peer sees a reset. */
  reset(): void {
    this.socket.resetAndDestroy()
  }

  #handleEvent(event: RtmpClientEvent): void {
    if (event.type === 'media')
      this.tags.push({ type: event.messageType, timestampMs: event.timestampMs, body: event.payload })
    else if (event.type === 'refused' || event.type === 'ended') this.said.push(`${event.type} ${event.code}`)
    else this.said.push(event.type)
  }
}

/** Publishes at `url`; resolves when the server agreed. */
export function publishRtmp(url: string): Promise<RtmpPeer> {
  return new RtmpPeer('publish', url).agreed()
}

/** Plays `url`; resolves when the server agreed. */
export function playRtmp(url: string): Promise<RtmpPeer> {
  return new RtmpPeer('play', url).agreed()
}
