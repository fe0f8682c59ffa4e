import type { IceServer, OfferParams, OfferedTrack } from '@crossroom/protocol'
import { toCrossroomError, type CrossroomError } from '../errors.js'
import { Serial } from '../serial.js'
import { browserIceServers } from '../media/ice-servers.js'
import { allowsOpusNack, sessionIdOf, withOpusNack, withStereo } from '../media/sdp.js'

/** A user's track, as assigned by the last offer. */
export interface ReceivedTrack extends OfferedTrack {
  readonly track: MediaStreamTrack
}

/** What the down side needs and tells. */
export interface DownlinkOptions {
  readonly iceServers: readonly IceServer[]
  /** `media.answer`. */
  readonly answer: (sdp: string, revision: number) => Promise<unknown>
  /** The complete list, after every offer. A track may belong to another user than before: tracks are reused. */
  readonly tracksChanged: (tracks: readonly ReceivedTrack[]) => void
  readonly stateChanged: (state: RTCPeerConnectionState) => void
  readonly failed: (error: CrossroomError) => void
}

/** The down side of a member: one RTCPeerConnection that the server offers. */
export class Downlink {
  readonly connection: RTCPeerConnection
  readonly #options: DownlinkOptions
  readonly #offers = new Serial()
  #session: string | undefined
  #revision = -1
  #closed = false

  constructor(options: DownlinkOptions) {
    this.#options = options
    const iceServers = browserIceServers(options.iceServers)
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers })
    this.connection.addEventListener('connectionstatechange', () => {
      if (!this.#closed) options.stateChanged(this.connection.connectionState)
    })
  }

  /** False when the server has lost its side of this connection and offers another one. */
  isFor({ sdp }: OfferParams): boolean {
    return this.#session === undefined || this.#session === sessionIdOf(sdp)
  }

  /** Answers an offer; offers are answered in order, and late old ones are ignored. */
  offer(offer: OfferParams): void {
    this.#session = sessionIdOf(offer.sdp)
    this.#offers
      .run(() => this.#answer(offer))
      .catch((error: unknown) => {
        if (!this.#closed) this.#options.failed(toCrossroomError(error, 'NEGOTIATION_FAILED'))
      })
  }

  /** Tells nothing any more; the connection stays. */
  retire(): void {
    this.#closed = true
  }

  /** Idempotent. */
  close(): void {
    this.retire()
    this.connection.close()
  }

  async #answer({ sdp, revision, tracks }: OfferParams): Promise<void> {
    if (this.#closed || revision <= this.#revision) return
    this.#revision = revision
    const { connection } = this
    await connection.setRemoteDescription({ type: 'offer', sdp })
    const answer = await connection.createAnswer()
    const stereo = withStereo(answer.sdp ?? '')
    const local = allowsOpusNack(sdp) ? withOpusNack(stereo) : stereo
    await connection.setLocalDescription({ type: 'answer', sdp: local })
    if (this.#closed) return
    this.#options.tracksChanged(this.#received(tracks))
    await this.#options.answer(local, revision)
  }

  #received(tracks: readonly OfferedTrack[]): ReceivedTrack[] {
    const byMid = new Map(this.connection.getTransceivers().map(({ mid, receiver }) => [mid, receiver.track]))
    return tracks.flatMap((offered) => {
      const track = byMid.get(offered.mid)
      return track === undefined ? [] : [{ ...offered, track }]
    })
  }
}
