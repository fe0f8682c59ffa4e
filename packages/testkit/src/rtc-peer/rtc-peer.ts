import { Outbox, type DriverHandlers, type Machine, type Micros, type Polled } from '@crossroom/media'
import {
  datagramKind,
  makeIceCredentials,
  negotiate,
  MAX_SRTP_OVERHEAD,
  parseRemoteDescription,
  planUplink,
  RtpReceiver,
  writeAnswer,
  type DtlsEngine,
  type DtlsEvent,
  type DtlsSession,
  type HmacSha1,
  type IceCredentials,
  type NegotiatedMedia,
  type RemoteDescription,
  type RtpReceiverEvent,
  type SrtpInbound,
  type SrtpKeys,
  type SrtpOutbound,
  type SrtpProfile,
} from '@crossroom/webrtc'
import { IceClient } from './ice-client.js'
import { writePeerOffer } from './offer.js'

export interface RtcPeerOptions {
  readonly now: Micros
  /** In [0, 1); seeded, where the run must be the same every time. */
  readonly random: () => number
  readonly hmacSha1: HmacSha1
  readonly dtls: DtlsEngine
  readonly createInbound: (keys: SrtpKeys) => SrtpInbound
  readonly createOutbound: (keys: SrtpKeys) => SrtpOutbound
  readonly direction: 'recvonly' | 'sendonly'
  /** Default both. */
  readonly kinds?: readonly ('audio' | 'video')[]
  readonly rtx?: boolean
  /**
   * `frames` (default): like a browser, with NACK, feedback and reports. `packets`: decrypts and counts, and says nothing,
   * for measuring with many.
   */
  readonly receive?: 'frames' | 'packets'
  /** Every RTP packet, plain; the bytes are used again. */
  readonly onPacket?: (packet: Uint8Array) => void
  /** Every RTCP compound, plain; the bytes are used again. */
  readonly onRtcp?: (compound: Uint8Array) => void
}

export type RtcPeerEvent =
  | { readonly kind: 'connected'; readonly profile: SrtpProfile }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'closed' }
  | Exclude<RtpReceiverEvent, { kind: 'ended' }>

/** The decrypted input. */
export interface RtcPeerCounters {
  rtpPackets: number
  rtpBytes: number
  rtcpPackets: number
  /** Datagrams that did not decrypt. */
  undecryptable: number
}

/**
 * A browser without pictures: the client side of a WHEP or WHIP session as a machine, towards one candidate of the
 * server. It shares the parsers with the server, so it proves how the parts work together; that others understand them
 * is for real browsers to prove.
 */
export class RtcPeer implements Machine<Uint8Array, Uint8Array, RtcPeerEvent> {
  readonly counters: RtcPeerCounters = { rtpPackets: 0, rtpBytes: 0, rtcpPackets: 0, undecryptable: 0 }
  readonly #options: RtcPeerOptions
  readonly #outbox = new Outbox<Uint8Array, RtcPeerEvent>()
  #local: IceCredentials
  /** What the server says of itself. */
  #remote: RemoteDescription | undefined
  #version = 0
  #ice: IceClient | undefined
  #dtls: DtlsSession | undefined
  #inbound: SrtpInbound | undefined
  #outbound: SrtpOutbound | undefined
  #receiver: RtpReceiver | undefined
  #media: readonly NegotiatedMedia[] = []

  constructor(options: RtcPeerOptions) {
    this.#options = options
    this.#local = makeIceCredentials((length) => this.#randomBytes(length))
  }

  get local(): IceCredentials {
    return this.#local
  }

  /** The accepted m-lines, once the answer was taken. */
  get media(): readonly NegotiatedMedia[] {
    return this.#media
  }

  /** The server has answered a check. */
  get isNominated(): boolean {
    return this.#ice?.isNominated === true
  }

  get isConnected(): boolean {
    return this.#outbound !== undefined
  }

