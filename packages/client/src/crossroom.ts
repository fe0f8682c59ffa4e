import type { PublishedStreamType, RequestedRole, Role, TrackKind, User } from '@crossroom/protocol'
import { Emitter, type Listener } from './emitter.js'
import { CrossroomError } from './errors.js'
import type { ConnectionState, CrossroomEvents } from './events.js'
import type {
  BeautyOptions,
  CreateOptions,
  EnteredRoom,
  EnterRoomOptions,
  LocalAudioOptions,
  LocalVideoOptions,
  MessageContent,
  RemoteVideoOptions,
  RemoteVideoTarget,
  ScreenShareOptions,
  VideoProcessor,
} from './options.js'
import type { Statistics } from './statistics.js'
import { browserFacts, judge, type Support } from './support.js'

const notYet = (): Promise<never> => Promise.reject(new CrossroomError('NOT_SUPPORTED'))

/** A beauty filter whose strengths can be changed while it runs. */
export interface BeautyFilter extends VideoProcessor {
  readonly strengths: Required<BeautyOptions>
  /** What is absent stays. */
  update(options: BeautyOptions): void
}

/**
 * One person in one room at a time. Every method that talks to the browser or the server returns a promise and rejects with
 * {@link CrossroomError}.
 *
 * ```ts
 * const crossroom = Crossroom.create()
 * crossroom.on('remote-video-available', ({ userId, streamType }) => {
 *   crossroom.startRemoteVideo({ userId, streamType, view: 'others' })
 * })
 * await crossroom.enterRoom({ roomId: 'lobby', userId: 'anna' })
 * await crossroom.startLocalVideo({ view: 'me' })
 * await crossroom.startLocalAudio()
 * ```
 */
export class Crossroom {
  readonly #emitter = new Emitter<CrossroomEvents>()

  static create(_options: CreateOptions = {}): Crossroom {
    return new Crossroom()
  }

  /** What this browser can do here, and in words why not. */
  static isSupported(): Support {
    return judge(browserFacts())
  }

  /** Every camera, microphone and speaker. Names are empty until the person has allowed one of them. */
  static listDevices(): Promise<MediaDeviceInfo[]> {
    return navigator.mediaDevices.enumerateDevices()
  }

  static getCameraList(): Promise<MediaDeviceInfo[]> {
    return notYet()
  }

  static getMicrophoneList(): Promise<MediaDeviceInfo[]> {
    return notYet()
  }

  /** Empty where the browser does not let pages choose. */
  static getSpeakerList(): Promise<MediaDeviceInfo[]> {
    return notYet()
  }

  /** The others in the room who may send. */
  get users(): readonly User[] {
    return []
  }

  /** Undefined outside a room. */
  get role(): Role | undefined {
    return undefined
  }

  get connectionState(): ConnectionState {
    return 'disconnected'
  }

  on<Name extends keyof CrossroomEvents>(name: Name, listener: Listener<CrossroomEvents[Name]>): this {
    this.#emitter.on(name, listener)
    return this
  }

  once<Name extends keyof CrossroomEvents>(name: Name, listener: Listener<CrossroomEvents[Name]>): this {
    this.#emitter.once(name, listener)
    return this
  }

  /** Without a listener: every listener of that event. */
  off<Name extends keyof CrossroomEvents>(name: Name, listener?: Listener<CrossroomEvents[Name]>): this {
    this.#emitter.off(name, listener)
    return this
  }

  enterRoom(_options: EnterRoomOptions): Promise<EnteredRoom> {
    return notYet()
  }

  /** Leaves; local preview goes on. Does nothing outside a room. */
  exitRoom(): Promise<void> {
    return notYet()
  }

  switchRole(_role: RequestedRole): Promise<void> {
    return notYet()
  }

  /** After `signature-expiring`. */
  renewSignature(_options: { userSig: string; privateMapKey?: string }): Promise<void> {
    return notYet()
  }

