import type {
  Notification,
  ParamsOf,
  ReceivedMessage,
  RequestedRole,
  ResultOf,
  SessionMethod,
  SessionState,
  User,
} from '@crossroom/protocol'

import { NetReports } from '../core/net-reports.js'
import { PhoneSession, type PhoneSessionHandlers } from '../core/phone-session.js'
import type { Platform } from '../core/platform.js'
import type { PlayProtocol } from '../core/pusher-codes.js'
import { RoomError, type EnterOptions, type RoomEnd } from '../core/room-client.js'
import { signalUrlOf } from '../core/room-url.js'
import { wxPlatform } from '../core/wx-platform.js'
import { Emitter } from './emitter.js'
import { RemoteStreams, type PlayableType, type RemoteStream, type StreamChange } from './remote-streams.js'

export interface ClientOptions {
  /** `https://example.com`, `ws://192.168.1.5:8080`. */
  readonly server: string
  /** Which protocol players are given first. Default rtmp. */
  readonly prefer?: PlayProtocol
  /** Default: WeChat's `wx`. */
  readonly platform?: Platform
}

export type MuteTarget = 'audio' | 'video' | 'all'

/** Attributes for the `<live-player>` of a user that the page has muted. */
export interface MutedAttributes {
  readonly muted: boolean
  readonly muteVideo: boolean
}

/** `e.detail` of `bindstatechange` and `bindnetstatus`. */
export interface StateChangeDetail {
  readonly code: number
  readonly message?: string
}

export interface NetStatusDetail {
  readonly info: object
}

/** Every event with its detail. Codes of `error` are those of the signaling (see the docs), not numbers. */
export interface ClientEvents {
  /** A stream can be played: call subscribe. */
  'stream-added': RemoteStream
  'stream-removed': RemoteStream
  /** Set this address on the player, under a new `wx:key`. */
  'update-url': { readonly uid: string; readonly streamType: PlayableType; readonly url: string }
  'video-rotation': { readonly uid: string; readonly streamType: PlayableType; readonly rotation: number }
  'mute-audio': { readonly uid: string }
  'unmute-audio': { readonly uid: string }
  'mute-video': { readonly uid: string }
  'unmute-video': { readonly uid: string }
  /** The server has frames of this phone. */
  'publish-live': { readonly hasAudio: boolean; readonly hasVideo: boolean }
  /** Stop the pusher and start it again; `url` is other than before only after a session was lost. */
  'push-again': { readonly url: string }
  /** Take the pusher away: the server does not take it any more. */
  'push-ended': { readonly reason: string }
  'user-list': { readonly users: readonly User[] }
  'connection-state-change': { readonly state: SessionState }
  message: ReceivedMessage
  /** Link-mic, roles, mute by the owner: what the server said, as it is. */
  notification: Notification
  error: { readonly code: string; readonly reason: string }
  'token-privilege-will-expire': { readonly expiresAt: number }
  'token-privilege-did-expire': { readonly reason: string }
}

const NOWHERE = { rtmp: '', flv: '', wsFlv: '', whep: '' } as const

/**
 * The room without an interface, for pages with their own `<live-pusher>` and `<live-player>`: it gives the addresses,
 * and the page hands back what the tags say. Methods reject with RoomError.
 */
export class Client extends Emitter<ClientEvents> {
  readonly #options: ClientOptions
  readonly #platform: Platform
  readonly #reports: NetReports
  readonly #muted = new Map<string, MutedAttributes>()
  #streams: RemoteStreams
  #session: PhoneSession | undefined
  #pushUrl: string | undefined
  #publishing = false
  #local = { audio: true, video: true }

