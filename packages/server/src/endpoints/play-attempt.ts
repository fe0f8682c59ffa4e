import type { Micros } from '@crossroom/media'
import type { Grant, Refusal, StreamEndReason, StreamRequest } from '../auth/index.js'
import {
  Viewer,
  type ByteTransport,
  type EndReason,
  type FanoutRecipe,
  type FrameSource,
  type PlayerNeeds,
  type Stream,
} from '../hub/index.js'
import type { EndpointEnvironment } from './environment.js'
import type { PlayFilters } from './play-filters.js'

/**
 * What the protocol does at each outcome. Exactly one of `refused`, `notFound` and `ready` is called, once, unless the
 * attempt is closed first.
 */
export interface PlayOutcome {
  refused(refusal: Refusal): void
  /** No publisher came in time; after `waiting`, the stream is over or may not be played any more. */
  notFound(): void
  /**
   * Before any of the others: the answer is yes, and media comes when there is some. For grants that wait. `enter` may be
   * called from now on.
   */
  waiting?(stream: Stream): void
  /** The stream has frames and its tracks are known: `attach` or `enter` may be called from now on. */
  ready(stream: Stream): void
}

/** The listed entry; it can be ended while it plays. */
export interface Player {
  /** Media bytes sent. */
  bytes(): number
  droppedFrames(): number
  kick(reason?: 'kicked' | 'shutdown'): void
  /** The attempt is over: frees what the player holds. */
  leave(): void
}

const END_REASONS: Record<EndReason | 'stalled', StreamEndReason> = {
  ended: 'stream-ended',
  kicked: 'kicked',
  shutdown: 'shutdown',
  stalled: 'timeout',
}

/**
 * One request to play, from the request to the end: asks the gate, waits for the stream, counts the viewer, and undoes
 * everything in `close`, at any stage.
 */
export class PlayAttempt {
  readonly #environment: EndpointEnvironment
  readonly #request: StreamRequest
  readonly #outcome: PlayOutcome
  readonly #needs: PlayerNeeds | undefined
  readonly #askedAt: Micros
  #grant: Grant | undefined
  #cancelWait: (() => void) | undefined
  #stream: Stream | undefined
  #source: FrameSource | undefined
  #player: Player | undefined
  #leave: ((reason: StreamEndReason) => void) | undefined
  #gaveUp = false
  #closed = false

  /** `needs`: what the player can take; undefined where that is chosen later, and frames are taken as they come. */
  constructor(
    environment: EndpointEnvironment,
    request: StreamRequest,
    outcome: PlayOutcome,
    needs: PlayerNeeds | undefined,
  ) {
    this.#environment = environment
    this.#needs = needs
    this.#request = request
    this.#outcome = outcome
    this.#askedAt = environment.clock.now()
    void this.#ask()
  }

  /** Whether the client was authenticated: by a room, a token or a hook. */
  get isKnown(): boolean {
    return this.#grant?.subject !== undefined || this.#grant?.wait === 'granted'
  }

