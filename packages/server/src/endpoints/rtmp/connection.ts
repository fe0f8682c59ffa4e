import type { Socket } from 'node:net'
import { Driver, type Machine, type Micros } from '@crossroom/media'
import type { RtmpServerEvent, RtmpServerSession } from '@crossroom/rtmp'
import type { StreamEndReason } from '../../auth/index.js'
import { inListenedTime, type PendingConnection, RateLimiter, type RateLimits } from '../../net/index.js'
import type { Log, Traffic } from '../../observe/index.js'
import type { EndpointEnvironment } from '../environment.js'
import type { RtmpPeer } from './peer.js'
import { RtmpPlay } from './play/rtmp-play.js'
import { RtmpPublish } from './publish/rtmp-publish.js'

/** One message stream's business: publishing or playing. */
interface Role {
  handleEvent(event: RtmpServerEvent): void
  close(reason: StreamEndReason): void
}

export interface RtmpConnectionOptions {
  readonly environment: EndpointEnvironment
  readonly socket: Socket
  readonly session: RtmpServerSession
  readonly pending: PendingConnection
  readonly remoteAddress: string
  /** Of received bits. */
  readonly rateLimits: RateLimits
  /** Of microseconds spent on reading messages: small chunks cost more than their bits say. */
  readonly decodeLimits: RateLimits
  /** How long a connection may stay without a stream. */
  readonly idleMicros: Micros
  readonly badFrameLimit: number
  readonly chunkSize: number
}

/** The id of a connection's first message stream, and with nearly every client its only one. */
const FIRST_STREAM = 1

/** One RTMP client: a socket, a session, and what it publishes and plays. */
export class RtmpConnection implements RtmpPeer {
  readonly id: string
  readonly remoteAddress: string
  readonly session: RtmpServerSession
  readonly socket: Socket
  readonly log: Log
  readonly #options: RtmpConnectionOptions
  readonly #driver: Driver<Uint8Array, Uint8Array, RtmpServerEvent>
  readonly #rate: RateLimiter
  readonly #traffic: Traffic
  readonly #decode: RateLimiter
  #decodeMicros = 0
  readonly #roles = new Map<number, Role>()
  #cancelPause: (() => void) | undefined
  #cancelIdle: (() => void) | undefined
  #closed = false

