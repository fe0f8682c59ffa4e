import { randomBytes } from 'node:crypto'
import type { MediaFrame } from '@crossroom/media'
import type { PublishedStreamType, PublishedTrack } from '@crossroom/protocol'
import {
  dtlsRoleFor,
  negotiate,
  parseRemoteDescription,
  planUplink,
  type NegotiatedMedia,
  type RemoteDescription,
} from '@crossroom/webrtc'
import type { Grant, StreamEndReason } from '../../../auth/index.js'
import type { StreamKey } from '../../../hub/index.js'
import type { PublishEnvironment } from '../../publish-attempt.js'
import {
  describeSession,
  newSessionIdentity,
  type RtcGateway,
  type RtcPeer,
  type SessionIdentity,
} from '../port/index.js'
import { PUBLISH_CODECS, PublishedStream, RtcPublish, type UplinkPath } from '../receive/index.js'
import { checkTracks } from './uplink-tracks.js'

export interface RoomUplinkOptions {
  readonly environment: PublishEnvironment
  readonly gateway: RtcGateway
  readonly userId: string
  /** For the log only. */
  readonly roomId: string
  readonly remoteAddress: string
  /** Key and subject of the member's publication: the same subject takes its own stream over. */
  target(streamType: PublishedStreamType): { readonly key: StreamKey; readonly subject: string }
  /** The hub refused or took away a publication. Never called from inside a call of this class. */
  refused(streamType: PublishedStreamType, reason: string): void
}

/** One PeerConnection with what its descriptions have in common. */
interface Connection {
  readonly peer: RtcPeer
  readonly publish: RtcPublish
  readonly identity: SessionIdentity
  readonly fingerprint: string
  /** The browser's ICE credentials of the last offer. */
  usernameFragment: string
  version: number
}

const END_SENTENCES: Partial<Record<StreamEndReason, string>> = {
  'taken-over': 'The same user publishes this stream from another connection.',
  shutdown: 'The server is shutting down.',
}
const ENDED = 'The operator ended this stream.'

const BUSY = 'This stream already has a publisher.'

/**
 * The media that one browser sends into its room, over one PeerConnection: camera and microphone as one hub stream, the
 * screen as another. Each offer lists all streams; unchanged ones continue without a gap.
 */
export class RoomUplink {
  readonly #options: RoomUplinkOptions
  readonly #streams = new Map<PublishedStreamType, PublishedStream>()
  /** By the mid that carries them. */
  readonly #routes = new Map<string, PublishedStream>()
  #connection: Connection | undefined
  #closed = false

  constructor(options: RoomUplinkOptions) {
    this.#options = options
  }

  /** Media can flow. */
  get isConnected(): boolean {
    return this.#connection?.peer.isConnected === true
  }

  /** Undefined while nothing is connected. */
  get path(): UplinkPath | undefined {
    return this.isConnected ? this.#connection?.publish.path : undefined
  }

  /**
   * Handles an offer, the first or a later one; `tracks` lists all sent media. Another certificate means another
   * PeerConnection, which replaces the previous one; other ICE credentials mean an ICE restart. Returns the SDP; throws
   * SdpError, and then nothing has changed.
   */
  publish(sdp: string, tracks: readonly PublishedTrack[]): string {
    const offer = parseRemoteDescription(sdp)
    const wanted = checkTracks(offer, tracks)
    const plan = planUplink((mid) => wanted.has(mid), PUBLISH_CODECS)
    const media = negotiate(offer, plan, (length) => randomBytes(length))
    const sending = media.filter(({ isHeld }) => isHeld !== true)
    const connection = this.#connect(offer, sending)
    this.#setStreams(sending, wanted)
    connection.version++
    const identity = { ...connection.identity, version: connection.version }
    return describeSession(this.#options.gateway, offer, media, connection.peer.local, identity)
  }

  /** Ends one stream; the browser takes its m-lines out of the next offer. */
  unpublish(streamType: PublishedStreamType): void {
    const stream = this.#streams.get(streamType)
    if (stream !== undefined) this.#forget(streamType, stream)
  }

  /** Ends everything. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#disconnect()
  }

  #connect(offer: RemoteDescription, media: readonly NegotiatedMedia[]): Connection {
    const present = this.#connection
    if (present?.fingerprint !== offer.fingerprint.value) return this.#replace(offer, media)
    if (present.usernameFragment !== offer.ice.usernameFragment) {
      this.#options.gateway.restartIce(present.peer, offer.ice)
      present.usernameFragment = offer.ice.usernameFragment
    }
    present.publish.setMedia(media)
    return present
  }

  /** Another PeerConnection: streams that it has as well stay open, and their viewers see no end. */
  #replace(offer: RemoteDescription, media: readonly NegotiatedMedia[]): Connection {
    const { gateway, environment, roomId, userId } = this.#options
    const before = this.#connection
    this.#connection = undefined
    if (before !== undefined) this.#closeConnection(before)
    const publish = new RtcPublish({
      ...{ gateway, media, clock: environment.clock },
      onFrame: (mid, rid, frame) => this.#handleFrame(mid, rid, frame),
    })
    const peer = gateway.createPeer({
      remote: offer.ice,
      remoteFingerprint: offer.fingerprint,
      dtlsRole: dtlsRoleFor(offer),
      media: publish,
      handlers: {
        connected: (keys, _profile, address) => publish.handleConnected(keys, address),
        moved: (address) => publish.handleMoved(address),
        closed: (reason) => {
          if (this.#connection?.peer !== peer) return
          environment.log.info({ room: roomId, userId, reason }, 'Uplink ended')
          this.#disconnect()
        },
      },
    })
    const connection: Connection = {
      ...{ peer, publish, identity: newSessionIdentity(offer), version: 0 },
      fingerprint: offer.fingerprint.value,
      usernameFragment: offer.ice.usernameFragment,
    }
    this.#connection = connection
    return connection
  }

  #setStreams(media: readonly NegotiatedMedia[], tracks: ReadonlyMap<string, PublishedTrack>): void {
    this.#routes.clear()
    for (const streamType of ['main', 'aux'] as const) {
      const own = media.filter(({ mid }) => tracks.get(mid)?.streamType === streamType)
      const present = this.#streams.get(streamType)
      if (own.length === 0) {
        if (present !== undefined) this.#forget(streamType, present)
        continue
      }
      const stream = present ?? this.#open(streamType)
      if (stream === undefined) continue
      stream.setMedia(own)
      for (const { mid } of own) this.#routes.set(mid, stream)
    }
  }

