import { Crossroom } from '../crossroom.js'
import { Emitter } from '../emitter.js'
import { toCrossroomError, type CrossroomError } from '../errors.js'
import { openCamera, openMicrophone, openScreen } from '../media/capture.js'
import { screenProfile, videoProfiles } from '../profiles.js'
import { RemoteStreams } from './remote-streams.js'
import type {
  Failed,
  LocalStreamOptions,
  RtcDetection,
  Succeeded,
  WebRTCAPIError,
  WebRTCAPIEvents,
  WebRTCAPIOptions,
  WebRTCAPIRoom,
} from './webrtc-types.js'

/**
 * The calls and events of Tencent's WebRTCAPI (Web SDK 3.x) over {@link Crossroom}, for pages that were written for it: they
 * move by changing one script tag.
 */
export class WebRTCAPI {
  static readonly fn = { detectRTC }
  readonly #options: WebRTCAPIOptions
  readonly #crossroom: Crossroom
  readonly #events = new Emitter<WebRTCAPIEvents>()
  readonly #remote: RemoteStreams
  #stream: MediaStream | undefined
  /** Chosen before a camera or a microphone is opened. */
  readonly #chosen: { video?: string; audio?: string } = {}

  constructor(options: WebRTCAPIOptions, succeeded?: Succeeded, failed?: Failed) {
    this.#options = options
    this.#crossroom = Crossroom.create(options.server === undefined ? {} : { server: options.server })
    this.#remote = new RemoteStreams(this.#crossroom, {
      updated: (info) => this.#events.emit('onRemoteStreamUpdate', info),
      removed: (userId, videoId) => this.#events.emit('onRemoteStreamRemove', { userId, openId: userId, videoId }),
      muted: (kind, userId, isMuted) => {
        const name = `on${isMuted ? 'Mute' : 'Unmute'}${kind === 'audio' ? 'Audio' : 'Video'}` as const
        this.#events.emit(name, { userId })
      },
    })
    this.#watch()
    const { webrtc, reasons } = Crossroom.isSupported()
    // The page has no handlers of events before the constructor is done.
    queueMicrotask(() => {
      if (webrtc) succeeded?.()
      else failed?.({ errorCode: 'NOT_SUPPORTED', errorMsg: reasons.join(' ') })
    })
  }

  /** Old pages give an error handler as well; what fails is told by `onErrorNotify`. */
  on<Name extends keyof WebRTCAPIEvents>(
    name: Name,
    handler: (event: WebRTCAPIEvents[Name]) => void,
    _failed?: Failed,
  ): void {
    this.#events.on(name, handler)
  }

  off<Name extends keyof WebRTCAPIEvents>(name: Name, handler?: (event: WebRTCAPIEvents[Name]) => void): void {
    this.#events.off(name, handler)
  }

  /** The first user to enter creates the room. */
  createRoom(room: WebRTCAPIRoom, succeeded?: Succeeded, failed?: Failed): void {
    this.enterRoom(room, succeeded, failed)
  }

  /** Enters; unless `closeLocalMedia` was given, camera and microphone are opened and sent. */
  enterRoom(room: WebRTCAPIRoom, succeeded?: Succeeded, failed?: Failed): void {
    report(this.#enter(room), succeeded, failed)
  }

  /** Opens devices, or asks for a screen, without sending anything. `succeeded` gets `{stream}`. */
  getLocalStream(
    options: LocalStreamOptions,
    succeeded: (result: { stream: MediaStream }) => void,
    failed?: Failed,
  ): void {
    report(this.#capture(options), (result) => succeeded(result as { stream: MediaStream }), failed)
  }

  /** Sends a stream: of `getLocalStream`, a canvas, anything. Without one, camera and microphone. */
  startRTC(options: { stream?: MediaStream; role?: string }, succeeded?: Succeeded, failed?: Failed): void {
    report(this.#send(options.stream), succeeded, failed)
  }

  /** Sends another stream from now on. */
  updateStream(options: { stream: MediaStream }, succeeded?: Succeeded, failed?: Failed): void {
    this.startRTC(options, succeeded, failed)
  }

  /** Stops sending and stays in the room. */
  stopRTC(_options?: unknown, succeeded?: Succeeded, failed?: Failed): void {
    report(this.#stopSending(), succeeded, failed)
  }

  /** Stops sending and leaves. */
  quit(succeeded?: Succeeded, failed?: Failed): void {
    report(this.#quit(), succeeded, failed)
  }

  getVideoDevices(succeeded: (devices: MediaDeviceInfo[]) => void, failed?: Failed): void {
    report(Crossroom.getCameraList(), (devices) => succeeded(devices as MediaDeviceInfo[]), failed)
  }

  getAudioDevices(succeeded: (devices: MediaDeviceInfo[]) => void, failed?: Failed): void {
    report(Crossroom.getMicrophoneList(), (devices) => succeeded(devices as MediaDeviceInfo[]), failed)
  }

  /** Takes effect at once when a camera is sent. */
  chooseVideoDevice(device: { readonly deviceId: string }, succeeded?: Succeeded, failed?: Failed): void {
    this.#chosen.video = device.deviceId
    const isOpen = this.#crossroom.getLocalTrack('video') !== undefined
    report(isOpen ? this.#changeCamera(device.deviceId) : Promise.resolve(), succeeded, failed)
  }

  /** Takes effect at once when a microphone is sent. */
  chooseAudioDevice(device: { readonly deviceId: string }, succeeded?: Succeeded, failed?: Failed): void {
    this.#chosen.audio = device.deviceId
    const isOpen = this.#crossroom.getLocalTrack('audio') !== undefined
    report(isOpen ? this.#changeMicrophone(device.deviceId) : Promise.resolve(), succeeded, failed)
  }

  openAudio(succeeded?: Succeeded, failed?: Failed): boolean {
    return this.#mute('audio', false, succeeded, failed)
  }

  closeAudio(succeeded?: Succeeded, failed?: Failed): boolean {
    return this.#mute('audio', true, succeeded, failed)
  }

  openVideo(succeeded?: Succeeded, failed?: Failed): boolean {
    return this.#mute('video', false, succeeded, failed)
  }

  closeVideo(succeeded?: Succeeded, failed?: Failed): boolean {
    return this.#mute('video', true, succeeded, failed)
  }

  getStats(succeeded: Succeeded, failed?: Failed): void {
    report(this.#crossroom.getStatistics(), succeeded, failed)
  }

  async #enter({ roomid, privateMapKey, role }: WebRTCAPIRoom): Promise<void> {
    const { sdkAppId, userId, openid, userSig, closeLocalMedia = false } = this.#options
    const isAudience = role === 'audience' || Number(role) === 21
    await this.#crossroom.enterRoom({
      roomId: roomid,
      userId: userId ?? openid ?? '',
      ...(sdkAppId === undefined ? {} : { sdkAppId: Number(sdkAppId) }),
      ...(userSig === undefined ? {} : { userSig }),
      ...(privateMapKey === undefined ? {} : { privateMapKey }),
      role: isAudience ? 'audience' : 'anchor',
      // The page shows the streams itself, at a size that is not known here.
      unseenVideoWidth: 1920,
    })
    // The page plays the sound with its own elements.
    this.#crossroom.setRemoteAudioVolume('*', 0)
    if (!closeLocalMedia && !isAudience) await this.#send(undefined)
  }

  async #capture(options: LocalStreamOptions): Promise<{ stream: MediaStream }> {
    const { audio = true, video = true, screen = false, attributes, videoDevice, audioDevice } = options
    const tracks: MediaStreamTrack[] = []
    if (screen) {
      const shared = await openScreen(screenProfile, false)
      tracks.push(shared.video)
    } else if (video) {
      const profile = { ...videoProfiles['480p'], ...attributes }
      tracks.push(await openCamera({ deviceId: videoDevice?.deviceId ?? this.#chosen.video, profile }))
    }
    if (audio) {
      const deviceId = audioDevice?.deviceId ?? this.#chosen.audio
      tracks.push(
        await openMicrophone({ deviceId, echoCancellation: true, noiseSuppression: true, autoGainControl: true }),
      )
    }
    return { stream: new MediaStream(tracks) }
  }

  async #send(stream: MediaStream | undefined): Promise<void> {
    this.#stream = stream ?? (await this.#capture({})).stream
    const [video] = this.#stream.getVideoTracks()
    const [audio] = this.#stream.getAudioTracks()
    this.#events.emit('onLocalStreamAdd', { stream: this.#stream })
    await Promise.all([
      video === undefined ? this.#crossroom.stopLocalVideo() : this.#crossroom.startLocalVideo({ track: video }),
      audio === undefined ? this.#crossroom.stopLocalAudio() : this.#crossroom.startLocalAudio({ track: audio }),
    ])
  }

  async #stopSending(): Promise<void> {
    for (const track of this.#stream?.getTracks() ?? []) track.stop()
    this.#stream = undefined
    await Promise.all([this.#crossroom.stopLocalVideo(), this.#crossroom.stopLocalAudio()])
  }

  async #quit(): Promise<void> {
    await this.#crossroom.exitRoom()
    this.#remote.clear()
    await this.#stopSending()
  }

  async #changeCamera(deviceId: string): Promise<void> {
    this.#replace('video', await openCamera({ deviceId, profile: videoProfiles['480p'] }))
    await this.#send(this.#stream)
  }

  async #changeMicrophone(deviceId: string): Promise<void> {
    const processing = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
    this.#replace('audio', await openMicrophone({ deviceId, ...processing }))
    await this.#send(this.#stream)
  }

  #replace(kind: 'audio' | 'video', track: MediaStreamTrack): void {
    const others = this.#stream?.getTracks().filter((old) => old.kind !== kind) ?? []
    for (const old of this.#stream?.getTracks() ?? []) if (old.kind === kind) old.stop()
    this.#stream = new MediaStream([...others, track])
  }

  /** False when there is nothing to mute. */
  #mute(kind: 'audio' | 'video', mute: boolean, succeeded?: Succeeded, failed?: Failed): boolean {
    if (this.#crossroom.getLocalTrack(kind) === undefined) return false
    const muting = kind === 'audio' ? this.#crossroom.muteLocalAudio(mute) : this.#crossroom.muteLocalVideo(mute)
    report(muting, succeeded, failed)
    return true
  }

  #watch(): void {
    this.#crossroom.on('kicked-out', ({ reason, message }) => {
      const error = { errorCode: reason.toUpperCase(), errorMsg: message }
      this.#remote.clear()
      this.#events.emit('onKickout', error)
      this.#events.emit('onKickOut', error)
    })
    this.#crossroom.on('connection-state-changed', ({ state, previous }) => {
      const notice = { errorCode: state.toUpperCase(), errorMsg: `The connection is ${state}.` }
      this.#events.emit('onWebSocketNotify', notice)
      if (previous === 'connected' && state === 'reconnecting') this.#events.emit('onWebSocketClose', notice)
    })
    this.#crossroom.on('error', (error) => {
      this.#events.emit(error.code === 'MEDIA_NO_PATH' ? 'onRelayTimeout' : 'onErrorNotify', errorOf(error))
    })
    this.#crossroom.on('publish-state-changed', ({ state, streamType }) => {
      this.#events.emit('onStreamNotify', {
        errorCode: state.toUpperCase(),
        errorMsg: `The ${streamType} is ${state}.`,
      })
    })
    this.#crossroom.on('message', ({ from, kind, data }) => {
      if (kind === 'custom') this.#events.emit('onUserDefinedWebRTCEventNotify', { userId: from, data })
    })
  }
}

function detectRTC(_options: { screenshare?: boolean }, told: (detection: RtcDetection) => void): void {
  const support = Crossroom.isSupported()
  const h264Support = support.h264Encode && support.h264Decode
  // Asynchronous, as pages expect: they use what they declare after the call.
  queueMicrotask(() =>
    told({
      isTBS: /\bTBS\//.test(navigator.userAgent),
      support: support.canPublish,
      h264Support,
      screenshare: support.screenShare,
    }),
  )
}

function report(promise: Promise<unknown>, succeeded?: Succeeded, failed?: Failed): void {
  promise.then(
    (result) => succeeded?.(result),
    (error: unknown) => failed?.(errorOf(toCrossroomError(error, 'NOT_SUPPORTED'))),
  )
}

function errorOf({ code, message }: CrossroomError): WebRTCAPIError {
  return { errorCode: code, errorMsg: message }
}
