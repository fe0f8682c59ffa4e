import { failureOfCapture, type CaptureReason, type PublishFailure } from './failure.js'
import type { Tracks } from './whip.js'

export type CaptureSource = 'camera' | 'screen'

/** What a capture tells: that its tracks are others now, or that one ended by itself. */
export interface CaptureEvents {
  changed(kind: 'video' | 'audio', track: MediaStreamTrack | undefined): void
  /** The screen is shared no more, or the last device of a kind was unplugged. */
  ended(failure: PublishFailure): void
}

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
}
const SCREEN: MediaTrackConstraints = { width: { max: 1920 }, height: { max: 1080 }, frameRate: { max: 30 } }

/** A refusal that has words of its own, thrown by {@link Capture.open} and {@link Capture.choose}. */
export class CaptureError extends Error {
  readonly failure: PublishFailure

  constructor(failure: PublishFailure) {
    super(failure.detail ?? failure.reason)
    this.name = 'CaptureError'
    this.failure = failure
  }
}

/** Why this page can capture nothing from this source at all; undefined when it can. */
export function captureMissing(source: CaptureSource): CaptureReason | undefined {
  if (!window.isSecureContext) return 'insecure'
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (devices === undefined) return 'no-device'
  return source === 'screen' && !('getDisplayMedia' in devices) ? 'no-screen' : undefined
}

/** Camera or screen, and a microphone: one track of video and one of audio that change under way. */
export class Capture {
  readonly #events: CaptureEvents
  readonly #enabled = { video: true, audio: true }
  readonly #tracks: { video: MediaStreamTrack | undefined; audio: MediaStreamTrack | undefined } = {
    video: undefined,
    audio: undefined,
  }
  #source: CaptureSource | undefined
  /** Counts closes, for a person may answer a question that is not asked any more. */
  #closes = 0

  constructor(events: CaptureEvents) {
    this.#events = events
  }

  get tracks(): Tracks {
    return this.#tracks
  }

  /** Undefined while nothing is captured. */
  get source(): CaptureSource | undefined {
    return this.#source
  }

  /** Only cameras that look away from the person are not like a mirror; webcams do not say where they look. */
  get isMirrored(): boolean {
    return this.#source === 'camera' && this.#tracks.video?.getSettings().facingMode !== 'environment'
  }

  isEnabled(kind: 'video' | 'audio'): boolean {
    return this.#enabled[kind]
  }

  /** What is switched off goes on as black or silence, so that players do not stop. */
  setEnabled(kind: 'video' | 'audio', on: boolean): void {
    this.#enabled[kind] = on
    const track = this.#tracks[kind]
    if (track !== undefined) track.enabled = on
  }

  /** Captures from `source`, and from a microphone if there is one. Rejects with {@link CaptureError}. */
  async open(source: CaptureSource): Promise<void> {
    const missing = captureMissing(source)
    if (missing !== undefined) throw new CaptureError({ reason: missing })
    await (source === 'screen' ? this.#openScreen() : this.#openCamera())
  }

  /** Changes the camera or the microphone. Rejects with {@link CaptureError}. */
  async choose(kind: 'video' | 'audio', deviceId: string): Promise<void> {
    // Phones open one camera at a time.
    if (kind === 'video') this.#tracks.video?.stop()
    const constraints = { ...(kind === 'video' ? CAMERA : {}), deviceId: { exact: deviceId } }
    this.#take(await this.#askedDevices({ [kind]: constraints }))
  }

  /** Lets go of every device. Idempotent. */
  close(): void {
    this.#closes++
    this.#source = undefined
    for (const kind of ['video', 'audio'] as const) this.#put(kind, undefined)
  }

  async #openCamera(): Promise<void> {
    const devices = await navigator.mediaDevices.enumerateDevices()
    const video = devices.some(({ kind }) => kind === 'videoinput')
    const audio = this.#tracks.audio === undefined && devices.some(({ kind }) => kind === 'audioinput')
    if (!video && !audio && this.#tracks.audio === undefined) throw new CaptureError({ reason: 'no-device' })
    const stream = video || audio ? await this.#askedDevices({ video: video && CAMERA, audio }) : new MediaStream()
    this.#source = 'camera'
    if (!video) this.#put('video', undefined)
    this.#take(stream)
  }

  #askedDevices(constraints: MediaStreamConstraints): Promise<MediaStream> {
    return this.#asked(() => navigator.mediaDevices.getUserMedia(constraints), 'device')
  }

  async #asked(ask: () => Promise<MediaStream>, of: 'device' | 'screen'): Promise<MediaStream> {
    const closes = this.#closes
    const stream = await ask().catch((error: unknown) => {
      throw new CaptureError(failureOfCapture(error, of))
    })
    if (closes === this.#closes) return stream
    for (const track of stream.getTracks()) track.stop()
    throw new CaptureError({ reason: 'left' })
  }

  async #openScreen(): Promise<void> {
    const ask = () => navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: false })
    const stream = await this.#asked(ask, 'screen')
    this.#source = 'screen'
    this.#take(stream)
    if (this.#tracks.audio !== undefined) return
    // A screen without a microphone is a screen too.
    await this.#askedDevices({ audio: true }).then(
      (sound) => this.#take(sound),
      () => undefined,
    )
  }

  #take(stream: MediaStream): void {
    for (const track of stream.getTracks()) this.#put(track.kind as 'video' | 'audio', track)
  }

  #put(kind: 'video' | 'audio', track: MediaStreamTrack | undefined): void {
    const before = this.#tracks[kind]
    if (before === track) return
    before?.stop()
    this.#tracks[kind] = track
    if (track !== undefined) {
      track.enabled = this.#enabled[kind]
      if (kind === 'video') track.contentHint = this.#source === 'screen' ? 'detail' : 'motion'
      track.addEventListener('ended', () => void this.#handleEnded(kind, track))
    }
    this.#events.changed(kind, track)
  }

  /** Not called for what this page stops itself. A device that was unplugged gives way to another one. */
  async #handleEnded(kind: 'video' | 'audio', track: MediaStreamTrack): Promise<void> {
    if (this.#tracks[kind] !== track) return
    this.#put(kind, undefined)
    if (kind === 'video' && this.#source === 'screen') return this.#events.ended({ reason: 'sharing-ended' })
    try {
      this.#take(await this.#askedDevices({ [kind]: kind === 'video' ? CAMERA : true }))
    } catch (error) {
      if (error instanceof CaptureError) this.#events.ended(error.failure)
    }
  }
}