  #open(streamType: PublishedStreamType): PublishedStream | undefined {
    const { environment, remoteAddress } = this.#options
    const stream: PublishedStream = new PublishedStream({
      ...{ environment, protocol: 'webrtc', connectionId: environment.newConnectionId(), remoteAddress },
      requestKeyframe: (mid, rid) => this.#connection?.publish.requestKeyframe(mid, rid),
      onEnded: (reason) => this.#handleEnded(streamType, stream, reason),
    })
    this.#streams.set(streamType, stream)
    return this.#take(streamType, stream) ? stream : undefined
  }

  /** Its member was let in already. */
  #take(streamType: PublishedStreamType, stream: PublishedStream): boolean {
    const isTaken = stream.take(memberGrant(this.#options.target(streamType))) === undefined
    if (!isTaken) this.#lose(streamType, stream, BUSY)
    return isTaken
  }

  /** A stream that was silent is the browser's still: a screen that stands still sends nothing. Its next frame takes it again. */
  #handleEnded(streamType: PublishedStreamType, stream: PublishedStream, reason: StreamEndReason): void {
    if (reason !== 'timeout') this.#lose(streamType, stream, END_SENTENCES[reason] ?? ENDED)
  }

  #handleFrame(mid: string, rid: string | undefined, frame: MediaFrame): void {
    const stream = this.#routes.get(mid)
    if (stream !== undefined && (stream.isOpen || this.#takeAgain(stream))) stream.handleFrame(mid, rid, frame)
  }

  #takeAgain(stream: PublishedStream): boolean {
    const [streamType] = [...this.#streams].find(([, one]) => one === stream) ?? []
    return streamType !== undefined && this.#take(streamType, stream)
  }

  /** The member is told, and nothing more is published of it until an offer names it again. */
  #lose(streamType: PublishedStreamType, stream: PublishedStream, reason: string): void {
    this.#forget(streamType, stream)
    this.#options.environment.clock.after(0, () => {
      if (!this.#closed) this.#options.refused(streamType, reason)
    })
  }

  #forget(streamType: PublishedStreamType, stream: PublishedStream): void {
    this.#streams.delete(streamType)
    for (const [mid, routed] of this.#routes) if (routed === stream) this.#routes.delete(mid)
    stream.end()
  }

  #disconnect(): void {
    const connection = this.#connection
    this.#connection = undefined
    for (const [streamType, stream] of [...this.#streams]) this.#forget(streamType, stream)
    if (connection !== undefined) this.#closeConnection(connection)
  }

  #closeConnection({ peer, publish }: Connection): void {
    publish.close()
    peer.close()
    this.#options.environment.metrics.traffic('webrtc').bytesIn += publish.bytesIn
  }
}

/** What a member may publish it was granted when it entered; its room takes the stream away by ending it. */
function memberGrant({ key, subject }: { readonly key: StreamKey; readonly subject: string }): Grant {
  return { ok: true, key, subject, opened: () => undefined, closed: () => undefined, onRevoked: () => undefined }
}
