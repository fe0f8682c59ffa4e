import type { Grant, Refusal, RefusalCode, StreamEndReason, StreamRequest } from '../auth/index.js'
import type { Publication, PublicationEnd, PublisherInfo } from '../hub/index.js'
import type { EndpointEnvironment } from './environment.js'

/** What of the environment a publisher needs. */
export type PublishEnvironment = Pick<
  EndpointEnvironment,
  'hub' | 'clock' | 'log' | 'metrics' | 'connections' | 'newConnectionId'
>

/** The publisher, and the callbacks of its protocol. */
export interface Publisher extends Pick<PublisherInfo, 'protocol' | 'remoteAddress' | 'hasServerTime'> {
  readonly connectionId: string
  /** Media bytes received. */
  bytes(): number
  /** Asks the encoder, where its protocol can. */
  readonly requestKeyframe?: (() => void) | undefined
  /** The publish was ended from outside and undone. Called at most once, and not after `close`. */
  ended(reason: StreamEndReason, sentence: string): void
}

const ENDS: Record<PublicationEnd | 'expired', readonly [StreamEndReason, string]> = {
  replaced: ['taken-over', 'The same publisher reconnected on another connection.'],
  silent: ['timeout', 'No data arrived for too long.'],
  kicked: ['kicked', 'The publisher was removed.'],
  shutdown: ['shutdown', 'The server is shutting down.'],
  expired: ['expired', 'The signature in the address has expired; push with a new one.'],
}

/**
 * One request to publish, from the request to the end: asks the gate, takes the stream, counts the publisher, and
 * undoes everything in `close`, at any stage. The hub handles the stream's grace and the take-over by the same subject.
 */
export class PublishAttempt {
  readonly #environment: PublishEnvironment
  readonly #publisher: Publisher
  #grant: Grant | undefined
  #publication: Publication | undefined
  #leave: ((reason: StreamEndReason) => void) | undefined
  #isTaken = false
  #isClosed = false

  constructor(environment: PublishEnvironment, publisher: Publisher) {
    this.#environment = environment
    this.#publisher = publisher
  }

  /** What frames are pushed into, while it lasts. */
  get publication(): Publication | undefined {
    return this.#publication
  }

  get grant(): Grant | undefined {
    return this.#grant
  }

  /** Whether the client was authenticated: by a room, a token or a hook. */
  get isKnown(): boolean {
    return this.#grant?.subject !== undefined
  }

  /** Asks the gate, and takes the stream. Answers the refusal; undefined when it has begun, or was closed meanwhile. */
  async ask({ gate }: Pick<EndpointEnvironment, 'gate'>, request: StreamRequest): Promise<Refusal | undefined> {
    const admission = await gate.admit(request)
    if (!admission.ok) return this.#refuse(admission)
    if (!this.#isClosed) return this.take(admission)
    admission.closed('client')
    return undefined
  }

  /** Takes the stream for a client that was admitted before. Returns the refusal; undefined on success. */
  take(grant: Grant): Refusal | undefined {
    this.#grant = grant
    grant.onRevoked((reason) => this.#handleRevoked(reason))
    if (!this.#isClosed) this.#publication = this.#publish(grant)
    if (this.#publication === undefined && !this.#isClosed) {
      this.close('error')
      const sentence = `${grant.key.label} already has a publisher.`
      return this.#refuse(refusal('BUSY', sentence, 409, grant.key.label))
    }
    if (!this.#isClosed) this.#enter(grant, this.#publication!)
    if (this.#isClosed)
      return this.#refuse(refusal('DENIED', 'The permission was taken back at once.', 403, grant.key.label))
    this.#isTaken = true
    return undefined
  }

  /** The publisher left, or its protocol gives up. Idempotent. */
  close(reason: StreamEndReason): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#publication?.end()
    this.#publication = undefined
    this.#leave?.(reason)
    this.#grant?.closed(reason)
  }

  #publish({ key, subject, isRecorded }: Grant): Publication | undefined {
    const { connectionId: id, protocol, remoteAddress, hasServerTime, requestKeyframe } = this.#publisher
    return this.#environment.hub.open(key).publish({
      ...{ id, protocol, remoteAddress },
      ...(subject !== undefined && { subject }),
      ...(isRecorded !== undefined && { isRecorded }),
      ...(hasServerTime !== undefined && { hasServerTime }),
      ...(requestKeyframe !== undefined && { requestKeyframe }),
      onClose: (reason) => this.#end(reason),
    })
  }

  /** Counts a publisher in: lists, metrics, the grant. */
  #enter(grant: Grant, publication: Publication): void {
    const { connections, clock, metrics, log } = this.#environment
    const { connectionId: id, protocol, remoteAddress } = this.#publisher
    const bytes = (): number => this.#publisher.bytes()
    const names = { connection: id, protocol, remoteAddress, stream: grant.key.label }
    const unlist = connections.add({
      ...{ id, role: 'publisher', protocol, remoteAddress, bytes },
      streamKey: grant.key,
      startedAt: clock.now(),
      droppedFrames: () => 0,
      kick: (reason = 'kicked') => publication.close(reason),
    })
    metrics.publisherStarted(protocol)
    log.info(names, `${protocol.toUpperCase()} publish began`)
    this.#leave = (reason) => {
      unlist()
      metrics.publisherEnded(protocol)
      log.info({ ...names, reason, bytes: bytes() }, `${protocol.toUpperCase()} publish ended`)
    }
    grant.opened()
  }

  #handleRevoked(reason: StreamEndReason): void {
    // A client that signs in again may continue the stream, which is in grace until then.
    if (reason === 'expired') this.#end('expired')
    else if (this.#publication === undefined) this.close('kicked')
    else this.#publication.close('kicked')
  }

  #end(end: keyof typeof ENDS): void {
    if (this.#isClosed) return
    const [reason, sentence] = ENDS[end]
    this.close(reason)
    if (this.#isTaken) this.#publisher.ended(reason, sentence)
  }

  #refuse(refused: Refusal): Refusal {
    const { metrics, log } = this.#environment
    const { protocol, connectionId: connection, remoteAddress } = this.#publisher
    const { code, sentence, loggedName: stream } = refused
    metrics.refused(protocol, code)
    log.info(
      { connection, protocol, remoteAddress, stream, code, reason: sentence },
      `${protocol.toUpperCase()} publish refused`,
    )
    return refused
  }
}

function refusal(code: RefusalCode, sentence: string, httpStatus: number, loggedName: string): Refusal {
  return { ok: false, code, sentence, httpStatus, loggedName }
}
