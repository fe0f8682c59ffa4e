import type { PublishedStreamType, RequestedRole, Role, TrackKind, User } from '@crossroom/protocol'
import * as take from './arguments.js'
import { checkArgument, checkOptions } from './arguments.js'
import { Calls } from './calls/calls.js'
import { BeautyFilter } from './media/beauty-filter.js'
import { RoomCall } from './room/room-call.js'
import { Emitter, type Listener } from './emitter.js'
import { CrossroomError, toCrossroomError } from './errors.js'
import type { ConnectionState, CrossroomEvents } from './events.js'
import { listDevices, watchDevices } from './media/devices.js'
import { LocalMedia } from './media/local-media.js'
import { LocalSending } from './media/local-sending.js'
import type {
  BeautyOptions,
  CreateOptions,
  EnteredRoom,
  EnterRoomOptions,
  Invitation,
  InviteOptions,
  LocalAudioOptions,
  LocalVideoOptions,
  MessageContent,
  RemoteVideoOptions,
  RemoteVideoTarget,
  ScreenShareOptions,
  VideoProcessor,
} from './options.js'
import type { PlayPath } from './room/remote-media.js'
import { signalUrls } from './server-address.js'
import { StatisticsReader, type Statistics } from './room/statistics.js'
import {
  play,
  publish,
  type PlayOptions,
  type PublishOptions,
  type StreamPlayer,
  type StreamPublisher,
} from './stream/index.js'
import { browserFacts, judge, type Support } from './support.js'

