import { createHmac, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { RtmpServerSession } from '@crossroom/rtmp'
import { connectionLimits, mediaLimits, nameLimits, publisherLimits, rtmpLimits } from '../../config/index.js'
import type { Guest, RateLimits } from '../../net/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { RtmpConnection } from './connection.js'

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

/** `rtmp://HOST/APP/STREAM`: what the listener hands its sockets to. */
export class RtmpEndpoint {
  readonly #environment: EndpointEnvironment
  readonly #connections = new Set<RtmpConnection>()

  constructor(environment: EndpointEnvironment) {
    this.#environment = environment
  }

  handleConnection(socket: Socket, guest: Guest): void {
    const connection = new RtmpConnection({
      environment: this.#environment,
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
    this.#connections.add(connection)
    socket.once('close', () => this.#connections.delete(connection))
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
