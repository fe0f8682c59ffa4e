import { AccessUnitJoiner, FlvTagReader, FlvTagType, type MediaFrame, type Micros } from '@crossroom/media'
import type { RtmpServerEvent } from '@crossroom/rtmp'
import type { Refusal, StreamEndReason } from '../../../auth/index.js'
import { mediaLimits, publisherLimits } from '../../../config/index.js'
import type { Publication } from '../../../hub/index.js'
import type { Traffic } from '../../../observe/index.js'
import type { EndpointEnvironment } from '../../environment.js'
import { PublishAttempt } from '../../publish-attempt.js'
import type { RtmpPeer } from '../peer.js'

type PublishEvent = Extract<RtmpServerEvent, { type: 'publish' }>
type MediaEvent = Extract<RtmpServerEvent, { type: 'media' }>

/** One published stream of an RTMP connection: asks the gate, takes the name, turns messages into frames. */
export class RtmpPublish {
  readonly #environment: EndpointEnvironment
  readonly #peer: RtmpPeer
  readonly #event: PublishEvent
  readonly #badFrameLimit: number
  readonly #reader = new FlvTagReader()
  readonly #frames: MediaFrame[] = []
  readonly #traffic: Traffic
  readonly #attempt: PublishAttempt
  #publication: Publication | undefined
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
    this.#attempt = new PublishAttempt(environment, {
      ...{ protocol: 'rtmp', connectionId: peer.idOf(event.streamId), remoteAddress: peer.remoteAddress },
      bytes: () => this.#bytesIn,
      ended: (reason, sentence) => this.#end('NetStream.Publish.Idle', sentence, reason),
    })
    void this.#ask()
  }

  handleEvent(event: RtmpServerEvent): void {
    if (event.type === 'media') this.#handleMedia(event)
  }

  close(reason: StreamEndReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelFlush?.()
    this.#joiner.flush()
    this.#attempt.close(reason)
  }

  async #ask(): Promise<void> {
    const { app, streamName, query, streamId } = this.#event
    const { remoteAddress } = this.#peer
    const names = { app, stream: streamName, query, remoteAddress, connectionId: this.#peer.idOf(streamId) }
    const refusal = await this.#attempt.ask(this.#environment, { action: 'publish', protocol: 'rtmp', ...names })
    this.#publication = this.#attempt.publication
    if (refusal !== undefined) this.#refuse(refusal)
    else if (this.#publication !== undefined) {
      this.#peer.admitted()
      this.#peer.session.acceptPublish(streamId)
      this.#peer.flush()
    }
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
    this.#peer.log.warn({ stream: this.#attempt.grant?.key.label, kind, code, reason }, 'A frame was dropped')
  }

  #refuse({ code, sentence }: Refusal): void {
    const isBadName = code === 'BAD_NAME' || code === 'RESERVED_NAME' || code === 'BUSY'
    this.#end(isBadName ? 'NetStream.Publish.BadName' : 'NetStream.Publish.Denied', sentence)
  }

  #end(code: string, sentence: string, reason: StreamEndReason = 'error'): void {
    if (this.#closed) return
    if (this.#publication === undefined) this.#peer.session.refusePublish(this.#event.streamId, code, sentence)
    else this.#peer.session.endPublish(this.#event.streamId, code, sentence)
    this.#peer.flush()
    this.#peer.close(reason)
  }
}
