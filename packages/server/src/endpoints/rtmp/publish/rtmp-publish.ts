import { AccessUnitJoiner, FlvTagReader, FlvTagType, type MediaFrame, type Micros } from '@crossroom/media'
import type { RtmpServerEvent } from '@crossroom/rtmp'
import type { Grant, Refusal, StreamEndReason } from '../../../auth/index.js'
import { mediaLimits, publisherLimits } from '../../../config/index.js'
import type { Publication, PublicationEnd } from '../../../hub/index.js'
import type { Traffic } from '../../../observe/index.js'
import type { EndpointEnvironment } from '../../environment.js'
import type { RtmpPeer } from '../peer.js'

type PublishEvent = Extract<RtmpServerEvent, { type: 'publish' }>
type MediaEvent = Extract<RtmpServerEvent, { type: 'media' }>

const END_REASONS: Record<PublicationEnd, StreamEndReason> = {
  replaced: 'taken-over',
  silent: 'timeout',
  kicked: 'kicked',
  shutdown: 'shutdown',
}

/** One published stream of an RTMP connection: asks the gate, takes the name, turns messages into frames. */
export class RtmpPublish {
  readonly #environment: EndpointEnvironment
  readonly #peer: RtmpPeer
  readonly #event: PublishEvent
  readonly #badFrameLimit: number
  readonly #reader = new FlvTagReader()
  readonly #frames: MediaFrame[] = []
  readonly #traffic: Traffic
  #grant: Grant | undefined
  #publication: Publication | undefined
  #unlist: (() => void) | undefined
  /** Pictures that come in pieces are handed on as a whole. */
  readonly #joiner = new AccessUnitJoiner((frame) => this.#publication?.push(frame))
  #cancelFlush: (() => void) | undefined
  #lastFrameAt: Micros = -Infinity
  #bytesIn = 0
  #closed = false

  constructor(environment: EndpointEnvironment, peer: RtmpPeer, event: PublishEvent, badFrameLimit: number) {
    this.#environment = environment
    this.#traffic = environment.metrics.traffic('rtmp')
    this.#peer = peer
    this.#event = event
    this.#badFrameLimit = badFrameLimit
    void this.#ask()
  }

  handleEvent(event: RtmpServerEvent): void {
    if (event.type === 'media') this.#handleMedia(event)
  }

  close(reason: StreamEndReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#unlist?.()
    this.#cancelFlush?.()
    this.#joiner.flush()
    if (this.#publication !== undefined) {
      this.#environment.metrics.publisherEnded('rtmp')
      this.#peer.log.info({ stream: this.#grant?.key.label, reason, bytes: this.#bytesIn }, 'RTMP publish ended')
    }
    this.#publication?.end()
    this.#grant?.closed(reason)
  }

