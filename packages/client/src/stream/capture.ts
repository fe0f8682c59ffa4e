import { CrossroomError } from '../errors.js'
import { cameraConstraints, openDevices, openScreen } from '../media/capture.js'
import { listDevices } from '../media/devices.js'
import { screenProfile, videoProfiles } from '../profiles.js'
import { failureOfCapture, type CaptureReason, type PublishFailure } from './publish-failure.js'
import type { Tracks } from './whip-session.js'

export type CaptureSource = 'camera' | 'screen'

/** What a capture tells: that its tracks are others now, or that one ended by itself. */
export interface CaptureEvents {
  changed(kind: 'video' | 'audio', track: MediaStreamTrack | undefined): void
  /** The screen is shared no more, or the last device of a kind was unplugged. */
  ended(failure: PublishFailure): void
}

const CAMERA = cameraConstraints({ profile: videoProfiles['720p'] })
const SCREEN = { ...screenProfile, frameRate: 30 }

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
  #source: CaptureSource | 'own' | undefined
  /** The page's own: not stopped here. */
  readonly #lent = new WeakSet<MediaStreamTrack>()
  /** Counts closes, for a person may answer a question that is not asked any more. */
  #closes = 0

  constructor(events: CaptureEvents) {
    this.#events = events
  }

  get tracks(): Tracks {
    return this.#tracks
  }

  /** Undefined while nothing is captured. */
  get source(): CaptureSource | 'own' | undefined {
    return this.#source
  }

  /** Only cameras that look away from the person are not like a mirror; webcams do not say where they look. */
  get isMirrored(): boolean {
    return this.#source === 'camera' && this.#tracks.video?.getSettings().facingMode !== 'environment'
  }

  isEnabled(kind: 'video' | 'audio'): boolean {
    return this.#enabled[kind]
  }

  /** Disabled media is sent as black or silence, so that players do not stop. */
  setEnabled(kind: 'video' | 'audio', on: boolean): void {
    this.#enabled[kind] = on
    const track = this.#tracks[kind]
    if (track !== undefined) track.enabled = on
  }

  /** Captures from `source`, and from a microphone if there is one. Rejects with CrossroomError. */
  async open(source: CaptureSource | MediaStream): Promise<void> {
    if (source === 'screen') return this.#openScreen()
    if (source === 'camera') return this.#openCamera()
    this.#source = 'own'
    for (const track of source.getTracks()) this.#lent.add(track)
    this.#put('video', source.getVideoTracks()[0])
    this.#put('audio', source.getAudioTracks()[0])
  }

  /** Changes the camera or the microphone. Rejects with CrossroomError. */
  async choose(kind: 'video' | 'audio', deviceId: string): Promise<void> {
    // Phones open one camera at a time.
    if (kind === 'video') this.#tracks.video?.stop()
    const constraints = { ...(kind === 'video' ? CAMERA : {}), deviceId: { exact: deviceId } }
    this.#take(await this.#asked(() => openDevices({ [kind]: constraints })))
  }

  /** Lets go of every device. Idempotent. */
  close(): void {
    this.#closes++
    this.#source = undefined
    for (const kind of ['video', 'audio'] as const) this.#put(kind, undefined)
  }

  async #openCamera(): Promise<void> {
    const devices = await listDevices()
    const video = devices.some(({ kind }) => kind === 'videoinput')
    const audio = this.#tracks.audio === undefined && devices.some(({ kind }) => kind === 'audioinput')
    // Browsers hide the devices from pages that came by plain HTTP.
    if (!video && !audio && this.#tracks.audio === undefined)
      throw new CrossroomError(globalThis.isSecureContext ? 'DEVICE_NOT_FOUND' : 'INSECURE_CONTEXT')
    const tracks = video || audio ? await this.#asked(() => openDevices({ video: video && CAMERA, audio })) : []
    this.#source = 'camera'
    if (!video) this.#put('video', undefined)
    this.#take(tracks)
  }

  async #asked(ask: () => Promise<readonly MediaStreamTrack[]>): Promise<readonly MediaStreamTrack[]> {
    const closes = this.#closes
    const tracks = await ask()
    if (closes === this.#closes) return tracks
    for (const track of tracks) track.stop()
    throw new CrossroomError('STOPPED')
  }

  async #openScreen(): Promise<void> {
    const tracks = await this.#asked(async () => [(await openScreen(SCREEN, false)).video])
    this.#source = 'screen'
    this.#take(tracks)
    if (this.#tracks.audio !== undefined) return
    // A screen without a microphone is a screen too.
    await this.#asked(() => openDevices({ audio: true })).then(
      (sound) => this.#take(sound),
      () => undefined,
    )
  }

  #take(tracks: readonly MediaStreamTrack[]): void {
    for (const track of tracks) this.#put(track.kind as 'video' | 'audio', track)
  }

  #put(kind: 'video' | 'audio', track: MediaStreamTrack | undefined): void {
    const before = this.#tracks[kind]
    if (before === track) return
    if (before !== undefined && !this.#lent.has(before)) before.stop()
    this.#tracks[kind] = track
    if (track !== undefined) {
      track.enabled = this.#enabled[kind]
      if (kind === 'video' && this.#source === 'camera') track.contentHint = 'motion'
      track.addEventListener('ended', () => void this.#handleEnded(kind, track))
    }
    this.#events.changed(kind, track)
  }

  /** Not called for what this page stops itself. A device that was unplugged gives way to another one. */
  async #handleEnded(kind: 'video' | 'audio', track: MediaStreamTrack): Promise<void> {
    if (this.#tracks[kind] !== track) return
    this.#put(kind, undefined)
    if (this.#source === 'own' || (kind === 'video' && this.#source === 'screen'))
      return this.#events.ended({ reason: 'sharing-ended' })
    try {
      this.#take(await this.#asked(() => openDevices({ [kind]: kind === 'video' ? CAMERA : true })))
    } catch (error) {
      this.#events.ended(failureOfCapture(error))
    }
  }
}