/** Milliseconds between two `statistics` events. */
const STATISTICS_MS = 2_000

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
  /** Calls that ring, over rooms. */
  readonly calls: Calls
  readonly #signalUrls: readonly string[]
  readonly #emitter = new Emitter<CrossroomEvents>()
  readonly #local: LocalMedia
  readonly #sending: LocalSending
  readonly #unwatchDevices: () => void
  #call: RoomCall | undefined
  #statistics: StatisticsReader | undefined
  #statisticsTimer: ReturnType<typeof setInterval> | undefined
  #speaker: string | undefined
  #isDestroyed = false

  private constructor(options: CreateOptions) {
    this.#signalUrls = signalUrls(options.server)
    const emit = this.#emit
    this.#sending = new LocalSending(
      () => this.#call?.localChanged() ?? Promise.resolve(),
      (error) => emit('error', error),
    )
    this.#local = new LocalMedia({
      changed: () => this.#sending.start(),
      screenStopped: () => emit('screen-share-stopped', {}),
      firstFrame: (streamType, width, height) =>
        emit('first-video-frame', { userId: this.#ownId, streamType, width, height }),
      sizeChanged: (streamType, width, height) =>
        emit('video-size-changed', { userId: this.#ownId, streamType, width, height }),
      failed: (error) => emit('error', error),
    })
    this.#unwatchDevices = watchDevices((devices) => emit('device-changed', { devices }))
    this.calls = new Calls(this.#signalUrls, this)
  }

  /** Throws `INVALID_ARGUMENT` for an invalid address. */
  static create(options: CreateOptions = {}): Crossroom {
    checkOptions('create', options, { server: take.servers })
    return new Crossroom(options)
  }

  /**
   * Plays a plain stream, without a room: by WebRTC, else by FLV, and by WebRTC again as soon as it works. Throws
   * `INVALID_ARGUMENT` or `VIEW_NOT_FOUND`.
   */
  static play(options: PlayOptions): StreamPlayer {
    return play(options)
  }

  /** Captures and publishes a plain stream, without a room. Rejects when nothing could be captured. */
  static publish(options: PublishOptions): Promise<StreamPublisher> {
    return publish(options)
  }

  /** What this browser can do here, and in words why not. */
  static isSupported(): Support {
    return judge(browserFacts())
  }

  /** Every camera, microphone and speaker. Names are empty until the person has allowed one of them. */
  static listDevices(): Promise<MediaDeviceInfo[]> {
    return listDevices()
  }

  static getCameraList(): Promise<MediaDeviceInfo[]> {
    return listDevices('videoinput')
  }

  static getMicrophoneList(): Promise<MediaDeviceInfo[]> {
    return listDevices('audioinput')
  }

  /** Empty where the browser does not let pages choose. */
  static getSpeakerList(): Promise<MediaDeviceInfo[]> {
    return listDevices('audiooutput')
  }

  /** The others in the room who may send. */
  get users(): readonly User[] {
    return this.#call?.users ?? []
  }

  /** How many only watch. */
  get audienceCount(): number {
    return this.#call?.audienceCount ?? 0
  }

  /** Files are made of what members send; changes are told by the event `recording-changed`. */
  get isRecorded(): boolean {
    return this.#call?.isRecorded ?? false
  }

  /** Undefined outside a room. */
  get role(): Role | undefined {
    return this.#call?.self?.role
  }

  get connectionState(): ConnectionState {
    return this.#call?.state ?? 'disconnected'
  }

  /** How remote streams come; see the event `play-path-changed`. Undefined outside a room. */
  get playPath(): PlayPath | undefined {
    return this.#call?.remote.path
  }

  on<Name extends keyof CrossroomEvents>(name: Name, listener: Listener<CrossroomEvents[Name]>): this {
    checkArgument('on', 'name', name, take.text)
    checkArgument('on', 'listener', listener, take.aFunction)
    this.#emitter.on(name, listener)
    if (name === 'statistics') this.#watchStatistics()
    return this
  }

  once<Name extends keyof CrossroomEvents>(name: Name, listener: Listener<CrossroomEvents[Name]>): this {
    checkArgument('once', 'name', name, take.text)
    checkArgument('once', 'listener', listener, take.aFunction)
    this.#emitter.once(name, listener)
    if (name === 'statistics') this.#watchStatistics()
    return this
  }

  /** Without a listener: every listener of that event. */
  off<Name extends keyof CrossroomEvents>(name: Name, listener?: Listener<CrossroomEvents[Name]>): this {
    this.#emitter.off(name, listener)
    return this
  }

  /** Enters, and publishes what is already captured. */
  async enterRoom(options: EnterRoomOptions): Promise<EnteredRoom> {
    if (this.#isDestroyed) throw new CrossroomError('DESTROYED')
    checkOptions('enterRoom', options, take.enterRoomRules, ['roomId', 'userId'])
    if (this.#call !== undefined) throw new CrossroomError('ALREADY_IN_ROOM')
    const { canReceiveByWebRtc } = Crossroom.isSupported()
    const call = new RoomCall({
      signalUrls: this.#signalUrls,
      enter: options,
      canReceiveByWebRtc,
      localTracks: () => this.#local.sent,
      emit: this.#emit,
      ended: () => (this.#call = undefined),
    })
    this.#call = call
    if (this.#speaker !== undefined) await call.remote.sound.setSpeaker(this.#speaker)
    try {
      return await call.enter()
    } catch (error) {
      if (this.#call === call) this.#call = undefined
      throw error
    }
  }

  /** Leaves; capturing continues, for the preview or the next room. Does nothing outside a room. */
  async exitRoom(): Promise<void> {
    const call = this.#call
    this.#call = undefined
    this.#statistics = undefined
    await call?.leave()
  }

  async switchRole(role: RequestedRole): Promise<void> {
    checkArgument('switchRole', 'role', role, take.role)
    await this.#inRoom().switchRole(role)
  }

  /** After `signature-expiring`. */
  async renewSignature(options: { userSig: string; privateMapKey?: string }): Promise<void> {
    checkOptions('renewSignature', options, { userSig: take.text, privateMapKey: take.text }, ['userSig'])
    await this.#inRoom().request('room.renew', options)
  }

  /** Opens a camera; sends it as soon as this is in a room where it may. */
  async startLocalVideo(options: LocalVideoOptions = {}): Promise<void> {
    checkOptions('startLocalVideo', options, take.localVideoRules)
    const { camera } = this.#local
    await this.#sent(
      () => camera.start({ publish: true, ...options }),
      () => camera.start({ publish: false }),
    )
  }

  /** Changes the given options only. */
  async updateLocalVideo(options: LocalVideoOptions): Promise<void> {
    checkOptions('updateLocalVideo', options, take.localVideoRules)
    await this.#sent(() => this.#local.camera.start(options))
  }

  stopLocalVideo(): Promise<void> {
    return this.#sent(() => this.#local.camera.stop())
  }

  /** Opens a microphone; sends it as soon as this is in a room where it may. */
  async startLocalAudio(options: LocalAudioOptions = {}): Promise<void> {
    checkOptions('startLocalAudio', options, take.localAudioRules)
    const { microphone } = this.#local
    await this.#sent(
      () => microphone.start({ publish: true, ...options }),
      () => microphone.start({ publish: false }),
    )
  }

  /** Changes the given options only. */
  async updateLocalAudio(options: LocalAudioOptions): Promise<void> {
    checkOptions('updateLocalAudio', options, take.localAudioRules)
    await this.#sent(() => this.#local.microphone.start(options))
  }

  stopLocalAudio(): Promise<void> {
    return this.#sent(() => this.#local.microphone.stop())
  }

  /** Sends black instead of the camera, and tells the others. Does nothing while there is no camera. */
  async muteLocalVideo(mute: boolean): Promise<void> {
    checkArgument('muteLocalVideo', 'mute', mute, take.yesOrNo)
    if (this.#local.camera.track !== undefined) await this.updateLocalVideo({ mute })
  }

  /** Sends silence instead of the microphone, and tells the others. Does nothing while there is no microphone. */
  async muteLocalAudio(mute: boolean): Promise<void> {
    checkArgument('muteLocalAudio', 'mute', mute, take.yesOrNo)
    if (this.#local.microphone.track !== undefined) await this.updateLocalAudio({ mute })
  }

  /** Asks which screen, window or tab, and sends it as `aux`. Must be called in a click or a key. */
  async startScreenShare(options: ScreenShareOptions = {}): Promise<void> {
    checkOptions('startScreenShare', options, take.screenShareRules)
    const { screen } = this.#local
    await this.#sent(
      () => screen.start(options),
      () => screen.stop(),
    )
  }

  stopScreenShare(): Promise<void> {
    return this.#sent(() => this.#local.screen.stop())
  }

  /** Shows a picture, now or as soon as it comes, until `stopRemoteVideo`. Again with another view: moves it there. */
  async startRemoteVideo(options: RemoteVideoOptions): Promise<void> {
    checkOptions('startRemoteVideo', options, take.remoteVideoRules, ['userId', 'view'])
    await Promise.resolve(this.#inRoom().remote.startVideo(options))
  }

  async stopRemoteVideo(target: RemoteVideoTarget): Promise<void> {
    checkOptions('stopRemoteVideo', target, take.remoteTargetRules, ['userId'])
    await Promise.resolve(this.#call?.remote.stopVideo(target))
  }

  /** `*` is everybody, those who come later too. */
  async muteRemoteAudio(userId: string, mute: boolean): Promise<void> {
    checkArgument('muteRemoteAudio', 'userId', userId, take.userIdOrAll)
    checkArgument('muteRemoteAudio', 'mute', mute, take.yesOrNo)
    await Promise.resolve(this.#inRoom().remote.muteAudio(userId, mute))
  }

  /** 0 … 100; `*` is everybody. iOS leaves the volume to the person. */
  setRemoteAudioVolume(userId: string, volume: number): void {
    checkArgument('setRemoteAudioVolume', 'userId', userId, take.userIdOrAll)
    checkArgument('setRemoteAudioVolume', 'volume', volume, take.percent)
    this.#call?.remote.sound.setVolume(userId, volume)
  }

  /** `default` or a deviceId of {@link Crossroom.getSpeakerList}. Rejects where the browser does not let pages choose. */
  async setSpeaker(deviceId: string): Promise<void> {
    checkArgument('setSpeaker', 'deviceId', deviceId, take.anyText)
    if (!('setSinkId' in HTMLMediaElement.prototype)) throw new CrossroomError('NOT_SUPPORTED')
    this.#speaker = deviceId
    await this.#call?.remote.sound.setSpeaker(deviceId).catch((error: unknown) => {
      throw toCrossroomError(error, 'DEVICE_NOT_FOUND')
    })
  }

  /** Without `to`: to everybody in the room. */
  async sendMessage(content: MessageContent, to?: string): Promise<{ readonly messageId: string }> {
    checkArgument('sendMessage', 'content', content, take.content)
    if (to !== undefined) checkArgument('sendMessage', 'to', to, take.userId)
    const isText = typeof content === 'string'
    const data = isText ? content : (JSON.stringify(content.custom) as string | undefined)
    if (data === undefined) throw new CrossroomError('INVALID_ARGUMENT', 'JSON cannot hold this message.')
    return this.#inRoom().request('message.send', { to: to ?? null, kind: isText ? 'text' : 'custom', data })
  }

  /** Changes the picture of the camera from now on; null ends that. */
  async setVideoProcessor(processor: VideoProcessor | null): Promise<void> {
    checkArgument('setVideoProcessor', 'processor', processor, take.processor)
    await this.#sent(() => this.#local.camera.setProcessor(processor ?? undefined))
  }

  /** A beauty filter for {@link Crossroom.setVideoProcessor}. Throws `NOT_SUPPORTED` where there is no WebGL 2. */
  createBeautyFilter(options: BeautyOptions = {}): BeautyFilter {
    checkOptions('createBeautyFilter', options, { smoothing: take.strength, whitening: take.strength })
    return new BeautyFilter(options)
  }

  /** Figures since the last time they were asked for. */
  getStatistics(): Promise<Statistics> {
    this.#statistics ??= new StatisticsReader()
    return this.#statistics.read(this.#ownId, this.#call)
  }

  /** The own track as it is sent, for recorders and meters. */
  getLocalTrack(kind: TrackKind, streamType: PublishedStreamType = 'main'): MediaStreamTrack | undefined {
    checkArgument('getLocalTrack', 'kind', kind, take.kind)
    checkArgument('getLocalTrack', 'streamType', streamType, take.streamType)
    return this.#local.track(kind, streamType)
  }

  /** The element that shows a user's video. */
  getRemoteVideo(target: RemoteVideoTarget): HTMLVideoElement | undefined {
    checkOptions('getRemoteVideo', target, take.remoteTargetRules, ['userId'])
    return this.#call?.remote.videoOf(target)
  }

  /** Owner only. Out for `banMs`, a minute by default. */
  async kick(userId: string, banMs?: number): Promise<void> {
    checkArgument('kick', 'userId', userId, take.userId)
    if (banMs !== undefined) checkArgument('kick', 'banMs', banMs, take.positive)
    await this.#inRoom().request('room.kick', { userId, ...(banMs === undefined ? {} : { banMs }) })
  }

  /** Owner only: the server withholds their sound or picture. */
  async mute(userId: string, kind: TrackKind, muted: boolean): Promise<void> {
    checkArgument('mute', 'userId', userId, take.userId)
    checkArgument('mute', 'kind', kind, take.kind)
    checkArgument('mute', 'muted', muted, take.yesOrNo)
    await this.#inRoom().request('room.mute', { userId, kind, muted })
  }

  /** Owner only: a link for guests who have no signature, by default one guest within an hour. */
  async createInvite(options: InviteOptions = {}): Promise<Invitation> {
    checkOptions('createInvite', options, { role: take.role, expireMs: take.positive, uses: take.positive })
    const { link, expiresAt } = await this.#inRoom().request('room.invite', options)
    return { link, expiresAt }
  }

  /** Owner only: records the room until `stopRecording` or the end of the room. All members are told. */
  async startRecording(): Promise<void> {
    await this.#inRoom().request('room.record', { recording: true })
  }

  /** Owner only; what the operator of the server records goes on, and this rejects with `RECORDED_BY_SERVER`. */
  async stopRecording(): Promise<void> {
    await this.#inRoom().request('room.record', { recording: false })
  }

  /** Owner only: ends the room for everybody. */
  async disband(): Promise<void> {
    await this.#inRoom().request('room.disband', {})
  }

  /** As audience: asks the owner to become an anchor; the answer is the event `mic-answered`. */
  async requestMic(): Promise<void> {
    await this.#inRoom().request('mic.request', {})
  }

  /** Takes the request back, so that the owner need not answer it. */
  async withdrawMic(): Promise<void> {
    await this.#inRoom().request('mic.withdraw', {})
  }

  /** Owner only. */
  async answerMic(userId: string, accept: boolean): Promise<void> {
    checkArgument('answerMic', 'userId', userId, take.userId)
    checkArgument('answerMic', 'accept', accept, take.yesOrNo)
    await this.#inRoom().request('mic.answer', { userId, accept })
  }

  /** Owner: an anchor becomes audience again. */
  async removeMic(userId: string): Promise<void> {
    checkArgument('removeMic', 'userId', userId, take.userId)
    await this.#inRoom().request('mic.remove', { userId })
  }

  /** Leaves, lets go of every device, removes every listener. Idempotent. */
  async destroy(): Promise<void> {
    this.#isDestroyed = true
    this.#unwatchDevices()
    clearInterval(this.#statisticsTimer)
    this.calls.destroy()
    this.#local.stop()
    await this.exitRoom()
    this.#emitter.clear()
  }

  readonly #emit = <Name extends keyof CrossroomEvents>(name: Name, event: CrossroomEvents[Name]): void => {
    this.#emitter.emit(name, event)
  }

  get #ownId(): string {
    return this.#call?.self?.userId ?? ''
  }

  #inRoom(): RoomCall {
    if (this.#call?.self === undefined) throw new CrossroomError('NOT_IN_ROOM')
    return this.#call
  }

  #sent(...changes: Parameters<LocalSending['after']>): Promise<void> {
    if (this.#isDestroyed) return Promise.reject(new CrossroomError('DESTROYED'))
    return this.#sending.after(...changes)
  }

  #watchStatistics(): void {
    this.#statisticsTimer ??= setInterval(() => {
      if (!this.#emitter.has('statistics')) {
        clearInterval(this.#statisticsTimer)
        this.#statisticsTimer = undefined
        return
      }
      this.getStatistics().then(
        (statistics) => this.#emit('statistics', statistics),
        () => undefined,
      )
    }, STATISTICS_MS)
  }
}
