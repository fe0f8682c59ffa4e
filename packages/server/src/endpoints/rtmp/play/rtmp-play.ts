import type { RtmpServerEvent } from '@crossroom/rtmp'
import type { StreamEndReason } from '../../../auth/index.js'
import type { ByteTransport, Viewer } from '../../../hub/index.js'
import type { EndpointEnvironment } from '../../environment.js'
import { FLV_NEEDS } from '../../flv-needs.js'
import { PlayAttempt } from '../../play-attempt.js'
import { filterName, filterOf } from '../../play-filters.js'
import type { RtmpPeer } from '../peer.js'
import { RtmpPacker } from './rtmp-packer.js'

type PlayEvent = Extract<RtmpServerEvent, { type: 'play' }>

/** One played stream of an RTMP connection. */
export class RtmpPlay {
  readonly #environment: EndpointEnvironment
  readonly #peer: RtmpPeer
  readonly #event: PlayEvent
  readonly #chunkSize: number
  readonly #attempt: PlayAttempt
  readonly #handleDrain = (): void => this.#viewer?.handleDrain()
  #viewer: Viewer | undefined
  #accepted = false
  /** A player may pause while it waits. */
  #paused = false

  constructor(environment: EndpointEnvironment, peer: RtmpPeer, event: PlayEvent, chunkSize: number) {
    this.#environment = environment
    this.#peer = peer
    this.#event = event
    this.#chunkSize = chunkSize
    const { app, streamName, query } = event
    this.#attempt = new PlayAttempt(
      environment,
      {
        action: 'play',
        protocol: 'rtmp',
        app,
        stream: streamName,
        query,
        remoteAddress: peer.remoteAddress,
        connectionId: peer.idOf(event.streamId),
      },
      {
        refused: ({ code, sentence }) =>
          this.#refuse(code === 'NOT_FOUND' ? 'NetStream.Play.StreamNotFound' : 'NetStream.Play.Failed', sentence),
        notFound: () => this.#handleNotFound(`${app}/${streamName} has no publisher.`),
        waiting: () => this.#accept(),
        ready: () => this.#begin(),
      },
      FLV_NEEDS,
    )
  }

  handleEvent(event: RtmpServerEvent): void {
    if (event.type !== 'pause') return
    this.#paused = event.paused
    this.#viewer?.setPaused(event.paused)
  }

  close(reason: StreamEndReason): void {
    this.#peer.socket.off('drain', this.#handleDrain)
    this.#attempt.close(reason)
  }

  /** Says Play.Start, once. */
  #accept(): void {
    if (this.#accepted) return
    this.#accepted = true
    this.#peer.admitted()
    this.#peer.session.acceptPlay(this.#event.streamId)
    this.#peer.flush()
  }

  #begin(): void {
    const { streamId } = this.#event
    const { clock, viewerLimits } = this.#environment
    const { socket } = this.#peer
    const { filters } = this.#attempt
    socket.cork()
    this.#accept()
    this.#viewer = this.#attempt.attach(this.#transport(), `rtmp:${String(streamId)}+${filterName(filters)}`, () => {
      const filter = filterOf(filters)
      return {
        packer: new RtmpPacker(streamId, this.#chunkSize),
        clock,
        audioMergeMicros: viewerLimits.audioMergeMicros,
        startsAt: 'recovery-point',
        bridgeOf: this.#environment.bridgeOf,
        ...(filter === undefined ? {} : { filter }),
      }
    })
    if (this.#paused) this.#viewer.setPaused(true)
    socket.uncork()
    socket.on('drain', this.#handleDrain)
  }

  /** A play that waited has begun for the client, so it ends like every other. */
  #handleNotFound(sentence: string): void {
    if (this.#accepted) this.#transport().close('ended')
    else this.#refuse('NetStream.Play.StreamNotFound', sentence)
  }

  #transport(): ByteTransport {
    const { socket, session } = this.#peer
    return {
      write: (bytes) => socket.write(bytes),
      get buffered() {
        return socket.writableLength
      },
      close: (reason) => {
        if (reason === 'stalled') {
          socket.destroy()
          return
        }
        session.endPlay(this.#event.streamId)
        this.#peer.flush()
        this.#peer.close(reason === 'ended' ? 'stream-ended' : reason)
      },
    }
  }

  #refuse(code: string, sentence: string): void {
    this.#peer.session.refusePlay(this.#event.streamId, code, sentence)
    this.#peer.flush()
    this.#peer.close('error')
  }
}
