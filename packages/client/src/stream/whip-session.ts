import { statsOf } from '../media/stats-report.js'
import { HttpSession } from './http-session.js'
import { withOpusNack } from '../media/sdp.js'
import { webRtcMissing } from './server-parts.js'
import { isNamed, type StreamAddress } from './source.js'
import { preferH264 } from '../media/codecs.js'
import { failureOfWhip, type PublishFailure } from './publish-failure.js'
import { sentIn, type SentReading } from './sender-stats.js'

/** The tracks to send; absent without a camera or a microphone. */
export interface Tracks {
  readonly video: MediaStreamTrack | undefined
  readonly audio: MediaStreamTrack | undefined
}

/** What a session tells. Nothing is told after `failed` or after `close`. */
export interface SessionEvents {
  connected(): void
  failed(failure: PublishFailure): void
}

/** One attempt to publish, and the session it becomes. */
export interface PublishSession {
  /** Sends another track from now on, without a new session. */
  replace(kind: 'video' | 'audio', track: MediaStreamTrack | undefined): void
  sample(): Promise<SentReading | undefined>
  /** Ends the session here and at the server. Idempotent. */
  close(): void
}

/** ICE may find its way back by itself for so long. */
const DISCONNECTED_MS = 4_000
/** Whether the server is there is waited for so long. */
const ASK_MS = 2_000
/** Enough for 1080p of a screen or a camera; the browser's estimate of the line decides below it. */
const MAX_VIDEO_BITS_PER_SECOND = 4_000_000

/**
 * Publishes over WebRTC: WHIP (RFC 9725), one video and one audio m-line in every offer, so that a later camera or
 * microphone has a place. There is no trickle ICE: the server answers with its own candidates and learns ours from the
 * connectivity checks.
 */
export class WhipSession implements PublishSession {
  readonly #address: StreamAddress
  readonly #session: HttpSession
  readonly #events: SessionEvents
  readonly #abort = new AbortController()
  readonly #senders = new Map<'video' | 'audio', RTCRtpSender>()
  #connection: RTCPeerConnection | undefined
  #disconnected: number | undefined
  #closed = false

  constructor(address: StreamAddress, tracks: () => Tracks, events: SessionEvents) {
    this.#address = address
    this.#session = new HttpSession('whip', address)
    this.#events = events
    this.#start(tracks).catch((error: unknown) => {
      if (!isNamed(error, 'AbortError')) this.#fail({ reason: 'network', detail: String(error) })
    })
  }

  replace(kind: 'video' | 'audio', track: MediaStreamTrack | undefined): void {
    // Rejected only when the connection is closed, or by a track that needs another negotiation, which no camera does.
    this.#senders
      .get(kind)
      ?.replaceTrack(track ?? null)
      .catch(() => undefined)
  }

  async sample(): Promise<SentReading | undefined> {
    if (this.#connection === undefined) return undefined
    return sentIn(await statsOf(this.#connection))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#abort.abort()
    window.clearTimeout(this.#disconnected)
    // The other way round the server would know the session no more.
    void this.#session.leave().then(() => this.#connection?.close())
  }

  async #start(tracks: () => Tracks): Promise<void> {
    const missing = await webRtcMissing(this.#address, this.#abort.signal)
    if (missing !== undefined) return this.#fail({ ...missing, reason: 'unavailable' })
    if (this.#closed) return
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.#connection = connection
    this.#addTracks(connection, tracks())
    connection.addEventListener('connectionstatechange', () => this.#handleConnectionState(connection.connectionState))
    const offer = await connection.createOffer()
    const sdp = withOpusNack(offer.sdp ?? '')
    const answer = await this.#session.offer(sdp)
    if (answer.kind === 'left') return
    if (answer.kind === 'refusal') return this.#fail(failureOfWhip(answer.status, answer.sentence))
    // The offer is applied only now, so that the gathering of candidates begins with the ICE servers of the answer.
    if (answer.iceServers.length > 0) connection.setConfiguration({ iceServers: answer.iceServers })
    await connection.setLocalDescription({ type: 'offer', sdp })
    await connection.setRemoteDescription({ type: 'answer', sdp: answer.sdp })
    connection.getSenders()[0]?.transport?.addEventListener('statechange', ({ target }) => {
      if ((target as RTCDtlsTransport).state === 'closed') void this.#handleEnded()
    })
  }

  #addTracks(connection: RTCPeerConnection, { video, audio }: Tracks): void {
    const picture = connection.addTransceiver(video ?? 'video', {
      direction: 'sendonly',
      sendEncodings: [{ maxBitrate: MAX_VIDEO_BITS_PER_SECOND }],
    })
    const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? []
    if (codecs.length > 0) picture.setCodecPreferences(preferH264(codecs))
    this.#senders.set('video', picture.sender)
    const sound = connection.addTransceiver(audio ?? 'audio', { direction: 'sendonly' })
    this.#senders.set('audio', sound.sender)
  }

  #handleConnectionState(state: RTCPeerConnectionState): void {
    window.clearTimeout(this.#disconnected)
    if (state === 'connected' && !this.#closed) this.#events.connected()
    if (state === 'failed') this.#fail({ reason: 'network' })
    if (state === 'disconnected') {
      this.#disconnected = window.setTimeout(() => this.#fail({ reason: 'network' }), DISCONNECTED_MS)
    }
  }

  /**
   * After a server shutdown the client waits and reconnects; when a running server ends this session alone, it is
   * intentional, and reconnecting would compete with the new publisher of the name.
   */
  async #handleEnded(): Promise<void> {
    const signal = AbortSignal.timeout(ASK_MS)
    const request = { signal, cache: 'no-store', mode: 'no-cors' } as const
    const stays = await fetch(`${this.#address.origin}/readyz`, request).then(
      // Pages of other origins are told no more than that there was an answer.
      ({ ok, type }) => ok || type === 'opaque',
      () => false,
    )
    this.#fail({ reason: stays ? 'ended' : 'network' })
  }

  #fail(failure: PublishFailure): void {
    if (!this.#closed) this.#events.failed(failure)
  }
}
