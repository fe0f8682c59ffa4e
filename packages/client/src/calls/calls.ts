import type { Call, CallHappening, CallHappenings, CallMedia, CallSessionMethod, ParamsOf } from '@crossroom/protocol'
import { CallSocket } from './call-socket.js'
import * as take from '../arguments.js'
import { checkArgument, checkOptions } from '../arguments.js'
import { Emitter, type Listener } from '../emitter.js'
import { CrossroomError, toCrossroomError } from '../errors.js'
import type { ConnectionState } from '../events.js'
import type { EnterRoomOptions } from '../options.js'
import { watchPage } from '../room/page-watch.js'
import {
  callRules,
  groupCallRules,
  media as mediaRule,
  onlineRules,
  userIds as userIdsRule,
  type CallOptions,
  type GroupCallOptions,
  type OnlineOptions,
} from './call-options.js'

/** Events of {@link Calls}. */
export interface CallEvents extends CallHappenings {
  /** `ended`: by `offline`, or because the server refused this user, with an error. */
  readonly onStateChanged: { readonly state: 'connecting' | 'online' | 'ended'; readonly error?: CrossroomError }
  /** The room of a call could not be entered, or nothing could be captured. */
  readonly onError: CrossroomError
}

/** The room of a call, and what is sent there: a Crossroom. */
export interface CallRoom {
  readonly connectionState: ConnectionState
  enterRoom(options: EnterRoomOptions): Promise<unknown>
  exitRoom(): Promise<void>
  startLocalAudio(): Promise<void>
  stopLocalAudio(): Promise<void>
  startLocalVideo(): Promise<void>
  stopLocalVideo(): Promise<void>
}

const ID_BYTES = 12

/**
 * Calls that ring, over the rooms of the same {@link Crossroom}: whoever is online is called on every device and accepts on
 * one, which enters the call's room by itself. Pictures are shown as in every room, by `startRemoteVideo`.
 *
 * ```ts
 * const { calls } = crossroom
 * calls.on('onCallReceived', ({ call }) => (confirm(`${call.inviter} calls`) ? calls.accept() : calls.reject()))
 * await calls.online({ userId: 'anna' })
 * await calls.call({ userId: 'ben', media: 'video' })
 * ```
 */
export class Calls {
  readonly #signalUrls: readonly string[]
  readonly #room: CallRoom
  readonly #emitter = new Emitter<CallEvents>()
  #socket: CallSocket | undefined
  #user: OnlineOptions | undefined
  #unwatchPage: (() => void) | undefined
  /** Of the call whose room this is in. */
  #entered: string | undefined

  constructor(signalUrls: readonly string[], room: CallRoom) {
    this.#signalUrls = signalUrls
    this.#room = room
  }

  /** The call that this page is in; also while it rings at the others. */
  get current(): Call | undefined {
    return this.#socket?.story.current
  }

  /** Calls that ring here, the oldest first. */
  get ringing(): readonly Call[] {
    return this.#socket?.story.ringing ?? []
  }

  on<Name extends keyof CallEvents>(name: Name, listener: Listener<CallEvents[Name]>): this {
    checkArgument('on', 'listener', listener, take.aFunction)
    this.#emitter.on(name, listener)
    return this
  }

  once<Name extends keyof CallEvents>(name: Name, listener: Listener<CallEvents[Name]>): this {
    checkArgument('once', 'listener', listener, take.aFunction)
    this.#emitter.once(name, listener)
    return this
  }

  /** Without a listener: every listener of that event. */
  off<Name extends keyof CallEvents>(name: Name, listener?: Listener<CallEvents[Name]>): this {
    this.#emitter.off(name, listener)
    return this
  }