  constructor(options: ClientOptions) {
    super()
    this.#options = options
    this.#platform = options.platform ?? wxPlatform
    this.#streams = this.#newStreams()
    this.#reports = new NetReports((report) => {
      this.#session?.request('media.report', report).catch(() => undefined)
    })
  }

  /** Enters the room; resolves with the user's id. */
  async join(entry: EnterOptions): Promise<string> {
    if (this.#session) throw new RoomError('ALREADY_ENTERED', 'Leave the room before you join another.')
    const session = new PhoneSession({
      platform: this.#platform,
      signalUrl: signalUrlOf(this.#options.server),
      entry,
      prefer: this.#options.prefer ?? 'rtmp',
      handlers: this.#handlers(),
    })
    session.wantPush(false)
    this.#session = session
    const { self } = await session.enter()
    return self.userId
  }

  /** Joins again after an error; `known` are the streams that the page still shows, which are not announced again. */
  async rejoin(entry: EnterOptions, known: readonly RemoteStream[] = []): Promise<string> {
    this.leave()
    this.#streams.remember(known, NOWHERE)
    return this.join(entry)
  }

  /** The address for the pusher, the same all membership long. */
  async publish(): Promise<string> {
    const session = this.#inRoom()
    this.#pushUrl ??= (await session.request('media.pushAddress', { streamType: 'main' })).rtmp
    this.#publishing = true
    session.wantPush(true)
    return this.#pushUrl
  }

  /** Call it when the pusher is stopped on purpose. */
  async unpublish(): Promise<void> {
    const session = this.#inRoom()
    this.#publishing = false
    session.wantPush(false)
    await session.request('media.unpublish', { streamType: 'main' })
  }

  /** The address for a player and how the picture must be turned, in degrees. */
  subscribe(uid: string, streamType: PlayableType = 'main'): Promise<{ url: string; rotation: number }> {
    const answer = this.#streams.subscribe(uid, streamType)
    if (answer) return Promise.resolve(answer)
    return Promise.reject(new RoomError('USER_NOT_FOUND', `${uid} has no ${streamType} stream.`))
  }

  unsubscribe(uid: string, streamType: PlayableType = 'main'): void {
    this.#streams.unsubscribe(uid, streamType)
  }

  /** Mutes a user on this phone; returns the attributes for the player. */
  mute(uid: string, target: MuteTarget = 'all'): MutedAttributes {
    return this.#setMuted(uid, target, true)
  }

  unmute(uid: string, target: MuteTarget = 'all'): MutedAttributes {
    return this.#setMuted(uid, target, false)
  }

  /** Tells everybody that this phone is silent or dark, and the server withholds it. */
  muteLocal(target: MuteTarget = 'all'): void {
    this.#setLocal(target, false)
  }

  unmuteLocal(target: MuteTarget = 'all'): void {
    this.#setLocal(target, true)
  }

  async setRole(role: RequestedRole): Promise<void> {
    await this.#inRoom().switchRole(role)
  }

  /** Resolves with the new end of the signature, in Unix milliseconds; null when it never ends. */
  async renewToken(userSig: string, privateMapKey?: string): Promise<number | null> {
    return (await this.#inRoom().renew(userSig, privateMapKey)).expiresAt
  }

  /** One address with the mixed voices of these users, or of all; for phones that cannot play everybody. */
  async mix(audioOf: 'all' | readonly string[] = 'all'): Promise<string> {
    const { play } = await this.#inRoom().request('media.mix', { audio: true, video: false, audioOf })
    return play[this.#options.prefer ?? 'rtmp']
  }

  /** To everybody, or to one. Resolves with the message's id. */
  async sendMessage(data: string, to: string | null = null, kind: 'text' | 'custom' = 'text'): Promise<string> {
    return (await this.#inRoom().request('message.send', { to, kind, data })).messageId
  }

  /** Everything else of the signaling: kick, mute of others, link-mic. */
  async request<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return this.#inRoom().request(method, params)
  }

  /** From the pusher's `bindstatechange`. */
  updatePusherStateChange({ code }: StateChangeDetail): void {
    this.#session?.handlePusherCode(code)
  }

  updatePusherNetStatus({ info }: NetStatusDetail): void {
    this.#reports.handle(this.#platform.now(), info)
  }

  /** From a player's `bindstatechange`. */
  updatePlayerStateChange(uid: string, { code }: StateChangeDetail, streamType: PlayableType = 'main'): void {
    const url = this.#streams.handleCode(uid, streamType, code)
    if (url !== undefined) this.emit('update-url', { uid, streamType, url })
  }

  updatePlayerNetStatus(uid: string, { info }: NetStatusDetail): void {
    this.#reports.handle(this.#platform.now(), info, uid)
  }

  /** From the page's `onShow`. */
  pageShown(): void {
    this.#session?.shown()
  }

  /** Leaves at once. Idempotent. */
  leave(): void {
    this.#session?.leave()
  }

  /** Leaves and forgets every listener. */
  destroy(): void {
    this.leave()
    this.removeListeners()
  }

  #inRoom(): PhoneSession {
    if (this.#session) return this.#session
    throw new RoomError('NOT_ENTERED', 'Join a room first.')
  }

  #newStreams(): RemoteStreams {
    return new RemoteStreams({ prefer: this.#options.prefer ?? 'rtmp' })
  }

  #handlers(): PhoneSessionHandlers {
    return {
      entered: ({ userList }, how) => {
        this.#setUsers(userList)
        if (how === 'moved') for (const stream of this.#streams.playing()) this.emit('update-url', stream)
      },
      pushUrl: (url) => this.#setPushUrl(url),
      restartPush: () => this.emit('push-again', { url: this.#pushUrl ?? '' }),
      // The page of a headless client has its own picture of the room; the codes are for the components.
      pusherEvent: () => undefined,
      users: (users) => this.#setUsers(users),
      notification: (notification) => this.#handleNotification(notification),
      connection: (state) => this.emit('connection-state-change', { state }),
      pushFailed: (reason) => this.emit('push-ended', { reason }),
      ended: (end) => this.#ended(end),
    }
  }

  #setPushUrl(url: string | undefined): void {
    const wasOther = this.#pushUrl !== undefined && url !== undefined && url !== this.#pushUrl
    this.#pushUrl = url
    if (wasOther && this.#publishing) this.emit('push-again', { url })
  }

  #setUsers(users: readonly User[]): void {
    for (const change of this.#streams.update(users)) this.#tellChange(change)
    this.emit('user-list', { users })
  }

  #tellChange(change: StreamChange): void {
    const { uid, streamType } = change.stream
    if (change.kind === 'added') this.emit('stream-added', change.stream)
    else if (change.kind === 'removed') this.emit('stream-removed', change.stream)
    else if (change.kind === 'url') this.emit('update-url', { uid, streamType, url: change.url })
    else if (change.kind === 'audio') this.emit(change.on ? 'unmute-audio' : 'mute-audio', { uid })
    else this.emit(change.on ? 'unmute-video' : 'mute-video', { uid })
  }

  #handleNotification(notification: Notification): void {
    if (notification.method === 'media.published' && notification.params.state === 'live') {
      const { hasAudio, hasVideo } = notification.params
      this.emit('publish-live', { hasAudio, hasVideo })
    }
    if (notification.method === 'media.rotation') this.#handleRotation(notification.params)
    if (notification.method === 'message.received') this.emit('message', notification.params)
    if (notification.method === 'room.expiring') this.emit('token-privilege-will-expire', notification.params)
    this.emit('notification', notification)
  }

  #handleRotation({ userId, streamType, rotation }: { userId: string; streamType: string; rotation: number }): void {
    this.#streams.rotate(userId, streamType, rotation)
    if (streamType === 'small') return
    this.emit('video-rotation', { uid: userId, streamType: streamType === 'aux' ? 'aux' : 'main', rotation })
  }

  #ended(end: RoomEnd): void {
    this.#session = undefined
    this.#publishing = false
    this.#pushUrl = undefined
    this.#muted.clear()
    this.#streams = this.#newStreams()
    if (end.reason === 'left') return
    if (end.reason === 'expired') this.emit('token-privilege-did-expire', { reason: end.sentence })
    this.emit('error', { code: end.code ?? end.reason, reason: end.sentence })
  }

  #setMuted(uid: string, target: MuteTarget, muted: boolean): MutedAttributes {
    const before = this.#muted.get(uid) ?? { muted: false, muteVideo: false }
    const attributes = {
      muted: target === 'video' ? before.muted : muted,
      muteVideo: target === 'audio' ? before.muteVideo : muted,
    }
    this.#muted.set(uid, attributes)
    return attributes
  }

  #setLocal(target: MuteTarget, on: boolean): void {
    this.#local = {
      audio: target === 'video' ? this.#local.audio : on,
      video: target === 'audio' ? this.#local.video : on,
    }
    this.#inRoom().setMedia(this.#local.audio, this.#local.video)
  }
}
