import type { RtmpServerEvent } from '@crossroom/rtmp'
import type { StreamEndReason } from '../../auth/index.js'
import type { ByteTransport, Viewer } from '../../hub/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { PlayAttempt } from '../play-attempt.js'
import type { RtmpPeer } from './connection.js'
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
        refused: (refusal) => this.#refuse('NetStream.Play.Failed', refusal.sentence),
        notFound: () => this.#refuse('NetStream.Play.StreamNotFound', `Nobody publishes ${app}/${streamName}.`),
        ready: () => this.#begin(),
      },
    )
  }

  handleEvent(event: RtmpServerEvent): void {
    if (event.type === 'pause') this.#viewer?.setPaused(event.paused)
  }

  close(reason: StreamEndReason): void {
    this.#peer.socket.off('drain', this.#handleDrain)
    this.#attempt.close(reason)
  }

  #begin(): void {
    const { streamId } = this.#event
    const { clock, viewerLimits } = this.#environment
    const { socket, session } = this.#peer
    socket.cork()
    this.#peer.admitted()
    session.acceptPlay(streamId)
    this.#peer.flush()
    this.#viewer = this.#attempt.attach(this.#transport(), `rtmp:${String(streamId)}`, () => ({
      packer: new RtmpPacker(streamId, this.#chunkSize),
      clock,
      audioMergeMicros: viewerLimits.audioMergeMicros,
    }))
    socket.uncork()
    socket.on('drain', this.#handleDrain)
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
