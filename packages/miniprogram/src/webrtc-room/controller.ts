import type {
  EnterResult,
  EntryKind,
  Notification,
  ReceivedMessage,
  RequestedRole,
  SessionState,
  User,
} from '@crossroom/protocol'

import {
  factsOf,
  NetReports,
  PhoneSession,
  pusherCodes,
  RoomUrlError,
  type PhoneSessionHandlers,
  type Platform,
  type PusherEvent,
  type RoomEnd,
} from '../index.js'
import { AudioOnly, MAX_PLAYERS_ON_ANDROID, MIX_ID } from './audio-only.js'
import { connectionCodes, groupSystemCodes, messageEvent, type ImEvent } from './im.js'
import type { RoomProperties } from './properties.js'
import { error, ok, permissionRoomEvent, roomEventCodes, type RoomEvent } from './room-events.js'
import { playerRoomEvents, pusherRoomEvents } from './room-events.js'
import { Seats } from './seats.js'
import { cameraOf, entryOf, preferOf, seatCountOf, type EntrySettings } from './settings.js'
import { viewOf, type RoomView } from './view.js'

/** What the controller asks of the component that shows it. */
export interface RoomHost {
  readonly platform: Platform
  readonly isDevTools: boolean
  readonly isAndroid: boolean
  properties(): RoomProperties
  show(view: RoomView): void
  raise(name: 'RoomEvent' | 'IMEvent' | 'statechange' | 'netstatus' | 'notification', detail: object): void
  /** A method of the pusher's context; nothing happens while there is no pusher. */
  pusher(method: 'stop' | 'pause' | 'resume'): void
  /** Stops the pusher, and starts it when it has stopped. */
  restartPusher(): void
  player(id: string, method: 'play' | 'stop' | 'pause' | 'resume'): void
}

/** `e.detail` of a tag's event, as far as it is read. */
export interface TagDetail {
  readonly code?: number
  readonly message?: string
  readonly errCode?: number
  readonly errMsg?: string
  readonly info?: object
}

/** Which player an event is about. */
export interface PlayerOfEvent {
  readonly userId: string
  readonly streamType: 'main' | 'aux'
}

/**
 * One `<webrtc-room>`: its session, its seats and what it tells the app. One per element; nothing is shared between two
 * of them.
 */
export class RoomController {
  readonly #host: RoomHost
  readonly #hidden = new Set<string>()
  readonly #silenced = new Set<string>()
  readonly #reports: NetReports
  #session: PhoneSession | undefined
  #seats: Seats
  #audioOnly: AudioOnly
  #users: readonly User[] = []
  #pushUrl: string | undefined
  #inRoom = false
  #recorded = false
  #paused = false
  /** What the app switched by a method, over the properties. */
  #camera: boolean | undefined
  #microphone: boolean | undefined
  /** The phone took the camera away; the room is entered again when the page is shown. */
  #returnsOnShow = false
  #debugText = ''

