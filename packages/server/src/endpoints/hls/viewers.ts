import type { Micros } from '@crossroom/media'
import type { Refusal, StreamRequest } from '../../auth/index.js'
import { hlsLimits } from '../../config/index.js'
import type { PlayerNeeds, Stream } from '../../hub/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { PlayAttempt } from '../play-attempt.js'
import type { HlsMuxer } from './muxer.js'
import type { HlsMuxers } from './muxers.js'

/** What every player of HLS takes. */
export const HLS_NEEDS: PlayerNeeds = { name: 'hls', audio: ['aac'], video: ['h264'], reordered: true }

/** What became of a request to play. */
export type Admitted =
  | { readonly muxer: HlsMuxer }
  | { readonly refusal: Refusal }
  | { readonly problem: 'not-found' | 'kicked' | 'shutdown' }

/**
 * One player. HLS has no connection, so a player is who asks for a playlist from one address, with one program and one
 * token; it has left when it asked for nothing for a while.
 */
export class HlsViewer {
  readonly #environment: EndpointEnvironment
  readonly #muxers: HlsMuxers
  readonly #attempt: PlayAttempt
  readonly #waiting = new Set<(admitted: Admitted) => void>()
  #admitted: Admitted | undefined
  #release: () => void = () => undefined
  #stream: Stream | undefined
  #lastAt: Micros
  /** Requests in progress. */
  #busy = 0
  /** Bytes sent to it. */
  bytes = 0

  constructor(environment: EndpointEnvironment, muxers: HlsMuxers, request: StreamRequest) {
    this.#environment = environment
    this.#muxers = muxers
    this.#lastAt = environment.clock.now()
    this.#attempt = new PlayAttempt(
      environment,
      request,
      {
        refused: (refusal) => this.#settle({ refusal }),
        notFound: () => this.#settle({ problem: 'not-found' }),
        ready: (stream) => this.#begin(stream),
      },
      HLS_NEEDS,
    )
  }

  /** It cannot be used for another request: refused, ended by the server, or its stream came back as a new one. */
  get isOver(): boolean {
    if (this.#admitted === undefined) return false
    if (!('muxer' in this.#admitted)) return true
    const { window } = this.#admitted.muxer
    const present = this.#stream && this.#environment.hub.get(this.#stream.key)
    return window.isEnded && present !== undefined && present !== this.#stream
  }

  isIdle(now: Micros): boolean {
    return this.#busy === 0 && now - this.#lastAt > hlsLimits.idleMicros
  }

  /** A request begins; the answer ends it. */
  enter(): () => void {
    this.#busy++
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      this.#busy--
      this.#lastAt = this.#environment.clock.now()
    }
  }

  /** Calls back when it is known whether it may play, and the stream is there. The answer cancels. */
  whenAdmitted(answer: (admitted: Admitted) => void): () => void {
    if (this.#admitted !== undefined) {
      answer(this.#admitted)
      return () => undefined
    }
    this.#waiting.add(answer)
    return () => void this.#waiting.delete(answer)
  }

  /** Idempotent. */
  close(): void {
    this.#attempt.close('client')
    this.#release()
  }

  #begin(stream: Stream): void {
    this.#stream = stream
    const source = this.#environment.sourceFor(stream, HLS_NEEDS)
    const { muxer, release } = this.#muxers.use(source, this.#attempt.filters)
    this.#attempt.joined()
    this.#attempt.enter({
      bytes: () => this.bytes,
      droppedFrames: () => 0,
      kick: (reason = 'kicked') => this.#end(reason),
      leave: () => undefined,
    })
    const stopWaiting = muxer.when(
      () => muxer.window.isEnded,
      () => this.#attempt.close('stream-ended'),
    )
    this.#release = () => {
      stopWaiting()
      release()
    }
    this.#settle({ muxer })
  }

  #end(problem: 'kicked' | 'shutdown'): void {
    this.#attempt.close(problem)
    this.#admitted = { problem }
    this.#release()
  }

  #settle(admitted: Admitted): void {
    this.#admitted = admitted
    for (const answer of [...this.#waiting]) answer(admitted)
    this.#waiting.clear()
  }
}
