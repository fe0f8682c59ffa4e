import { createHmac, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { RtmpServerSession } from '@crossroom/rtmp'
import { connectionLimits, mediaLimits, nameLimits, publisherLimits, rtmpLimits } from '../../config/index.js'
import type { EncoderOrigins, Guest, Origins, RateLimits, Reached } from '../../net/index.js'
import type { OpenProtocol, ProtocolEnvironment } from '../protocol.js'
import { RtmpConnection } from './connection.js'
import { rtmpOrigins } from './origins.js'

export interface RtmpEndpointOptions {
  readonly environment: ProtocolEnvironment
  /** 0 takes a free one. */
  readonly rtmpPort: number | 'off'
  /** Opened where there is a certificate. */
  readonly rtmpsPort: number
  /** What addresses begin with, where the operator says it. */
  readonly publicUrl: string | undefined
  /** Whether encoders trust the certificate. */
  readonly isTrusted: boolean
}

const RATE_LIMITS: RateLimits = {
  perSecond: publisherLimits.bitsPerSecond,
  burst: publisherLimits.burstBits,
  overRateMicros: publisherLimits.overRateMicros,
}

/** Only throttles: a busy machine makes every reading seem long. */
const DECODE_LIMITS: RateLimits = {
  perSecond: rtmpLimits.decodeBudgetMicrosPerSecond,
  burst: 2 * rtmpLimits.decodeBudgetMicrosPerSecond,
  overRateMicros: Infinity,
}

/** `rtmp://HOST/APP/STREAM` and `rtmps://`. */
export class RtmpEndpoint implements OpenProtocol {
  readonly #options: RtmpEndpointOptions

  constructor(options: RtmpEndpointOptions) {
    this.#options = options
  }

  async listen(): Promise<void> {
    const { environment, rtmpPort, rtmpsPort } = this.#options
    const { listeners, tls } = environment
    const accept = (socket: Socket, guest: Guest): void => this.#accept(socket, guest)
    if (rtmpPort !== 'off') await listeners.openTcp('rtmp', rtmpPort, accept)
    if (tls !== undefined) await listeners.openTcp('rtmps', rtmpsPort, accept, { tls })
  }

  /** What addresses for encoders begin with. */
  originsFor(reached: Reached): EncoderOrigins {
    const { environment, isTrusted, publicUrl, rtmpPort } = this.#options
    if (publicUrl !== undefined) return { rtmp: publicUrl, isGiven: true }
    const { rtmp, rtmps } = environment.listeners.ports
    return rtmpOrigins(reached, { rtmp, rtmps: isTrusted || rtmpPort === 'off' ? rtmps : undefined })
  }

  playAddresses({ rtmp }: Origins, name: string): Readonly<Record<string, string>> {
    return { rtmp: `${rtmp}/${name}` }
  }

  #accept(socket: Socket, guest: Guest): void {
    new RtmpConnection({
      environment: this.#options.environment,
      socket,
      session: createSession(),
      pending: guest,
      remoteAddress: guest.address,
      rateLimits: RATE_LIMITS,
      decodeLimits: DECODE_LIMITS,
      idleMicros: connectionLimits.authorisedMicros,
      badFrameLimit: mediaLimits.badFrames,
      chunkSize: rtmpLimits.outgoingChunkBytes,
    })
  }
}

function createSession(): RtmpServerSession {
  return new RtmpServerSession({
    randomBytes: (length) => randomBytes(length),
    hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    outChunkSize: rtmpLimits.outgoingChunkBytes,
    limits: { ...rtmpLimits, ...connectionLimits, argumentsLength: nameLimits.queryBytes },
  })
}
