import type { IceServer, OfferParams, PublishedTrack } from '@crossroom/protocol'
import { CrossroomError, toCrossroomError } from '../errors.js'
import { Downlink, type ReceivedTrack } from './downlink.js'
import { watchStalls } from './stall-watch.js'
import { Uplink, type SentTrack } from './uplink.js'

/** What the two connections of a member need and tell. */
export interface MediaPathsOptions {
  readonly publish: (sdp: string, tracks: readonly PublishedTrack[]) => Promise<string>
  readonly answer: (sdp: string, revision: number) => Promise<unknown>
  /** `media.restart`: the server offers the downlink again. */
  readonly restart: () => Promise<unknown>
  /** The way that was there is gone; the machine may have another network. */
  readonly lost: () => void
  readonly tracksChanged: (tracks: readonly ReceivedTrack[]) => void
  /** A continuous flow is late, and then stops: the server may have stopped, or the path is gone. */
  readonly doubted: (direction: 'up' | 'down') => void
  readonly stalled: (direction: 'up' | 'down') => void
  /** Media arrives over WebRTC. */
  readonly receiving: () => void
  /** No way was found in time; the server goes on offering. `blocked`: none was ever found, however often it was tried. */
  readonly unreachable: (why: 'lost' | 'blocked') => void
  readonly failed: (error: CrossroomError) => void
}

/** Loopback takes milliseconds, TURN over TCP in a bad network 2 s; who waits longer sees something by WebSocket meanwhile. */
const CONNECT_MS = 5_000
/** After this time the sender is notified that its media does not arrive; the attempts continue. */
const COMPLAIN_MS = 10_000
/** ICE may find its way back by itself for so long. */
const DISCONNECTED_MS = 600
/** Failed attempts after which a network that never carried media counts as blocking WebRTC. */
const BLOCKED_ATTEMPTS = 2
/** Between attempts to find a way that failed, doubled up to the last. */
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 16_000

/** The two PeerConnections of a member, and the recovery when they do not connect or lose their path. */
export class MediaPaths {
  readonly #options: MediaPathsOptions
  readonly #up: PathWatch
  readonly #down: PathWatch
  readonly #unwatch: () => void
  readonly #iceServers: readonly IceServer[]
  #uplink: Uplink | undefined
  #sent: readonly SentTrack[] = []
  #downlink: Downlink | undefined
  #connectTimer: ReturnType<typeof setTimeout> | undefined
  #complaintTimer: ReturnType<typeof setTimeout> | undefined
  #hasReceived = false
  #failedAttempts = 0

  constructor(iceServers: readonly IceServer[], options: MediaPathsOptions) {
    this.#iceServers = iceServers
    this.#options = options
    const lost = (): void => options.lost()
    this.#up = new PathWatch(lost, () => this.#retryUp())
    this.#down = new PathWatch(lost, () => this.#retryDown())
    this.#unwatch = watchStalls(() => this, options)
  }

  get uplink(): RTCPeerConnection | undefined {
    return this.#uplink?.connection
  }

  get downlink(): RTCPeerConnection | undefined {
    return this.#downlink?.connection
  }

  /** Which m-line of the up side is what. */
  get sentTracks(): readonly PublishedTrack[] {
    return this.#uplink?.tracks ?? []
  }

  /** Sends exactly these. Rejects with CrossroomError when the server does not agree. */
  async send(tracks: readonly SentTrack[]): Promise<void> {
    this.#sent = tracks
    if (this.#uplink === undefined && tracks.length === 0) return
    this.#uplink ??= this.#openUplink()
    await this.#uplink.sync(tracks)
  }

  offer(offer: OfferParams): void {
    if (this.#downlink?.isFor(offer) !== true) {
      this.#downlink?.close()
      this.#downlink = this.#openDownlink()
      this.#expectConnection()
    }
    this.#downlink.offer(offer)
  }

  /** The membership goes on over another network: the server offers the down side, we offer the up side. */
  resume(): void {
    this.#retryUp()
    if (this.#downlink?.connection.connectionState !== 'connected') this.#expectConnection()
  }

  /** Searches new paths through the network; working ones continue meanwhile. */
  restart(): void {
    this.#retryUp()
    this.#retryDown()
  }

  /** Others succeed these: the connections go on as they can until `close`, and nothing is told of them any more. Idempotent. */
  retire(): void {
    this.#unwatch()
    clearTimeout(this.#connectTimer)
    clearTimeout(this.#complaintTimer)
    this.#up.close()
    this.#down.close()
    this.#uplink?.retire()
    this.#downlink?.retire()
  }

  /** Idempotent. */
  close(): void {
    this.retire()
    this.#uplink?.close()
    this.#downlink?.close()
  }

  #openUplink(): Uplink {
    this.#expectUplink()
    return new Uplink({
      iceServers: this.#iceServers,
      publish: this.#options.publish,
      forgotten: () => this.#replaceUplink(),
      stateChanged: (state) => {
        this.#up.update(state)
        if (state === 'connected') clearTimeout(this.#complaintTimer)
        if (state === 'disconnected') this.#expectUplink()
      },
    })
  }

  #replaceUplink(): void {
    this.#uplink?.close()
    this.#uplink = undefined
    this.send(this.#sent).catch((error: unknown) => this.#failUp(error))
  }

  #openDownlink(): Downlink {
    return new Downlink({
      iceServers: this.#iceServers,
      answer: this.#options.answer,
      tracksChanged: this.#options.tracksChanged,
      failed: this.#options.failed,
      stateChanged: (state) => {
        this.#down.update(state)
        if (state === 'connected') {
          clearTimeout(this.#connectTimer)
          this.#hasReceived = true
          this.#options.receiving()
        } else if (state === 'failed') this.#failDown()
        else if (state === 'disconnected') this.#expectConnection()
      },
    })
  }

  #expectConnection(): void {
    clearTimeout(this.#connectTimer)
    this.#connectTimer = setTimeout(() => this.#failDown(), CONNECT_MS)
  }

  #failDown(): void {
    this.#failedAttempts++
    const isBlocked = !this.#hasReceived && this.#failedAttempts >= BLOCKED_ATTEMPTS
    this.#options.unreachable(isBlocked ? 'blocked' : 'lost')
  }

  #expectUplink(): void {
    clearTimeout(this.#complaintTimer)
    this.#complaintTimer = setTimeout(() => this.#options.failed(new CrossroomError('MEDIA_NO_PATH')), COMPLAIN_MS)
  }

  #retryUp(): void {
    this.#uplink?.restart().catch((error: unknown) => this.#failUp(error))
  }

  #failUp(error: unknown): void {
    const failure = toCrossroomError(error, 'NEGOTIATION_FAILED')
    // What failed for want of a connection is done again when there is one.
    if (failure.code !== 'CONNECTION_LOST') this.#options.failed(failure)
  }

  #retryDown(): void {
    this.#options.restart().catch(() => undefined)
  }
}

/** Watches the state of one connection, and requests a restart when it is lost. */
class PathWatch {
  readonly #lost: () => void
  readonly #retry: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #retryMs = FIRST_RETRY_MS

  constructor(lost: () => void, retry: () => void) {
    this.#lost = lost
    this.#retry = retry
  }

  update(state: RTCPeerConnectionState): void {
    if (state === 'connecting') return
    clearTimeout(this.#timer)
    if (state === 'connected') this.#retryMs = FIRST_RETRY_MS
    if (state === 'disconnected') this.#timer = setTimeout(() => this.#lost(), DISCONNECTED_MS)
    if (state === 'failed') this.#schedule()
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      this.#retry()
      this.#schedule()
    }, this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
  }
}
