import type { Micros } from '@crossroom/media'
import type { SrtpKeys } from './srtp.js'
import type { UdpAddress } from './udp-port.js'

/** Numbers that the egress gives out. A number that was removed is never taken for its successor: commands with it are ignored. */
export type SourceId = number
export type DestinationId = number
export type TrackId = number

/**
 * Counts the frames of one source from 0. A frame stays available for `replay` and `resend` while it is in the
 * source's history.
 */
export type FrameNumber = number

/** One packetized track that goes to any number of destinations. */
export interface SourceOptions {
  readonly kind: 'video' | 'audio'
  /** Bound of the history in bytes of payload. Default 4 MiB for video, 256 KiB for audio. */
  readonly historyBytes?: number
  /** Bound of the history in frames. Default 1024; it holds a GOP for `replay` and a second or two for `resend`. */
  readonly historyFrames?: number
}

/** The address of a destination. A change keeps every counter, key and queue. */
export type DestinationRoute =
  | { readonly kind: 'udp'; readonly address: UdpAddress }
  /** RFC 4571 frames for the caller's TCP connection, handed out by `pollStream`. */
  | { readonly kind: 'tcp' }
  /** Nothing is sent and nothing is numbered: no address is verified at present. */
  | { readonly kind: 'none' }

export interface DestinationOptions {
  readonly keys: SrtpKeys
  readonly route: DestinationRoute
  /** Bits per second at which video leaves; 0 (default) sends at once, keyframes spread over at most 8 ms. */
  readonly pacingRate?: number
}

export interface DestinationChange {
  readonly route?: DestinationRoute
  readonly pacingRate?: number
}

/** Ids of `a=extmap` for one m-line (RFC 8285), 1 to 14; an extension without an id is not written. */
export interface EgressExtensionIds {
  /** urn:ietf:params:rtp-hdrext:sdes:mid, on every packet. */
  readonly mid?: number
  /** http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time, on every packet. */
  readonly absSendTime?: number
  /** draft-holmer-rmcat-transport-wide-cc-extensions-01: with it, each packet is counted and reported by `pollSent`. */
  readonly transportCc?: number
  /** http://www.webrtc.org/experiments/rtp-hdrext/playout-delay, while the track has a `playoutDelay`. */
  readonly playoutDelay?: number
  /** http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time, on frames that have a `captureWallClock`. */
  readonly absCaptureTime?: number
  /** urn:3gpp:video-orientation, on keyframes and on frames whose orientation is not 0. */
  readonly videoOrientation?: number
  /** urn:ietf:params:rtp-hdrext:ssrc-audio-level, on frames that have an `audioLevel`. */
  readonly audioLevel?: number
}

/** RFC 4588: retransmissions in their own stream, with their own numbering. */
export interface RtxOptions {
  readonly ssrc: number
  readonly payloadType: number
  /** Default: a random number below 2^15. */
  readonly firstSequence?: number
}

/** Minimum and maximum of the playout-delay extension, in units of 10 ms (0 to 4095). */
export interface PlayoutDelay {
  readonly min: number
  readonly max: number
}

export interface TrackOptions {
  readonly kind: 'video' | 'audio'
  readonly ssrc: number
  readonly payloadType: number
  /** Without it a retransmission is the byte-identical packet, and with GCM there is none at all. */
  readonly rtx?: RtxOptions
  /** Below 2^15, so that an early loss cannot put the receiver's rollover count off (RFC 3711 section 3.3.1). Default random. */
  readonly firstSequence?: number
  /** Added to the frame's rtpTimestamp, modulo 2^32. Default 0. */
  readonly timestampOffset?: number
  readonly extensions?: EgressExtensionIds
  /** Value of the mid extension: 1 to 16 bytes of ASCII. */
  readonly mid?: string
  readonly playoutDelay?: PlayoutDelay
}

export interface TrackChange {
  readonly timestampOffset?: number
  /** Null ends the extension. */
  readonly playoutDelay?: PlayoutDelay | null
  readonly payloadType?: number
  /** For retransmissions of packets sent from now on; only for tracks with RTX. */
  readonly rtxPayloadType?: number
}

/**
 * One coded frame, packed once for all its destinations. `payloads` is RTP payload only: the egress writes the headers.
 * For segmentation offload all packets but the last of a frame should have the same size.
 */
export interface EgressFrame {
  /** In the codec's clock rate, modulo 2^32, on the source's time line. */
  readonly rtpTimestamp: number
  /** Where the payloads are; they are copied before the call returns. */
  readonly payloads: Uint8Array
  /** Packet i is `payloads[ends[i - 1] ?? 0 .. ends[i]]`: 1 to 1200 bytes each, at most 4096 packets. */
  readonly ends: Uint32Array
  readonly packetCount: number
  /** Whether the last packet of the frame has the marker bit: true for video; for audio at the start of a talk spurt. */
  readonly marker: boolean
  readonly keyframe: boolean
  /** When the picture was taken: microseconds since 1970 (UTC). */
  readonly captureWallClock?: number
  /** Clockwise turn in degrees that the receiver applies. */
  readonly orientation?: 0 | 90 | 180 | 270
  /** -dBov, 0 to 127 (RFC 6464). The extension's voice bit stays 0. */
  readonly audioLevel?: number
}