  /** From now on this user is called here. Stays so through lost connections. */
  async online(options: OnlineOptions): Promise<void> {
    checkOptions('online', options, onlineRules, ['userId'])
    this.#close()
    this.#user = options
    const { userId, userName, sdkAppId, userSig, deviceId = randomId() } = options
    const user = {
      ...{ userId, deviceId },
      ...(userName === undefined ? {} : { userName }),
      ...(sdkAppId === undefined ? {} : { sdkAppId }),
      ...(userSig === undefined ? {} : { userSig }),
    }
    const socket = new CallSocket(this.#signalUrls, user, {
      happened: (happening) => this.#handleHappening(happening),
      state: (state, error) => this.#emitter.emit('onStateChanged', { state, ...(error && { error }) }),
    })
    this.#socket = socket
    this.#unwatchPage = watchPage({
      networkChanged: () => socket.networkChanged(),
      shown: () => socket.wake(),
      closed: () => socket.close(),
    })
    try {
      await socket.open()
    } catch (error) {
      if (this.#socket === socket) this.#close()
      throw error
    }
  }

  /** Hangs up, and is called no more. */
  async offline(): Promise<void> {
    if (this.current !== undefined) await this.hangup().catch(() => undefined)
    this.#close()
  }

  /** A fresh signature, for the next connection and the next room. */
  renewSignature(userSig: string): void {
    checkArgument('renewSignature', 'userSig', userSig, take.text)
    this.#socket?.renew(userSig)
    if (this.#user !== undefined) this.#user = { ...this.#user, userSig }
  }

  /** Rings for one user. Resolves when it rings there; what the other does comes as events. */
  call(options: CallOptions): Promise<Call> {
    return this.#catching(() => {
      checkOptions('call', options, callRules, ['userId'])
      const { userId, ...rest } = options
      return this.#invite({ ...rest, userIds: [userId] })
    })
  }

  /** Rings for several. */
  groupCall(options: GroupCallOptions): Promise<Call> {
    return this.#catching(() => {
      checkOptions('groupCall', options, groupCallRules, ['userIds'])
      return this.#invite(options)
    })
  }

  /** Accepts the call that rings here, and enters its room. */
  async accept(callId: string | undefined = this.ringing[0]?.callId): Promise<Call> {
    return this.#enter(await this.#take('call.accept', callId))
  }

  /** Enters a call that goes on: after a missed or rejected ring, or from another device. */
  async join(callId: string): Promise<Call> {
    checkArgument('join', 'callId', callId, take.text)
    return this.#enter(await this.#take('call.join', callId))
  }

  /** `reason`: up to 128 characters for the caller. */
  async reject(callId: string | undefined = this.ringing[0]?.callId, reason?: string): Promise<void> {
    await this.#request('call.reject', { callId: this.#known(callId), ...(reason === undefined ? {} : { reason }) })
  }

  /** Leaves the call; before anybody accepted, ends it for everybody. */
  async hangup(callId: string | undefined = this.current?.callId): Promise<void> {
    await this.#request('call.hangup', { callId: this.#known(callId) })
  }

  /** Rings for more users, in the call that goes on. */
  async inviteUser(userIds: readonly string[]): Promise<Call> {
    checkArgument('inviteUser', 'userIds', userIds, userIdsRule)
    const { call } = await this.#request('call.add', { callId: this.#known(this.current?.callId), userIds })
    return call
  }

  /** Switches the whole call to audio or to video. */
  async switchCallMediaType(media: CallMedia): Promise<void> {
    checkArgument('switchCallMediaType', 'media', media, mediaRule)
    await this.#request('call.media', { callId: this.#known(this.current?.callId), media })
  }

  /** Calls of a blocked user do not ring, and look unanswered to the caller. */
  async block(userId: string, blocked: boolean): Promise<void> {
    checkArgument('block', 'userId', userId, take.userId)
    checkArgument('block', 'blocked', blocked, take.yesOrNo)
    await this.#request('user.block', { userId, blocked })
  }

  /** Offline, without listeners. */
  destroy(): void {
    this.#emitter.clear()
    this.#close()
  }

  async #invite({ userIds, media = 'video', data, timeoutMs, roomId }: GroupCallOptions): Promise<Call> {
    this.#checkFree()
    const { call } = await this.#request('call.invite', {
      ...{ callId: randomId(), userIds, media },
      ...(data === undefined ? {} : { data }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(roomId === undefined ? {} : { roomId }),
    })
    return this.#enter(call)
  }

  async #take(method: 'call.accept' | 'call.join', callId: string | undefined): Promise<Call> {
    this.#checkFree()
    const { call } = await this.#request(method, { callId: this.#known(callId) })
    return call
  }

  /** The room is entered in the background: it rings, or the others are heard, as soon as possible. */
  #enter(call: Call): Call {
    const { userId, userName, sdkAppId, userSig, autoCapture = true } = this.#user!
    this.#entered = call.callId
    const entering = this.#room.enterRoom({
      ...{ roomId: call.roomId, userId },
      ...(userName === undefined ? {} : { userName }),
      ...(sdkAppId === undefined ? {} : { sdkAppId }),
      ...(userSig === undefined ? {} : { userSig }),
    })
    void entering.catch((error: unknown) => {
      if (this.#entered !== call.callId) return
      this.#fail(error)
      this.hangup(call.callId).catch(() => undefined)
    })
    if (autoCapture) {
      void this.#room.startLocalAudio().catch((error: unknown) => this.#fail(error))
      if (call.media === 'video') void this.#room.startLocalVideo().catch((error: unknown) => this.#fail(error))
    }
    return call
  }

  #handleHappening({ name, event }: CallHappening): void {
    if (name === 'onCallEnd' && event.call.callId === this.#entered) this.#leave()
    if (name === 'onCallMediaTypeChanged' && event.callId === this.#entered) this.#captureFor(event.media)
    this.#emitter.emit(name, event)
  }

  #leave(): void {
    this.#entered = undefined
    void this.#room.exitRoom().catch((error: unknown) => this.#fail(error))
    if (this.#user?.autoCapture === false) return
    void this.#room.stopLocalVideo().catch(() => undefined)
    void this.#room.stopLocalAudio().catch(() => undefined)
  }

  #captureFor(media: CallMedia): void {
    if (this.#user?.autoCapture === false) return
    const change = media === 'video' ? this.#room.startLocalVideo() : this.#room.stopLocalVideo()
    void change.catch((error: unknown) => this.#fail(error))
  }

  #checkFree(): void {
    if (this.#room.connectionState !== 'disconnected') throw new CrossroomError('ALREADY_IN_ROOM')
  }

  #known(callId: string | undefined): string {
    if (callId === undefined) throw new CrossroomError('CALL_NOT_FOUND', 'There is no such call.')
    return callId
  }

  #request<Method extends CallSessionMethod>(method: Method, params: ParamsOf<Method>) {
    if (this.#socket === undefined) throw new CrossroomError('NOT_ONLINE', 'Call online() first.')
    return this.#socket.request(method, params)
  }

  /** Wrong arguments reject as everything else does. */
  #catching<Result>(action: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve) => resolve(action()))
  }

  #fail(error: unknown): void {
    this.#emitter.emit('onError', toCrossroomError(error, 'NOT_SUPPORTED'))
  }

  #close(): void {
    this.#unwatchPage?.()
    this.#unwatchPage = undefined
    if (this.#entered !== undefined) this.#leave()
    this.#socket?.close()
    this.#socket = undefined
    this.#user = undefined
  }
}

function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
