import type { IceServer, PublishedStreamType, PublishedTrack, TrackKind } from '@crossroom/protocol'
import { toCrossroomError } from '../errors.js'
import type { VideoProfile } from '../options.js'
import { preferH264 } from '../media/codecs.js'
import { cameraLayers, screenLayers, type LayerParameters } from '../media/encodings.js'
import { browserIceServers } from '../media/ice-servers.js'
import { sessionIdOf, withOpusNack } from '../media/sdp.js'

/** One track to be sent. */
export interface SentTrack {
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
  readonly track: MediaStreamTrack
  /** Of video. */
  readonly profile?: VideoProfile
}

/** What the up side needs and tells. */
export interface UplinkOptions {
  readonly iceServers: readonly IceServer[]
  /** `media.publish`: an offer and the whole list of its tracks; the answer. */
  readonly publish: (sdp: string, tracks: readonly PublishedTrack[]) => Promise<string>
  /** The answer is another PeerConnection's: the server has lost its side of this one, and another is to be made. */
  forgotten(): void
  stateChanged(state: RTCPeerConnectionState): void
}

/** A place in the connection, kept when its track ends, so that the next one finds it. */
interface Slot {
  readonly transceiver: RTCRtpTransceiver
  readonly streamType: PublishedStreamType
  readonly kind: TrackKind
  sent: SentTrack | undefined
}

/** The uplink of a member: one RTCPeerConnection. The complete media is set at once; the difference is negotiated. */
export class Uplink {
  readonly connection: RTCPeerConnection
  readonly #options: UplinkOptions
  readonly #slots: Slot[] = []
  /** Streams tell the server, and lip-sync, which sound belongs to which picture. */
  readonly #streams = { main: new MediaStream(), aux: new MediaStream() }
  #wanted: readonly SentTrack[] = []
  /** True when the slots differ from the last negotiation. */
  #isStale = false
  #iceRestart = false
  /** Of the server's side. */
  #session: string | undefined
  #working: Promise<void> | undefined
  #closed = false

  constructor(options: UplinkOptions) {
    this.#options = options
    const iceServers = browserIceServers(options.iceServers)
    this.connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers })
    this.connection.addEventListener('connectionstatechange', () => {
      if (!this.#closed) options.stateChanged(this.connection.connectionState)
    })
  }

  /** Whose m-line is what. */
  get tracks(): PublishedTrack[] {
    return this.#slots.flatMap(({ transceiver, streamType, kind, sent }) =>
      sent === undefined || transceiver.mid === null ? [] : [{ mid: transceiver.mid, streamType, kind }],
    )
  }

  /** Sends exactly these from now on. Resolves when the server has agreed, rejects when it does not. */
  sync(wanted: readonly SentTrack[]): Promise<void> {
    this.#wanted = wanted
    return this.#work()
  }

  /** Searches a new path through the network, without interrupting media on a working one. */
  restart(): Promise<void> {
    if (this.#slots.length === 0) return Promise.resolve()
    this.#iceRestart = true
    this.#isStale = true
    return this.#work()
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

  /** One negotiation at a time; whatever is asked for meanwhile is in the next. */
  #work(): Promise<void> {
    this.#working ??= this.#settle().finally(() => (this.#working = undefined))
    return this.#working
  }

  async #settle(): Promise<void> {
    // The first negotiation happens after the caller's turn, so that camera and microphone share an offer.
    await Promise.resolve()
    for (;;) {
      const wanted = this.#wanted
      await this.#arrange(wanted)
      if (this.#closed) return
      if (this.#isStale) await this.#negotiate()
      if (this.#closed || (wanted === this.#wanted && !this.#isStale)) return
    }
  }

  /** Makes the slots hold `wanted`. */
  async #arrange(wanted: readonly SentTrack[]): Promise<void> {
    for (const slot of this.#slots) {
      const next = wanted.find((sent) => sent.streamType === slot.streamType && sent.kind === slot.kind)
      await this.#fill(slot, next)
    }
    for (const sent of wanted) {
      const { streamType, kind } = sent
      if (!this.#slots.some((slot) => slot.streamType === streamType && slot.kind === kind)) this.#open(sent)
    }
  }

  async #fill(slot: Slot, next: SentTrack | undefined): Promise<void> {
    const { transceiver, sent } = slot
    if (next?.track === sent?.track && next?.profile === sent?.profile) return
    if (next?.track !== sent?.track) await transceiver.sender.replaceTrack(next?.track ?? null)
    slot.sent = next
    if (next?.kind === 'video') await this.#setLayers(transceiver.sender, next)
    const direction = next === undefined ? 'inactive' : 'sendonly'
    if (transceiver.direction === direction) return
    transceiver.direction = direction
    this.#isStale = true
  }

  async #setLayers(sender: RTCRtpSender, sent: SentTrack): Promise<void> {
    const parameters = sender.getParameters()
    const layers = layersOf(sent)
    parameters.encodings.forEach((encoding, index) => Object.assign(encoding, layers[index]))
    // Only a bitrate or a scale that the browser does not take is lost by this.
    await sender.setParameters(parameters).catch(() => undefined)
  }

  #open(sent: SentTrack): void {
    const transceiver = this.connection.addTransceiver(sent.track, {
      direction: 'sendonly',
      streams: [this.#streams[sent.streamType]],
      ...(sent.kind === 'video' ? { sendEncodings: layersOf(sent) } : {}),
    })
    if (sent.kind === 'video') sendH264First(transceiver)
    this.#slots.push({ transceiver, streamType: sent.streamType, kind: sent.kind, sent })
    this.#isStale = true
  }

  async #negotiate(): Promise<void> {
    const { connection } = this
    const iceRestart = this.#iceRestart
    this.#isStale = false
    this.#iceRestart = false
    try {
      const offer = await connection.createOffer({ iceRestart })
      const sdp = withOpusNack(offer.sdp ?? '')
      await connection.setLocalDescription({ type: 'offer', sdp })
      const answer = await this.#options.publish(sdp, this.tracks)
      if (this.#closed) return
      const session = sessionIdOf(answer)
      this.#session ??= session
      if (session !== this.#session) return this.#options.forgotten()
      await connection.setRemoteDescription({ type: 'answer', sdp: answer })
    } catch (error) {
      if (this.#closed) return
      await this.#rollBack()
      this.#iceRestart ||= iceRestart
      this.#isStale = true
      throw toCrossroomError(error, 'NEGOTIATION_FAILED')
    }
  }

  async #rollBack(): Promise<void> {
    if (this.connection.signalingState !== 'have-local-offer') return
    await this.connection.setLocalDescription({ type: 'rollback' }).catch(() => undefined)
  }
}

/** Firefox before 128 has no preferences; it offers H.264 after VP8, which the server then converts for phones. */
function sendH264First(transceiver: RTCRtpTransceiver): void {
  const { setCodecPreferences } = transceiver as Partial<RTCRtpTransceiver>
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? []
  if (codecs.length > 0) setCodecPreferences?.call(transceiver, preferH264(codecs))
}

function layersOf({ streamType, track, profile }: SentTrack): LayerParameters[] {
  if (profile === undefined) return []
  return streamType === 'aux'
    ? screenLayers(profile)
    : cameraLayers(profile, track.getSettings().width ?? profile.width)
}
