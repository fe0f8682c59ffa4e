import { checkOptions, publishRules } from '../arguments.js'
import { Emitter, type Listener } from '../emitter.js'
import { Picture } from '../media/picture.js'
import type { View } from '../options.js'
import { serverOrigin } from '../server-address.js'
import { Capture, type CaptureSource } from './capture.js'
import type { PublishFailure } from './publish-failure.js'
import { Publisher, type PublishState } from './publisher.js'
import type { SentReading } from './sender-stats.js'
import { WhipSession } from './whip-session.js'

/** Where a stream is published to. */
export interface PublishTarget {
  /** `APP/STREAM` */
  readonly stream: string
  /** As in `Crossroom.create`. */
  readonly server?: string
  /** Needed where the server takes streams from holders of a token only. */
  readonly token?: string
}

/** Options of `Crossroom.publish`. */
export interface PublishOptions extends PublishTarget {
  /** Default `camera`, with a microphone; or tracks of the page's own, which are not stopped here. */
  readonly source?: CaptureSource | MediaStream
  /** Where the person sees the own picture. */
  readonly view?: View
}

export interface StreamPublisherEvents {
  readonly 'state-changed': PublishState
  readonly 'track-changed': { readonly kind: 'video' | 'audio'; readonly track: MediaStreamTrack | undefined }
}

/** One plain stream from here. It comes back under its name after every break, until `stop`. */
export class StreamPublisher {
  readonly #emitter = new Emitter<StreamPublisherEvents>()
  readonly #capture = new Capture({
    changed: (kind, track) => {
      this.#publisher.replace(kind, track)
      if (kind === 'video') this.#present()
      this.#emitter.emit('track-changed', { kind, track })
    },
    ended: (failure) => this.#handleEnded(failure),
  })
  readonly #publisher = new Publisher(
    (address, tracks, events) => new WhipSession(address, tracks, events),
    () => this.#capture.tracks,
    (state) => this.#emitter.emit('state-changed', state),
  )
  #preview: Picture | undefined

  get state(): PublishState {
    return this.#publisher.state
  }

  /** True from `start` until `stop` or a failure that is final. */
  get isActive(): boolean {
    return this.#publisher.isActive
  }

  /** The captured media; undefined for none. */
  get source(): CaptureSource | 'own' | undefined {
    return this.#capture.source
  }

  /** Seen as in a mirror where it is shown here. */
  get isMirrored(): boolean {
    return this.#capture.isMirrored
  }

  track(kind: 'video' | 'audio'): MediaStreamTrack | undefined {
    return this.#capture.tracks[kind]
  }

  on<Name extends keyof StreamPublisherEvents>(name: Name, listener: Listener<StreamPublisherEvents[Name]>): this {
    this.#emitter.on(name, listener)
    return this
  }

  off<Name extends keyof StreamPublisherEvents>(name: Name, listener?: Listener<StreamPublisherEvents[Name]>): this {
    this.#emitter.off(name, listener)
    return this
  }

  /** Captures, replacing the previous source, also on air. Rejects with CrossroomError. */
  async open(source: CaptureSource | MediaStream): Promise<void> {
    await this.#capture.open(source)
    this.#clearFailure()
  }

  /** Changes the camera or the microphone. Rejects with CrossroomError. */
  async useDevice(kind: 'video' | 'audio', deviceId: string): Promise<void> {
    await this.#capture.choose(kind, deviceId)
    this.#clearFailure()
  }

  /** Sends black or silence instead. */
  mute(kind: 'video' | 'audio', muted: boolean): void {
    this.#capture.setEnabled(kind, !muted)
  }

  isMuted(kind: 'video' | 'audio'): boolean {
    return !this.#capture.isEnabled(kind)
  }

  /** Shows the captured media; null hides it. Throws `VIEW_NOT_FOUND`. */
  showIn(view: View | null): void {
    this.#preview?.close()
    const events = { firstFrame: () => undefined, sizeChanged: () => undefined }
    this.#preview = view === null ? undefined : new Picture(view, {}, events)
    this.#present()
  }

  /** Publishes the captured media. Throws `INVALID_ARGUMENT`. */
  start(target: PublishTarget): void {
    checkOptions('publish', target, publishRules, ['stream'])
    if (!('RTCPeerConnection' in globalThis)) return this.#publisher.stop({ reason: 'unsupported' })
    const { stream: name, token } = target
    this.#publisher.start({ origin: serverOrigin(target.server), name, ...(token === undefined ? {} : { token }) })
  }

  /** Tries now instead of later, if it waits. */
  retry(): void {
    this.#publisher.hurry()
  }

  /** Figures since sending began; undefined while nothing is sent. */
  getStatistics(): Promise<SentReading | undefined> {
    return this.#publisher.sample()
  }

  /** Ends the stream; capturing continues, for a preview or the next stream. Idempotent. */
  stop(): void {
    this.#publisher.stop()
  }

  /** Ends the stream and lets go of every device. Idempotent. */
  close(): void {
    this.stop()
    this.#capture.close()
    this.#preview?.close()
    this.#preview = undefined
  }

  #present(): void {
    this.#preview?.arrange({ mirror: this.#capture.isMirrored })
    this.#preview?.show(this.#capture.tracks.video)
  }

  #clearFailure(): void {
    if (this.#publisher.state.kind === 'stopped') this.#publisher.stop()
  }

  #handleEnded(failure: PublishFailure): void {
    const { video, audio } = this.#capture.tracks
    // A stream continues with the remaining track, except when the user ended the screen sharing.
    if (failure.reason !== 'sharing-ended' && (video ?? audio) !== undefined) return
    this.#capture.close()
    this.#publisher.stop(failure)
  }
}