/** Packets since the destination was added. All but `queuedMicros` only grow. */
export interface DestinationCounters {
  readonly packets: number
  /** Payload octets as sender reports count them (RFC 3550 section 6.4.1), of all tracks. */
  readonly octets: number
  readonly retransmitted: number
  /** Asked for by `resend` and no longer in the history, or never sent. */
  readonly notResent: number
  /** The kernel had no room (EAGAIN, ENOBUFS): lost as on a wire. */
  readonly kernelDropped: number
  /** Frames left out because the queue was older than 250 ms. */
  readonly framesDropped: number
  /** How long the oldest waiting packet has been waiting. */
  readonly queuedMicros: Micros
}

export interface EgressCounters {
  readonly packets: number
  readonly bytes: number
  /** System calls that sent something. */
  readonly sendCalls: number
  readonly kernelDropped: number
  /** Frames refused because the command queue was full. */
  readonly framesRefused: number
  /** Rows that `pollSent` lost because it was called too seldom. */
  readonly sentRowsLost: number
  /** Whether UDP segmentation offload is still in use. */
  readonly segmentationOffload: boolean
}

export type EgressEvent =
  /** The queue passed 250 ms and was emptied; the track goes on at the next keyframe. `since` is never in the future. */
  | { readonly kind: 'starved'; readonly destination: DestinationId; readonly track: TrackId; readonly since: Micros }
  /** A keyframe came after `starved`. */
  | { readonly kind: 'resumed'; readonly destination: DestinationId; readonly track: TrackId }
  /** The last frame of a `replay` has left: the track is live. */
  | { readonly kind: 'replayed'; readonly destination: DestinationId; readonly track: TrackId }
  /** The address was refused by the kernel (EHOSTUNREACH, ENETUNREACH, …), told at most once a second. */
  | { readonly kind: 'unreachable'; readonly destination: DestinationId }

/** Columns of a `pollSent` row. */
export const SENT_ROW = { destination: 0, firstTransportSequence: 1, count: 2, bytes: 3, sentAt: 4, size: 5 } as const

/**
 * Owns the sending state: SRTP and SRTCP contexts, sequence numbers, transport-wide counters, report counts, pacing,
 * and the map from a destination's sequence number to its packet. Commands are queued for the egress thread in call
 * order and never block; only wrong arguments throw. Commands with unknown numbers are ignored.
 */
export interface Egress {
  addSource(options: SourceOptions): SourceId
  removeSource(source: SourceId): void

  addDestination(options: DestinationOptions): DestinationId
  updateDestination(destination: DestinationId, change: DestinationChange): void
  /** Wipes its keys and drops what waits; its tracks go with it. */
  removeDestination(destination: DestinationId): void

  /**
   * What a destination was sent under an SSRC before goes on where its numbers stood, whatever `firstSequence` says: a sequence never
   * restarts under a key. While another track of the destination has the SSRC, the new one sends nothing.
   */
  addTrack(destination: DestinationId, options: TrackOptions): TrackId
  updateTrack(track: TrackId, change: TrackChange): void
  removeTrack(track: TrackId): void

  /**
   * Sends a frame to the first `targetCount` tracks of `targets` (default all; zero only stores it in the history).
   * Undefined when the queue was full: then no track gets it, as if it were lost upstream.
   */
  frame(source: SourceId, frame: EgressFrame, targets: Uint32Array, targetCount?: number): FrameNumber | undefined
  /**
   * Sends frames of the history to one track, in order, at its destination's pacing rate and before frames that come later:
   * the burst that lets a new viewer start. `rtpTimestamps[i]` replaces the time stamp of frame `first + i` before
   * `timestampOffset` is added. Frames no longer in the history are left out.
   */
  replay(track: TrackId, source: SourceId, first: FrameNumber, rtpTimestamps: Uint32Array): void
  /** Answers a NACK: by RTX where the track has it, else by the byte-identical packet (SHA1_80 only). At most 512 sequences. */
  resend(track: TrackId, sequences: Uint16Array, count?: number): void
  /** Sends one compound RTCP packet, given as plaintext of at most 1200 bytes. */
  rtcp(destination: DestinationId, compound: Uint8Array): void
  /**
   * Sends a sender report with the egress's own packet and octet counts and an SDES CNAME (RFC 3550 section 6.4.1).
   * `wallClock` is microseconds since 1970, `rtpTimestamp` the same moment on the source's time line; the track's
   * `timestampOffset` is added.
   */
  senderReport(track: TrackId, wallClock: number, rtpTimestamp: number): void

  /**
   * Copies the packets sent since the last call, as rows of `SENT_ROW.size` numbers: packets with consecutive
   * transport-wide sequence numbers (16 bits) that were sent together, `bytes` being the sum of their UDP payloads.
   * Returns the number of rows; call again when the buffer was full.
   */
  pollSent(rows: Float64Array): number
  pollEvent(): EgressEvent | undefined
  /** Called when events or stream bytes wait. Set it once; without it, poll. */
  onReady(callback: () => void): void
  /**
   * Bytes for a destination whose route is `tcp`: RFC 4571 frames, whole packets only, to be written in order. Report with
   * `streamWritten` when the connection took them: more than 250 ms behind drops video to the next keyframe.
   */
  pollStream(): { readonly destination: DestinationId; readonly bytes: Uint8Array } | undefined
  streamWritten(destination: DestinationId, bytes: number): void

  destinationCounters(destination: DestinationId): DestinationCounters | undefined
  counters(): EgressCounters
  /** Ends the thread and drops what waits. Idempotent. */
  close(): void
}

export interface EgressOptions {
  /** CNAME of the sender reports (RFC 7022): 1 to 32 bytes of ASCII. */
  readonly cname: string
  /** Bound of the command queue in bytes; frames are refused above three quarters of it. Default 16 MiB. */
  readonly queueBytes?: number
  /** Default true where the system has it. */
  readonly segmentationOffload?: boolean
}
