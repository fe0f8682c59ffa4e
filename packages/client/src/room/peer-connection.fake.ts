import { vi } from 'vitest'

/** A track that does nothing. */
export function fakeTrack(kind: 'audio' | 'video', width = 640): MediaStreamTrack {
  const track = Object.assign(new EventTarget(), {
    kind,
    enabled: true,
    readyState: 'live',
    getSettings: () => ({ width }),
    applyConstraints: () => Promise.resolve(),
    stop: () => (track.readyState = 'ended'),
  })
  return track as unknown as MediaStreamTrack
}

export class FakeSender {
  encodings: RTCRtpEncodingParameters[]
  track: MediaStreamTrack | null

  constructor(track: MediaStreamTrack, encodings: RTCRtpEncodingParameters[]) {
    this.track = track
    this.encodings = encodings
  }

  replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track
    return Promise.resolve()
  }

  getParameters(): { encodings: RTCRtpEncodingParameters[] } {
    return { encodings: this.encodings.map((it) => ({ ...it })) }
  }

  setParameters({ encodings }: { encodings: RTCRtpEncodingParameters[] }): Promise<void> {
    this.encodings = encodings
    return Promise.resolve()
  }
}

export interface FakeTransceiver {
  mid: string | null
  direction: RTCRtpTransceiverDirection
  readonly sender: FakeSender
}

/** As much of RTCPeerConnection as the up side uses: mids come with the local description and go with its rollback. */
export class FakePeerConnection extends EventTarget {
  connectionState: RTCPeerConnectionState = 'new'
  signalingState: RTCSignalingState = 'stable'
  readonly transceivers: FakeTransceiver[] = []
  readonly offers: RTCOfferOptions[] = []

  addTransceiver(track: MediaStreamTrack, init: RTCRtpTransceiverInit): FakeTransceiver {
    const sender = new FakeSender(track, init.sendEncodings ?? [])
    const transceiver: FakeTransceiver = { mid: null, direction: init.direction ?? 'sendrecv', sender }
    this.transceivers.push(transceiver)
    return transceiver
  }

  createOffer(options: RTCOfferOptions): Promise<RTCSessionDescriptionInit> {
    this.offers.push(options)
    return Promise.resolve({ type: 'offer', sdp: 'offer' })
  }

  setLocalDescription({ type }: RTCSessionDescriptionInit): Promise<void> {
    if (type === 'rollback') this.signalingState = 'stable'
    else {
      this.signalingState = 'have-local-offer'
      this.transceivers.forEach((transceiver, index) => (transceiver.mid = String(index)))
    }
    return Promise.resolve()
  }

  setRemoteDescription(): Promise<void> {
    this.signalingState = 'stable'
    return Promise.resolve()
  }

  close(): void {
    this.connectionState = 'closed'
  }
}

/** Gives the global scope what the up side asks of a browser. */
export function stubPeerConnections(): void {
  vi.stubGlobal('RTCPeerConnection', FakePeerConnection)
  vi.stubGlobal('RTCRtpSender', { getCapabilities: () => null })
  vi.stubGlobal('MediaStream', class {})
}