  constructor(options: RtmpConnectionOptions) {
    const { environment, socket, session } = options
    this.#options = options
    this.id = environment.newConnectionId()
    this.remoteAddress = options.remoteAddress
    this.session = session
    this.socket = socket
    this.log = environment.log.child({ connection: this.id, protocol: 'rtmp', remoteAddress: options.remoteAddress })
    this.#traffic = environment.metrics.traffic('rtmp')
    this.#rate = new RateLimiter(options.rateLimits)
    this.#decode = new RateLimiter(options.decodeLimits)
    this.#driver = new Driver(this.#timed(session), inListenedTime(environment.clock), {
      output: (bytes) => void socket.write(bytes),
      event: (event) => this.#handleEvent(event),
    })
    environment.metrics.connectionOpened('rtmp')
    socket.on('data', (bytes: Buffer) => this.#handleData(bytes))
    socket.on('error', (error) => this.log.debug({ error: error.message }, 'RTMP socket error'))
    socket.once('close', () => this.#handleClosed('client'))
    // Starts the deadlines.
    this.#driver.drain()
  }

  idOf(streamId: number): string {
    return streamId === FIRST_STREAM ? this.id : `${this.id}.${String(streamId)}`
  }

  flush(): void {
    this.#driver.drain()
    this.#readOn()
  }

  admitted(): void {
    this.#options.pending.settle()
    this.session.authorised()
    this.flush()
  }

  close(reason: StreamEndReason): void {
    this.#handleClosed(reason)
    this.socket.end()
    // A peer that does not read would keep a half-closed socket for ever.
    const cancel = this.#options.environment.clock.after(1_000_000, () => this.socket.destroy())
    this.socket.once('close', cancel)
  }

  #handleData(bytes: Buffer): void {
    if (this.#closed) return
    const { clock } = this.#options.environment
    this.#traffic.bytesIn += bytes.length
    this.#options.pending.received(bytes.length)
    const now = clock.now()
    this.#decodeMicros = 0
    this.#driver.handleInput(bytes)
    const pause = Math.max(this.#rate.take(now, bytes.length * 8), this.#decode.take(now, this.#decodeMicros))
    if (this.#closed) return
    if (this.session.isBacklogged) this.socket.pause()
    if (pause === 0) return
    if (this.#rate.isExceeded(now)) {
      this.#endFlood()
      return
    }
    this.socket.pause()
    this.#cancelPause?.()
    this.#cancelPause = clock.after(pause, () => {
      this.#cancelPause = undefined
      this.#readOn()
    })
  }

  /** Reads on unless there is a reason not to: too much at once, or as much as may wait for an answer. */
  #readOn(): void {
    if (this.socket.isPaused() && this.#cancelPause === undefined && !this.session.isBacklogged) this.socket.resume()
  }

  #endFlood(): void {
    const { perSecond: bitsPerSecond, overRateMicros } = this.#options.rateLimits
    this.log.warn({ bitsPerSecond }, 'RTMP client closed: it exceeds the bitrate limit')
    this.#options.environment.metrics.protocolError('rtmp', 'RATE_EXCEEDED')
    const most = `${String(bitsPerSecond / 1e6)} Mbit/s`
    const sentence = `More than ${most} arrived for ${String(overRateMicros / 1e6)} s; send at a lower bitrate.`
    for (const streamId of this.#roles.keys()) this.session.endPublish(streamId, 'NetStream.Publish.Failed', sentence)
    this.flush()
    this.close('error')
  }

  #handleEvent(event: RtmpServerEvent): void {
    switch (event.type) {
      case 'connect':
        // Encoders that know only one address field say `r/TOKEN` as the app: the rest of it may be a secret.
        this.log.debug({ app: event.app.split('/', 1)[0], flashVer: event.flashVer }, 'RTMP connect')
        return
      case 'publish':
        this.#begin(
          event.streamId,
          new RtmpPublish(this.#options.environment, this, event, this.#options.badFrameLimit),
        )
        return
      case 'play':
        this.#begin(event.streamId, new RtmpPlay(this.#options.environment, this, event, this.#options.chunkSize))
        return
      case 'closed':
        if (event.error !== undefined) {
          this.log.info({ code: event.error.code, error: event.error.message }, 'RTMP client closed: protocol error')
          this.#options.environment.metrics.protocolError('rtmp', event.error.code)
        }
        this.close(event.error === undefined ? 'client' : 'error')
        return
      case 'unpublish':
      case 'stopPlay':
        this.#roles.get(event.streamId)?.close('client')
        this.#roles.delete(event.streamId)
        this.#watchIdle()
        return
      default:
        this.#roles.get(event.streamId)?.handleEvent(event)
    }
  }

  #begin(streamId: number, role: Role): void {
    this.#roles.get(streamId)?.close('client')
    this.#roles.set(streamId, role)
    this.#cancelIdle?.()
    this.#cancelIdle = undefined
  }

  /** The session with its reading timed, without the handling of what it read: that is work for the viewers. */
  #timed(session: RtmpServerSession): Machine<Uint8Array, Uint8Array, RtmpServerEvent> {
    const { clock } = this.#options.environment
    return {
      handleInput: (now, input) => {
        const from = clock.now()
        session.handleInput(now, input)
        this.#decodeMicros += clock.now() - from
      },
      poll: (now) => session.poll(now),
    }
  }

  /** A connection that was admitted once and has no stream left holds a socket for nothing. */
  #watchIdle(): void {
    if (this.#roles.size > 0 || this.#closed) return
    this.#cancelIdle?.()
    this.#cancelIdle = this.#options.environment.clock.after(this.#options.idleMicros, () => this.close('timeout'))
  }

  #handleClosed(reason: StreamEndReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelPause?.()
    this.#cancelIdle?.()
    this.#options.pending.settle()
    this.#driver.close()
    for (const role of this.#roles.values()) role.close(reason)
    this.#roles.clear()
    this.#options.environment.metrics.connectionClosed('rtmp')
  }
}