  constructor(host: RoomHost) {
    this.#host = host
    this.#seats = this.#newSeats()
    this.#audioOnly = this.#newAudioOnly()
    this.#reports = new NetReports((report) => {
      this.session?.request('media.report', report).catch(() => undefined)
    })
  }

  /** Undefined outside a room. */
  get session(): PhoneSession | undefined {
    return this.#inRoom ? this.#session : undefined
  }

  /** Enters the room that the properties name; a room that is open is left first. */
  start(): void {
    this.stop()
    let entry: EntrySettings
    try {
      entry = entryOf(this.#host.properties())
    } catch (problem) {
      if (!(problem instanceof RoomUrlError)) throw problem
      this.#tell(error(roomEventCodes.roomSig, problem.message))
      return
    }
    this.#seats = this.#newSeats()
    this.#audioOnly = this.#newAudioOnly()
    const prefer = preferOf(this.#host.properties())
    const session = new PhoneSession({ platform: this.#host.platform, ...entry, prefer, handlers: this.#handlers() })
    this.#session = session
    session.setMedia(this.#isMicrophoneOn, this.#isCameraOn)
    // How it ends is told by `ended`.
    session.enter().catch(() => undefined)
    this.draw()
  }

  /** Leaves the room; the camera is off when this returns. */
  stop(): void {
    this.#returnsOnShow = false
    this.#paused = false
    this.#session?.leave()
  }

  pause(): void {
    this.#paused = true
    this.#session?.wantPush(false)
    this.#host.pusher('pause')
    for (const id of this.#playerIds()) this.#host.player(id, 'pause')
  }

  resume(): void {
    this.#paused = false
    this.#session?.wantPush(true)
    this.#host.pusher('resume')
    for (const id of this.#playerIds()) this.#host.player(id, 'resume')
  }

  /** A mask over one remote picture; the stream goes on. */
  enableVideo(enable: boolean, userId: string): void {
    if (enable) this.#hidden.delete(userId)
    else this.#hidden.add(userId)
    this.draw()
    if (enable) this.#host.player(userId, 'play')
  }

  enableAudio(enable: boolean, userId: string): void {
    if (enable) this.#silenced.delete(userId)
    else this.#silenced.add(userId)
    this.draw()
  }

  enableCamera(enable: boolean): void {
    this.#camera = enable
    this.propertiesChanged()
  }

  enableMicrophone(enable: boolean): void {
    this.#microphone = enable
    this.propertiesChanged()
  }

  async switchRole(role: RequestedRole): Promise<void> {
    await this.session?.switchRole(role)
  }

  /** The app set a property: what concerns the push is told to the others, the rest is drawn. */
  propertiesChanged(): void {
    this.#session?.setMedia(this.#isMicrophoneOn, this.#isCameraOn)
    this.#seats.resize(seatCountOf(this.#host.properties()))
    this.#seats.update(this.#users)
    this.draw()
  }

  /** The app set `enableCamera` or `muted`: that counts over what a method said before. */
  switchChanged(which: 'camera' | 'microphone'): void {
    if (which === 'camera') this.#camera = undefined
    else this.#microphone = undefined
    this.propertiesChanged()
  }

  handlePusher(type: string, detail: TagDetail): void {
    const code = detail.code ?? detail.errCode ?? 0
    const message = detail.message ?? detail.errMsg ?? ''
    if (type === 'statechange') this.#handlePusherCode(code, message)
    else if (type === 'error') this.#tellIfAny(permissionRoomEvent(code, message))
    else if (type === 'netstatus') this.#handleNetstatus(detail.info ?? {})
  }

  handlePlayer(type: string, { code, info }: TagDetail, { userId, streamType }: PlayerOfEvent): void {
    if (type === 'netstatus' && info) this.#handleNetstatus(info, userId)
    if (type !== 'statechange' || code === undefined) return
    for (const event of playerRoomEvents(code, userId)) this.#tell(event)
    if (this.#seats.handleCode(userId, streamType, code)) this.draw()
  }

  /** A code of the player of mixed sound. */
  handleMix(code: number): void {
    this.#audioOnly.handleCode(code)
  }

  pageHidden(): void {
    this.#seats.hide()
    this.#audioOnly.hide()
  }

  pageShown(): void {
    this.#seats.show(this.#host.isAndroid)
    this.#audioOnly.show(this.#host.isAndroid)
    if (this.#returnsOnShow) this.start()
    else if (!this.#paused) this.#session?.shown()
    this.draw()
  }

  /** Shows the state as it is. */
  draw(): void {
    const properties = this.#host.properties()
    this.#audioOnly.update(this.#seats.all, this.#silenced)
    this.#host.show(
      viewOf({
        properties,
        seats: this.#seats.all,
        pushUrl: this.#pushUrl,
        simulated: this.#host.isDevTools,
        inRoom: this.#inRoom,
        recorded: this.#recorded,
        camera: this.#isCameraOn,
        microphone: this.#isMicrophoneOn,
        hidden: this.#hidden,
        silenced: this.#silenced,
        audioOnly: this.#audioOnly.users,
        mixPlayer: this.#audioOnly.player,
        debugText: properties.debug ? this.#debugText : '',
      }),
    )
  }

  get #isCameraOn(): boolean {
    return this.#camera ?? cameraOf(this.#host.properties())
  }

  get #isMicrophoneOn(): boolean {
    return this.#microphone ?? !this.#host.properties().muted
  }

  #newSeats(): Seats {
    const properties = this.#host.properties()
    return new Seats({ count: seatCountOf(properties), prefer: preferOf(properties) })
  }

  #newAudioOnly(): AudioOnly {
    return new AudioOnly({
      maxPlayers: this.#host.isAndroid ? MAX_PLAYERS_ON_ANDROID : Infinity,
      prefer: preferOf(this.#host.properties()),
      mix: (params) => this.session?.request('media.mix', params) ?? Promise.reject(new Error('Not in a room')),
      entered: (userId) => this.#tell(ok(roomEventCodes.audioOnly, userId)),
      changed: () => this.draw(),
    })
  }

  /** Of the players that are drawn. */
  #playerIds(): string[] {
    const ids: string[] = []
    for (const seat of this.#seats.all) {
      if (!seat) continue
      const { userId } = seat.user
      const { main, aux } = { main: seat.players.get('main'), aux: seat.players.get('aux') }
      if (main?.started && !this.#audioOnly.users.has(userId)) ids.push(userId)
      if (aux?.started) ids.push(`${userId}-aux`)
    }
    return this.#audioOnly.player ? [...ids, MIX_ID] : ids
  }

  #handlers(): PhoneSessionHandlers {
    return {
      entered: (result, how) => this.#entered(result, how),
      pushUrl: (url) => this.#setPushUrl(url),
      restartPush: () => this.#host.restartPusher(),
      pusherEvent: (event) => this.#tellPusherEvent(event),
      users: (users) => this.#setUsers(users),
      notification: (notification) => this.#handleNotification(notification),
      connection: (state) => this.#tellConnection(state),
      pushFailed: (sentence) => {
        this.#setPushUrl(undefined)
        this.#tell(error(roomEventCodes.pushDisconnect, sentence))
      },
      ended: (end) => this.#ended(end),
    }
  }

  #entered({ userList: users, room }: EnterResult, how: EntryKind): void {
    const isFirst = !this.#inRoom
    this.#inRoom = true
    if (how === 'moved') this.#seats.restart()
    this.#setUsers(users)
    this.#setRecorded(room.recording === true)
    if (!isFirst) {
      this.#audioOnly.renew()
      return
    }
    this.#tellIm('login_event', 0, '')
    if (room.anchors + room.audience <= 1) this.#tellIm('group_system_notifys', groupSystemCodes.created, room.roomId)
    this.#tellIm('join_group_event', 0, String(this.#host.properties().roomID))
    // Only who comes too late is turned away: a stranger at the door must not end the call of those inside.
    if (users.length <= this.#seats.all.length) return
    const sentence = `The room has ${users.length} others, this template shows ${this.#seats.all.length}.`
    this.stop()
    this.#tell(error(roomEventCodes.tooManyMembers, sentence))
  }

  #setUsers(users: readonly User[]): void {
    this.#users = users
    this.#seats.update(users)
    this.draw()
  }

  /** Also when it changed while there was no connection. */
  #setRecorded(recorded: boolean): void {
    if (recorded === this.#recorded) return
    this.#recorded = recorded
    this.draw()
    this.#tell(ok(roomEventCodes.recording, recorded ? 'on' : 'off'))
  }

  #setPushUrl(url: string | undefined): void {
    if (url === undefined) this.#host.pusher('stop')
    this.#pushUrl = url
    this.draw()
  }

  #ended(end: RoomEnd): void {
    const wasInRoom = this.#inRoom
    this.#session = undefined
    this.#inRoom = false
    this.#recorded = false
    for (const id of this.#playerIds()) this.#host.player(id, 'stop')
    this.#seats.clear()
    this.#setUsers([])
    if (end.reason === 'kicked' || end.reason === 'replaced') this.#tellIm('kicked', 0, end.sentence)
    if (end.reason === 'kicked') this.#tellIm('group_system_notifys', groupSystemCodes.kicked, end.sentence)
    if (end.reason === 'disbanded') this.#tellIm('group_system_notifys', groupSystemCodes.dissolved, end.sentence)
    if (end.reason === 'left' && wasInRoom) this.#tellIm('group_system_notifys', groupSystemCodes.quit, end.sentence)
    if (end.entered) return
    const code = factsOf(end.code)?.roomEvent ?? roomEventCodes.notEnabled
    this.#tell(error(code, end.sentence))
    this.#tellIm('error', code, end.sentence)
  }

  #handlePusherCode(code: number, message: string): void {
    this.#session?.handlePusherCode(code)
    this.#tellPusherEvent({ code, message })
    if (code === pusherCodes.cameraFailed || code === pusherCodes.microphoneFailed) this.stop()
    if (code === pusherCodes.handsUp || code === pusherCodes.interrupted) {
      // One may follow the other: the float window of a page that was left is closed, too.
      const returns = this.#returnsOnShow || this.#session !== undefined
      this.stop()
      this.#returnsOnShow = returns
    }
  }

  #handleNetstatus(info: object, userId?: string): void {
    this.#reports.handle(this.#host.platform.now(), info, userId)
    this.#host.raise('netstatus', { userID: userId ?? this.#host.properties().userID, info })
    if (!this.#host.properties().debug) return
    this.#debugText = JSON.stringify(info)
    this.draw()
  }

  #handleNotification(notification: Notification): void {
    this.#host.raise('notification', { method: notification.method, params: notification.params })
    if (notification.method === 'message.received') this.#tellMessage(notification.params)
    if (notification.method === 'room.recording') this.#setRecorded(notification.params.recording)
    if (notification.method === 'media.published' && notification.params.state === 'live') {
      this.#tell(ok(roomEventCodes.publishLive, ''))
    }
    if (notification.method === 'room.roleChanged' && notification.params.role === 'owner') {
      const { roomID: GroupId } = this.#host.properties()
      this.#tellIm('group_info_change_notify', 0, {
        GroupId: String(GroupId),
        OwnerAccount: notification.params.userId,
      })
    }
    if (notification.method === 'media.rotation') {
      const { userId, streamType, rotation } = notification.params
      this.#seats.rotate(userId, streamType, rotation)
      this.draw()
    }
  }

  #tellPusherEvent(event: PusherEvent): void {
    this.#host.raise('statechange', event)
    for (const roomEvent of pusherRoomEvents(event.code, event.message)) this.#tell(roomEvent)
  }

  #tellConnection(state: SessionState): void {
    if (state === 'connected') this.#tellIm('connection_event', connectionCodes.connected, state)
    if (state === 'reconnecting') this.#tellIm('connection_event', connectionCodes.disconnected, state)
  }

  #tellMessage(message: ReceivedMessage): void {
    const { roomID, userID, enableIM } = this.#host.properties()
    if (enableIM) this.#host.raise('IMEvent', messageEvent(message, String(roomID), userID))
  }

  #tellIm(tag: ImEvent['tag'], code: number, detail: unknown): void {
    if (this.#host.properties().enableIM) this.#host.raise('IMEvent', { tag, code, detail })
  }

  #tellIfAny(event: RoomEvent | undefined): void {
    if (event) this.#tell(event)
  }

  #tell(event: RoomEvent): void {
    this.#host.raise('RoomEvent', event)
  }
}
