/** How a stream reaches this page. */
export const PROTOCOLS = ['webrtc', 'ws-flv', 'http-flv'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** The requested protocol, or the best one that works. */
export type Preference = Protocol | 'auto'

/**
 * Why a source ended. `not-found` the stream has no publisher · `refused` the server denies access · `codec` this
 * browser cannot decode it · `unsupported` this browser lacks the interface (WebRTC, Media Source) · `unavailable` the
 * server does not offer the protocol · `network` the connection failed or broke · `timeout` no media in time · `ended`
 * the stream has ended.
 */
export const FAILURE_REASONS = [
  'not-found',
  'refused',
  'codec',
  'unsupported',
  'unavailable',
  'network',
  'timeout',
  'ended',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

export interface Failure {
  readonly reason: FailureReason
  /** A sentence of the server or the browser, not translated; for curious readers. */
  readonly detail?: string
}

/** What a source tells the player. Nothing is told after `failed` or after `close`. */
export interface SourceEvents {
  /** The server answered and bytes may come. */
  connected(): void
  /** The first picture or sound is there. */
  playing(): void
  /** The browser does not start playback without a click. */
  blocked(): void
  failed(failure: Failure): void
}

/** Where a stream is. */
export interface StreamAddress {
  /** `https://HOST`, no slash at the end. */
  readonly origin: string
  /** `APP/STREAM` */
  readonly name: string
  readonly token?: string
}

/** One part of the measured delay, in milliseconds. */
export interface DelayPart {
  readonly kind: 'buffer' | 'lag' | 'network' | 'decoding' | 'whole'
  readonly ms: number
}

/** What a source measures; absent is unknown. */
export interface Sample {
  /** Bytes of media received since the source was opened. */
  readonly bytes?: number
  /** Pictures decoded since the source was opened. */
  readonly pictures?: number
  readonly delay: readonly DelayPart[]
  /** How WebRTC travels. */
  readonly transport?: 'udp' | 'tcp'
  readonly packetsLost?: number
}

/** A running attempt to play one stream by one protocol. */
export interface Source {
  sample(): Promise<Sample>
  /** Lets go of the connection and of the video element. Idempotent. */
  close(): void
}

/** Begins an attempt. Rejects only when the code that plays cannot be loaded. */
export type OpenSource = (video: HTMLVideoElement, address: StreamAddress, events: SourceEvents) => Promise<Source>

/** Starts playback, silently if need be, and says when the browser refuses even that. */
export function startPlayback(video: HTMLVideoElement, blocked: () => void): void {
  video.play().catch((error: unknown) => {
    if (!isNamed(error, 'NotAllowedError')) return
    if (video.muted) return blocked()
    video.muted = true
    startPlayback(video, blocked)
  })
}

/** True for a DOMException of this name. */
export function isNamed(error: unknown, name: string): boolean {
  return error instanceof DOMException && error.name === name
}
