import { PlayoutDelay, receiverDelay, type ReceiverCounters } from './delay.js'
import { HttpSession } from './http-session.js'
import { withOpusNack, withStereo } from '../media/sdp.js'
import { failureOfStatus } from './reach.js'
import { readReceivers } from './receiver-stats.js'
import { webRtcMissing } from './server-parts.js'
import type { MovableSource } from './upgrade.js'
import { isNamed, startPlayback, type Failure, type Sample, type SourceEvents, type StreamAddress } from './source.js'

/** ICE may find its way back by itself for so long. */
const DISCONNECTED_MS = 4_000

/**
 * Plays over WebRTC: WHEP (draft-ietf-wish-whep), the client offers. There is no trickle ICE: the server answers with
 * its own candidates, UDP and TCP, and learns ours from the connectivity checks, so the browser falls back to TCP
 * automatically.
 */
export class WhepSource implements MovableSource {
  #video: HTMLVideoElement
  readonly #events: SourceEvents
  readonly #address: StreamAddress
  readonly #session: HttpSession
  readonly #abort = new AbortController()
  readonly #handlePlaying = (): void => this.#events.playing()
  readonly #stream = new MediaStream()
  #connection: RTCPeerConnection | undefined
  #disconnected: number | undefined
  readonly #playoutDelay = new PlayoutDelay()
  #counters: ReceiverCounters | undefined
  #closed = false

  constructor(video: HTMLVideoElement, address: StreamAddress, events: SourceEvents) {
    this.#video = video
    this.#address = address
    this.#session = new HttpSession('whep', address)
    this.#events = events
    video.addEventListener('playing', this.#handlePlaying)
    this.#start().catch((error: unknown) => {
      if (!isNamed(error, 'AbortError')) this.#fail({ reason: 'network', detail: String(error) })
    })
  }

  /** Shows in another element from now on. */
  moveTo(video: HTMLVideoElement): void {
    this.#video.removeEventListener('playing', this.#handlePlaying)
    this.#video.srcObject = null
    this.#video = video
    video.srcObject = this.#stream
    startPlayback(video, () => this.#events.blocked())
  }

  async sample(): Promise<Sample> {
    if (this.#connection === undefined) return { delay: [] }
    const { counters, playout, ...seen } = await readReceivers(this.#connection)
    const delay = counters === undefined ? [] : receiverDelay(this.#counters, counters)
    this.#counters = counters
    const wholeMs = playout === undefined ? undefined : this.#playoutDelay.update(playout)
    if (wholeMs !== undefined) delay.push({ kind: 'whole', ms: wholeMs })
    return { ...seen, delay }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#abort.abort()
    window.clearTimeout(this.#disconnected)
    this.#video.removeEventListener('playing', this.#handlePlaying)
    this.#video.srcObject = null
    // The other way round the server would know the session no more.
    void this.#session.leave().then(() => this.#connection?.close())
  }

  async #start(): Promise<void> {
    const missing = await webRtcMissing(this.#address, this.#abort.signal)
    if (missing !== undefined) return this.#fail(missing)
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.#connection = connection
    connection.addTransceiver('video', { direction: 'recvonly' })
    connection.addTransceiver('audio', { direction: 'recvonly' })
    this.#watch(connection)
    const offer = await connection.createOffer()
    const sdp = withOpusNack(withStereo(offer.sdp ?? ''))
    const answer = await this.#session.offer(sdp)
    if (answer.kind === 'left') return
    if (answer.kind === 'refusal') return this.#fail(failureOfStatus(answer.status, answer.sentence))
    // The offer is applied only now, so that the gathering of candidates begins with the ICE servers of the answer.
    if (answer.iceServers.length > 0) connection.setConfiguration({ iceServers: answer.iceServers })
    await connection.setLocalDescription({ type: 'offer', sdp })
    await connection.setRemoteDescription({ type: 'answer', sdp: answer.sdp })
    connection.getReceivers()[0]?.transport?.addEventListener('statechange', ({ target }) => {
      if ((target as RTCDtlsTransport).state === 'closed') this.#fail({ reason: 'ended' })
    })
  }

  #watch(connection: RTCPeerConnection): void {
    connection.addEventListener('track', ({ track }) => {
      // A track is unmuted by its first packet. Before, it would make the video element wait, for ever in a stream of
      // sound only, whose picture the server keeps a place for.
      if (track.muted) track.addEventListener('unmute', () => this.#show(track), { once: true })
      else this.#show(track)
    })
    connection.addEventListener('connectionstatechange', () => this.#handleConnectionState(connection.connectionState))
  }

  #show(track: MediaStreamTrack): void {
    if (this.#closed) return
    this.#stream.addTrack(track)
    if (this.#video.srcObject === this.#stream) return
    this.#video.srcObject = this.#stream
    startPlayback(this.#video, () => this.#events.blocked())
  }

  #handleConnectionState(state: RTCPeerConnectionState): void {
    window.clearTimeout(this.#disconnected)
    if (state === 'connected') this.#events.connected()
    if (state === 'failed') this.#fail({ reason: 'network' })
    if (state === 'disconnected') {
      this.#disconnected = window.setTimeout(() => this.#fail({ reason: 'network' }), DISCONNECTED_MS)
    }
  }

  #fail(failure: Failure): void {
    if (!this.#closed) this.#events.failed(failure)
  }
}