  /** Opens a camera; sends it as soon as this is in a room where it may. */
  startLocalVideo(_options: LocalVideoOptions = {}): Promise<void> {
    return notYet()
  }

  /** Changes what is given and leaves the rest. */
  updateLocalVideo(_options: LocalVideoOptions): Promise<void> {
    return notYet()
  }

  stopLocalVideo(): Promise<void> {
    return notYet()
  }

  startLocalAudio(_options: LocalAudioOptions = {}): Promise<void> {
    return notYet()
  }

  updateLocalAudio(_options: LocalAudioOptions): Promise<void> {
    return notYet()
  }

  stopLocalAudio(): Promise<void> {
    return notYet()
  }

  muteLocalVideo(mute: boolean): Promise<void> {
    return this.updateLocalVideo({ mute })
  }

  muteLocalAudio(mute: boolean): Promise<void> {
    return this.updateLocalAudio({ mute })
  }

  /** Asks which screen, window or tab, and sends it as `aux`. Must be called in a click or a key. */
  startScreenShare(_options: ScreenShareOptions = {}): Promise<void> {
    return notYet()
  }

  stopScreenShare(): Promise<void> {
    return notYet()
  }

  /** Shows a picture, now or as soon as it comes, until `stopRemoteVideo`. Again with another view: moves it there. */
  startRemoteVideo(_options: RemoteVideoOptions): Promise<void> {
    return notYet()
  }

  stopRemoteVideo(_target: RemoteVideoTarget): Promise<void> {
    return notYet()
  }

  /** `*` is everybody, those who come later too. */
  muteRemoteAudio(_userId: string, _mute: boolean): Promise<void> {
    return notYet()
  }

  /** 0 … 100; `*` is everybody. iOS leaves the volume to the person. */
  setRemoteAudioVolume(_userId: string, _volume: number): void {
    return
  }

  /** `default` or a deviceId of {@link Crossroom.getSpeakerList}. */
  setSpeaker(_deviceId: string): Promise<void> {
    return notYet()
  }

  /** Without `to`: to everybody in the room. */
  sendMessage(_content: MessageContent, _to?: string): Promise<{ readonly messageId: string }> {
    return notYet()
  }

  /** Changes the picture of the camera from now on; null ends that. */
  setVideoProcessor(_processor: VideoProcessor | null): Promise<void> {
    return notYet()
  }

  /** A beauty filter for {@link Crossroom.setVideoProcessor}. Throws `NOT_SUPPORTED` where there is no WebGL 2. */
  createBeautyFilter(_options: BeautyOptions = {}): BeautyFilter {
    throw new CrossroomError('NOT_SUPPORTED')
  }

  getStatistics(): Promise<Statistics> {
    return notYet()
  }

  /** The own tracks as they are sent, for recorders and meters. */
  getLocalTrack(_kind: TrackKind, _streamType: PublishedStreamType = 'main'): MediaStreamTrack | undefined {
    return undefined
  }

  /** Owner only. Out for `banMs`, a minute by default. */
  kick(_userId: string, _banMs?: number): Promise<void> {
    return notYet()
  }

  /** Owner only: the server withholds their sound or picture. */
  mute(_userId: string, _kind: TrackKind, _muted: boolean): Promise<void> {
    return notYet()
  }

  /** Owner only: ends the room for everybody. */
  disband(): Promise<void> {
    return notYet()
  }

  /** As audience: asks the owner to become an anchor; the answer is the event `mic-answered`. */
  requestMic(): Promise<void> {
    return notYet()
  }

  /** Owner only. */
  answerMic(_userId: string, _accept: boolean): Promise<void> {
    return notYet()
  }

  /** Owner: an anchor becomes audience again. */
  removeMic(_userId: string): Promise<void> {
    return notYet()
  }

  /** Leaves, lets go of every device, removes every listener. */
  async destroy(): Promise<void> {
    await Promise.resolve()
    this.#emitter.clear()
  }
}