  /** What this viewer gets in addition to, or instead of, the published media. */
  get filters(): PlayFilters {
    return { fillsSilence: this.#grant?.silence === true, without: this.#grant?.without }
  }

  /** Begins to send bytes. `variant` and `recipe` name and make the fanout that this viewer shares with its like. */
  attach(transport: ByteTransport, variant: string, recipe: () => FanoutRecipe): Viewer {
    const { fanouts, clock, metrics, viewerLimits } = this.#environment
    const { connectionId: id, protocol, remoteAddress } = this.#request
    const totals = metrics.traffic(protocol)
    const viewer = new Viewer({ id, protocol, remoteAddress }, this.#closing(transport), clock, viewerLimits, totals)
    const remove = fanouts.of(this.#source!, variant, recipe).add(viewer)
    this.joined()
    this.enter({
      bytes: () => viewer.bytesSent,
      droppedFrames: () => viewer.droppedFrames,
      kick: (reason = 'kicked') => viewer.close(reason),
      leave: () => {
        viewer.detach()
        remove()
      },
    })
    return viewer
  }

  /** The first media went out: for the histogram of join times. */
  joined(): void {
    const { clock, metrics } = this.#environment
    metrics.viewerJoined(this.#request.protocol, clock.now() - this.#askedAt)
  }

  /** Counts a viewer in: lists, metrics, the grant. `attach` does it by itself. */
  enter(player: Player): void {
    const { connections, clock, metrics, log } = this.#environment
    const { connectionId: id, protocol, remoteAddress } = this.#request
    const names = { connection: id, protocol, remoteAddress, stream: this.#grant!.key.label }
    metrics.viewerStarted(protocol)
    log.info({ ...names, joinMs: Math.round((clock.now() - this.#askedAt) / 1000) }, 'A play began')
    const unlist = connections.add({
      ...{ id, role: 'viewer', protocol, remoteAddress },
      streamKey: this.#grant!.key,
      startedAt: clock.now(),
      bytes: () => player.bytes(),
      droppedFrames: () => player.droppedFrames(),
      kick: (reason) => player.kick(reason),
    })
    this.#leave = (reason) => {
      player.leave()
      unlist()
      metrics.viewerEnded(protocol)
      const sent = { bytes: player.bytes(), droppedFrames: player.droppedFrames() }
      log.info({ ...names, reason, ...sent }, 'A play ended')
    }
    this.#player = player
    this.#grant!.opened()
  }

  /** The connection is gone, or the protocol gives up. Idempotent. */
  close(reason: StreamEndReason): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelWait?.()
    this.#leave?.(reason)
    this.#grant?.closed(reason)
  }

  get #isOver(): boolean {
    return this.#closed || this.#gaveUp
  }

  /** The transport, whose end is the end of the attempt as well. */
  #closing(transport: ByteTransport): ByteTransport {
    return {
      write: (bytes) => transport.write(bytes),
      get buffered() {
        return transport.buffered
      },
      close: (reason) => {
        this.close(END_REASONS[reason])
        transport.close(reason)
      },
    }
  }

  async #ask(): Promise<void> {
    const { gate, hub, metrics, viewerLimits, log } = this.#environment
    const { protocol, remoteAddress } = this.#request
    const admission = await gate.admit(this.#request)
    if (!admission.ok) {
      const { code, loggedName: stream } = admission
      metrics.refused(protocol, code)
      log.info({ protocol, stream, remoteAddress, code }, 'A play was refused')
      if (!this.#closed) this.#outcome.refused(admission)
      return
    }
    this.#grant = admission
    if (this.#closed) {
      admission.closed('client')
      return
    }
    admission.onRevoked(() => {
      if (this.#player === undefined) this.#giveUp()
      else this.#player.kick('kicked')
    })
    if (this.#isOver) return
    const cancel = hub.find(admission.key, viewerLimits.waitForPublisherMicros, (found) => {
      if (found === undefined) this.#giveUp()
      else this.#handleFound(found, admission)
    })
    this.#cancelWait ??= cancel
  }

  #handleFound(stream: Stream, grant: Grant): void {
    if (grant.wait === 'granted') this.#outcome.waiting?.(stream)
    this.#waitForTracks(stream)
  }

  /** A stream with a live publisher is waited for as long as it counts as live; one without only for a short while. */
  #waitForTracks(stream: Stream): void {
    const cancelTimer = this.#limitWait(stream)
    const cancelSource = this.#startSource(stream)
    const cancelTracks = stream.whenTracksKnown(() => {
      cancelTimer()
      if (this.#isOver) return
      this.#cancelWait = undefined
      if (!stream.hasFrames) {
        cancelSource()
        this.#giveUp()
        return
      }
      this.#stream = stream
      this.#waitForSource(stream)
      cancelSource()
    }, this.#needs?.name)
    if (this.#stream !== undefined || this.#isOver) return
    this.#cancelWait = () => {
      cancelTimer()
      cancelTracks()
      cancelSource()
    }
  }

  /**
   * Starts a derived stream with the first frame of an awaited stream: converted media, such as a browser's audio, is
   * then ready with the first video frame and does not delay the player. The returned function cancels.
   */
  #startSource(stream: Stream): () => void {
    if (stream.hasFrames) return () => undefined
    let cancel = stream.watch({
      handleFrame: () => {
        cancel()
        const source = this.#sourceOf(stream)
        cancel = source === stream ? () => undefined : source.whenTracksKnown(() => undefined)
      },
      handleEnd: () => undefined,
    })
    return () => cancel()
  }

  #sourceOf(stream: Stream): FrameSource {
    return this.#needs === undefined ? stream : this.#environment.sourceFor(stream, this.#needs)
  }

  #limitWait(stream: Stream): () => void {
    const { clock, hub, viewerLimits } = this.#environment
    if (this.#grant?.wait === 'granted') return () => undefined
    const { waitForPublisherMicros } = viewerLimits
    const look = (): void => {
      if (stream.state === 'live') return
      if (hub.isFetching(stream.key)) cancel = clock.after(waitForPublisherMicros, look)
      else this.#giveUp()
    }
    let cancel = clock.after(waitForPublisherMicros, look)
    return () => cancel()
  }

  /** A derived stream has its tracks a little later than the stream it is made of. */
  #waitForSource(stream: Stream): void {
    const source = this.#sourceOf(stream)
    this.#source = source
    if (source === stream) {
      this.#outcome.ready(stream)
      return
    }
    const cancel = source.whenTracksKnown(() => {
      this.#cancelWait = undefined
      if (!this.#isOver) this.#outcome.ready(stream)
    })
    this.#cancelWait = cancel
  }

  #giveUp(): void {
    if (this.#isOver || this.#player !== undefined) return
    this.#gaveUp = true
    this.#cancelWait?.()
    this.#cancelWait = undefined
    this.#environment.metrics.refused(this.#request.protocol, 'NOT_FOUND')
    this.#outcome.notFound()
  }
}