  async #ask(): Promise<void> {
    const { app, streamName, query } = this.#event
    const admission = await this.#environment.gate.admit({
      action: 'publish',
      protocol: 'rtmp',
      app,
      stream: streamName,
      query,
      remoteAddress: this.#peer.remoteAddress,
      connectionId: this.#peer.idOf(this.#event.streamId),
    })
    if (!admission.ok) {
      this.#refuse(admission)
      return
    }
    this.#grant = admission
    if (this.#closed) admission.closed('client')
    else this.#begin(admission)
  }

  #begin(grant: Grant): void {
    const { hub, metrics, connections, clock } = this.#environment
    const { remoteAddress, session, log } = this.#peer
    const id = this.#peer.idOf(this.#event.streamId)
    const publication = hub.open(grant.key).publish({
      id,
      protocol: 'rtmp',
      remoteAddress,
      ...(grant.subject === undefined ? {} : { subject: grant.subject }),
      onClose: (reason) => this.#handleTaken(reason),
    })
    if (publication === undefined) {
      metrics.refused('rtmp', 'BUSY')
      log.info({ stream: grant.key.label }, 'RTMP publish refused: the name is in use')
      this.#end('NetStream.Publish.BadName', `Somebody publishes ${grant.key.label} already.`)
      return
    }
    this.#publication = publication
    this.#unlist = connections.add({
      id,
      role: 'publisher',
      protocol: 'rtmp',
      remoteAddress,
      streamKey: grant.key,
      startedAt: clock.now(),
      bytes: () => this.#bytesIn,
      droppedFrames: () => 0,
      kick: (reason = 'kicked') => publication.close(reason),
    })
    metrics.publisherStarted('rtmp')
    log.info({ stream: grant.key.label }, 'RTMP publish began')
    this.#peer.admitted()
    session.acceptPublish(this.#event.streamId)
    this.#peer.flush()
    grant.opened()
    grant.onRevoked((reason) => {
      if (reason === 'expired') this.#handleExpired()
      else publication.close('kicked')
    })
  }

  #handleMedia(event: MediaEvent): void {
    const publication = this.#publication
    if (publication === undefined || this.#closed) return
    this.#bytesIn += event.payload.length
    const frames = this.#frames
    const good = this.#reader.readTag(event.messageType, event.timestampMs, event.payload, event.receivedAt, frames)
    if (frames.length > 0) this.#lastFrameAt = event.receivedAt
    for (const frame of frames) {
      this.#traffic.framesIn++
      this.#joiner.push(frame)
    }
    frames.length = 0
    this.#watchPieces()
    if (!good) this.#handleRefused(event)
  }

  #watchPieces(): void {
    if (this.#joiner.isHolding) {
      this.#cancelFlush ??= this.#environment.clock.after(mediaLimits.pieceMicros, () => {
        this.#cancelFlush = undefined
        this.#joiner.flush()
      })
      return
    }
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
  }

  #handleRefused({ messageType, receivedAt }: MediaEvent): void {
    const { code, message: reason } = this.#reader.lastError!
    this.#environment.metrics.protocolError('rtmp', code)
    this.#noteRefusal(messageType, code, reason)
    const garbage = this.#reader.garbageOf(messageType)
    // While another track gives frames, nonsense on this one is no reason to end that too.
    if (garbage < this.#badFrameLimit || receivedAt - this.#lastFrameAt <= publisherLimits.silentMicros) return
    this.#end('NetStream.Publish.Failed', `${String(garbage)} frames in a row made no sense; the last one: ${reason}`)
  }

  /** One line and one entry for each reason in a row. */
  #noteRefusal(messageType: number, code: string, reason: string): void {
    if (messageType === FlvTagType.script) return
    const kind = messageType === FlvTagType.video ? 'video' : 'audio'
    const { refusals } = this.#publication!
    if (refusals.get(kind)?.reason === reason) return
    refusals.set(kind, { kind, code, reason })
    this.#peer.log.warn({ stream: this.#grant?.key.label, kind, code, reason }, 'A frame was dropped')
  }

  /** The hub ended the publication. */
  #handleTaken(reason: PublicationEnd): void {
    const sentences: Record<PublicationEnd, string> = {
      replaced: 'The same publisher reconnected on another connection.',
      silent: 'No data arrived for too long.',
      kicked: 'The publisher was removed.',
      shutdown: 'The server is shutting down.',
    }
    this.#handleEnded(sentences[reason], END_REASONS[reason])
  }

  #handleExpired(): void {
    this.#handleEnded('The signature in the address has expired; push with a new one.', 'expired')
  }

  #handleEnded(sentence: string, reason: StreamEndReason): void {
    this.#peer.session.endPublish(this.#event.streamId, 'NetStream.Publish.Idle', sentence)
    this.#peer.flush()
    this.#peer.close(reason)
  }

  #refuse(refusal: Refusal): void {
    const { code, sentence, loggedName: stream } = refusal
    this.#environment.metrics.refused('rtmp', code)
    this.#peer.log.info({ stream, code, reason: sentence }, 'RTMP publish refused')
    const badName = code === 'BAD_NAME' || code === 'RESERVED_NAME'
    this.#end(badName ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied', sentence)
  }

  #end(code: string, sentence: string): void {
    if (this.#closed) return
    if (this.#publication === undefined) this.#peer.session.refusePublish(this.#event.streamId, code, sentence)
    else this.#peer.session.endPublish(this.#event.streamId, code, sentence)
    this.#peer.flush()
    this.#peer.close('error')
  }
}