  offer(): string {
    const { direction, kinds = ['audio', 'video'], dtls, rtx } = this.#options
    const ssrcs = direction === 'sendonly' ? { audio: 0x0a0d10, video: 0x01de0 } : {}
    return writePeerOffer({
      direction,
      kinds,
      ice: this.#local,
      fingerprint: dtls.fingerprint,
      ssrcs,
      ...(rtx !== undefined && { rtx }),
    })
  }

  /** Takes the server's answer and begins to check. Throws SdpError when it cannot be read. */
  acceptAnswer(now: Micros, sdp: string): void {
    const answer = parseRemoteDescription(sdp)
    this.#connect(now, answer)
    const direction = this.#options.direction === 'recvonly' ? 'receive' : 'send'
    this.#media = negotiate(
      answer,
      (media) => ({ direction, codecs: WISHES[media.kind === 'audio' ? 'audio' : 'video'] }),
      (length) => this.#randomBytes(length),
    )
    this.#receive(now)
  }

  /**
   * Answers the server's offer, the first or a later one: whatever it sends is received, m-lines that are inactive are
   * kept, and new ICE credentials are answered with new ones. Throws SdpError when it cannot be read.
   */
  answer(now: Micros, sdp: string): string {
    const offer = parseRemoteDescription(sdp)
    if (this.#remote === undefined) this.#connect(now, offer)
    else if (this.#remote.ice.usernameFragment !== offer.ice.usernameFragment) {
      this.restartIce()
      this.#startIce(now, offer.ice)
    }
    this.#remote = offer
    const plan = planUplink(() => true, WISHES)
    const media = negotiate(offer, plan, (length) => this.#randomBytes(length))
    this.#media = media.filter(({ isHeld }) => isHeld !== true)
    this.#receive(now)
    return writeAnswer(offer, media, {
      ...{ sessionId: '1', version: ++this.#version, ice: this.#local, candidates: [] },
      fingerprint: this.#options.dtls.fingerprint,
      dtlsRole: 'client',
      ...{ cname: 'test-peer', streamId: '-' },
    })
  }

  handleInput(now: Micros, datagram: Uint8Array): void {
    const kind = datagramKind(datagram)
    if (kind === 'stun') this.#ice?.handleInput(now, datagram)
    else if (kind === 'dtls') this.#dtls?.handleInput(now, datagram)
    else this.#handleMedia(now, datagram, kind === 'rtcp')
  }

  poll(now: Micros): Polled<Uint8Array, RtcPeerEvent> {
    const wakeAt = this.#follow(now)
    return this.#outbox.take() ?? wakeAt
  }

  /** Sends a plaintext RTP packet; dropped before there are keys. */
  sendRtp(packet: Uint8Array): void {
    const room = new Uint8Array(packet.length + MAX_SRTP_OVERHEAD)
    room.set(packet)
    const length = this.#outbound?.protectRtp(room, packet.length) ?? -1
    if (length > 0) this.#outbox.send(room.subarray(0, length))
  }

  /** Sends a plaintext RTCP compound; dropped before there are keys. */
  sendRtcp(compound: Uint8Array): void {
    const room = new Uint8Array(compound.length + MAX_SRTP_OVERHEAD)
    room.set(compound)
    const length = this.#outbound?.protectRtcp(room, compound.length) ?? -1
    if (length > 0) this.#outbox.send(room.subarray(0, length))
  }

  /** New credentials for an ICE restart; give the server's answer to `acceptRestart`. */
  restartIce(): IceCredentials {
    this.#local = makeIceCredentials((length) => this.#randomBytes(length))
    return this.#local
  }

  acceptRestart(now: Micros, remote: IceCredentials): void {
    this.#startIce(now, remote)
  }

  /** The network has changed under the same session. */
  checkNow(now: Micros): void {
    this.#ice?.checkNow(now)
  }

  /** Stops checking, as a browser whose machine fell asleep. */
  stopChecks(): void {
    this.#ice?.stop()
  }

  /** Says goodbye; poll once more. */
  close(now: Micros): void {
    this.#dtls?.close(now)
    this.#follow(now)
    this.#ice?.stop()
    this.#inbound?.close()
    this.#outbound?.close()
    this.#dtls = undefined
    this.#outbound = undefined
  }

  #connect(now: Micros, remote: RemoteDescription): void {
    this.#remote = remote
    this.#startIce(now, remote.ice)
    this.#dtls = this.#options.dtls.createSession({
      role: remote.setup === 'active' ? 'server' : 'client',
      remoteFingerprint: remote.fingerprint,
    })
  }

  #receive(now: Micros): void {
    const { direction, receive } = this.#options
    if (direction !== 'recvonly' || receive === 'packets') return
    if (this.#receiver !== undefined) this.#receiver.setMedia(this.#media)
    else this.#receiver = new RtpReceiver({ now, media: this.#media, ssrc: 0x7e57, cname: 'test-peer' })
  }

  #startIce(now: Micros, remote: IceCredentials): void {
    const { hmacSha1, random } = this.#options
    this.#ice = new IceClient({ now, hmacSha1, random, local: this.#local, remote })
  }

  #handleMedia(now: Micros, datagram: Uint8Array, isRtcp: boolean): void {
    const length = isRtcp
      ? this.#inbound?.unprotectRtcp(datagram, datagram.length)
      : this.#inbound?.unprotectRtp(datagram, datagram.length)
    if (length === undefined || length < 0) {
      this.counters.undecryptable++
      return
    }
    const packet = datagram.subarray(0, length)
    if (isRtcp) {
      this.counters.rtcpPackets++
      this.#options.onRtcp?.(packet)
      this.#receiver?.handleRtcp(now, packet)
      return
    }
    this.counters.rtpPackets++
    this.counters.rtpBytes += length
    this.#options.onPacket?.(packet)
    this.#receiver?.handleRtp(now, packet)
  }

  /** Moves outputs and events of the parts up, and answers when one of them wants to be polled again. */
  #follow(now: Micros): Micros {
    const iceAt = follow(this.#ice, now, {
      output: (bytes) => this.#outbox.send(bytes),
      event: (event) => {
        if (event.kind === 'refused') this.#outbox.tell({ kind: 'failed', reason: `STUN ${event.errorCode}` })
      },
    })
    // A client's handshake starts with the first poll: when the peer is known.
    const dtlsAt = follow(this.isNominated || this.isConnected ? this.#dtls : undefined, now, {
      output: (bytes) => this.#outbox.send(bytes),
      event: (event) => this.#handleDtlsEvent(event),
    })
    const receiverAt = follow(this.#receiver, now, {
      output: (compound) => this.sendRtcp(compound),
      event: (event) => {
        if (event.kind === 'frame') this.#outbox.tell(event)
      },
    })
    return Math.min(iceAt, dtlsAt, receiverAt)
  }

  #handleDtlsEvent(event: DtlsEvent): void {
    if (event.kind === 'connected') {
      this.#inbound = this.#options.createInbound(event.keys)
      this.#outbound = this.#options.createOutbound(event.keys)
      this.#outbox.tell({ kind: 'connected', profile: event.profile })
    } else {
      this.#outbox.tell(event)
    }
  }

  #randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.#options.random() * 256))
  }
}

const WISHES = {
  audio: [{ codec: 'opus', useRed: true }],
  video: [{ codec: 'h264' }, { codec: 'vp8' }, { codec: 'h265' }, { codec: 'av1' }],
} as const

/** Polls a part to the end, and answers when it wants to be polled again. */
function follow<Output, Event>(
  part: Pick<Machine<never, Output, Event>, 'poll'> | undefined,
  now: Micros,
  handlers: DriverHandlers<Output, Event>,
): Micros {
  for (;;) {
    const polled = part?.poll(now) ?? Infinity
    if (typeof polled === 'number') return polled
    if ('output' in polled) handlers.output(polled.output)
    else handlers.event(polled.event)
  }
}
