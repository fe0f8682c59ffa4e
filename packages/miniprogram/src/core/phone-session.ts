import type {
  EnterResult,
  EntryKind,
  MediaStateParams,
  Notification,
  ParamsOf,
  PublishedParams,
  RequestedRole,
  ResultOf,
  SessionMethod,
  SessionState,
  User,
} from '@crossroom/protocol'

import { rememberPlays } from './known-plays.js'
import type { Platform } from './platform.js'
import { pusherCodes, PusherCodes, type PlayProtocol, type PusherEvent } from './pusher-codes.js'
import { PushKeeper } from './push-keeper.js'
import { factsOf, RoomClient, type EnterOptions, type RoomEnd } from './room-client.js'

export interface PhoneSessionOptions {
  readonly platform: Platform
  readonly signalUrl: string
  readonly entry: EnterOptions
  /** Which of the play addresses 1020, 1033 and 1034 carry. */
  readonly prefer: PlayProtocol
  readonly handlers: PhoneSessionHandlers
}

/** What a phone in a room is told. After `ended` nothing comes any more. */
export interface PhoneSessionHandlers {
  /**
   * In the room, also after entering again because the session could not be resumed, or at another node of a cluster: then
   * (`moved`) players that hang on a frozen machine must be started again.
   */
  entered(result: EnterResult, how: EntryKind): void
  /** Where to push; undefined when this member must not or must no longer push. */
  pushUrl(url: string | undefined): void
  /** Stop the pusher and start it with the same URL. */
  restartPush(): void
  /** What the pusher would have said if `room://` were its own. */
  pusherEvent(event: PusherEvent): void
  /** Owner, anchors and devices without this member, after every change. */
  users(users: readonly User[]): void
  /** Everything else that the server says. */
  notification(notification: Notification): void
  connection(state: SessionState): void
  /** The server did not take the push, or the pusher cannot reach it; the member stays in the room. */
  pushFailed(sentence: string): void
  /** Entering failed or the session is over. */
  ended(end: RoomEnd): void
}

/**
 * A phone in a room: the signaling session, the codes of the pusher that old apps expect, and the push that is kept
 * alive. `<webrtc-room>`, `<room-pusher>` and the headless client are three faces of it.
 */
export class PhoneSession {
  readonly #options: PhoneSessionOptions
  readonly #client: RoomClient
  readonly #codes: PusherCodes
  readonly #keeper: PushKeeper
  readonly #unwatchNetwork: () => void
  #pushUrl: string | undefined
  #wantsPush = true
  #media: MediaStateParams = { audio: true, video: true, streamType: 'main' }
  #over = false

  constructor(options: PhoneSessionOptions) {
    const { platform, handlers } = options
    this.#options = options
    this.#codes = new PusherCodes({ prefer: options.prefer })
    this.#keeper = new PushKeeper({
      platform,
      restart: () => handlers.restartPush(),
      gaveUp: () => handlers.pushFailed('The push address could not be reached for half a minute.'),
    })
    this.#client = new RoomClient({
      platform,
      signalUrl: options.signalUrl,
      handlers: {
        entered: (result, how) => this.#entered(result, how),
        users: (users) => this.#users(users),
        notification: (notification) => this.#notification(notification),
        connection: (state) => handlers.connection(state),
        ended: (end) => this.#ended(end),
      },
    })
    this.#unwatchNetwork = platform.watchNetwork(() => this.#client.networkChanged())
  }

  /** Resolves in the room, rejects with RoomError; `handlers.ended` tells the same. */
  enter(): Promise<EnterResult> {
    return this.#client.enter(this.#options.entry)
  }

  /** Leaves at once; the server is told when it can be reached. Idempotent. */
  leave(): void {
    this.#finish({ reason: 'left', entered: true, sentence: 'Left the room' })
    this.#client.leave()
  }

  /** Rejects with RoomError. */
  request<Method extends SessionMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return this.#client.request(method, params)
  }

  renew(userSig: string, privateMapKey?: string): Promise<ResultOf<'room.renew'>> {
    return this.#client.request('room.renew', { userSig, ...(privateMapKey ? { privateMapKey } : {}) })
  }

  /** What the real pusher said in `bindstatechange`. */
  handlePusherCode(code: number): void {
    if (code === pusherCodes.addressRefused) this.#failPush('This phone does not take the push address.')
    else this.#keeper.handleCode(code)
  }

  /** The page is shown again. */
  shown(): void {
    this.#keeper.pushAgain()
  }

  /** false: the app pauses its pusher, and nothing is pushed again until it is true. */
  wantPush(wanted: boolean): void {
    this.#wantsPush = wanted
    if (wanted && this.#pushUrl !== undefined) this.#keeper.want()
    else this.#keeper.unwant()
  }

  /** The enabled media; announced to the others, and withheld by the server when off. */
  setMedia(audio: boolean, video: boolean): void {
    if (audio === this.#media.audio && video === this.#media.video) return
    this.#media = { audio, video, streamType: 'main' }
    this.#keeper.expectFrames(audio || video)
    this.#tellMedia()
  }

  async switchRole(role: RequestedRole): Promise<void> {
    const { push } = await this.request('room.switchRole', { role })
    this.#setPushUrl(role === 'anchor' ? (push?.rtmp ?? this.#pushUrl) : undefined)
  }

  #entered(result: EnterResult, how: EntryKind): void {
    const { handlers } = this.#options
    if (how === 're-entered') {
      this.#tell([{ code: pusherCodes.needReenter, message: 'The session was lost and entered anew' }])
    }
    rememberPlays(result.userList)
    handlers.entered(result, how)
    this.#setPushUrl(result.push?.rtmp)
    if (how === 'moved') this.#keeper.pushAgain()
    this.#tell(how === 'entered' ? this.#codes.entered(result.userList) : this.#codes.changed(result.userList))
    if (how === 'entered' && !(this.#media.audio && this.#media.video)) this.#tellMedia()
  }

  #users(users: readonly User[]): void {
    rememberPlays(users)
    // Seats are freed and taken before the codes are told: an app that asks for a player's context in 1020 finds it.
    this.#options.handlers.users(users)
    this.#tell(this.#codes.changed(users))
  }

  #notification(notification: Notification): void {
    if (notification.method === 'media.published') this.#published(notification.params)
    if (notification.method === 'room.roleChanged' && notification.params.userId === this.#options.entry.userId) {
      this.#roleChanged(notification.params.role !== 'audience')
    }
    if (!this.#over) this.#options.handlers.notification(notification)
  }

  #published(published: PublishedParams): void {
    if (published.streamType !== 'main') return
    this.#keeper.handlePublished(published)
    if (published.state === 'refused') this.#failPush(published.reason ?? 'The server refused the push.')
  }

  #failPush(sentence: string): void {
    this.#setPushUrl(undefined)
    this.#options.handlers.pushFailed(sentence)
  }

  #roleChanged(mayPush: boolean): void {
    if (!mayPush) {
      this.#setPushUrl(undefined)
    } else if (this.#pushUrl === undefined) {
      this.request('media.pushAddress', { streamType: 'main' }).then(
        ({ rtmp }) => this.#setPushUrl(rtmp),
        (problem: Error) => this.#options.handlers.pushFailed(problem.message),
      )
    }
  }

  #setPushUrl(url: string | undefined): void {
    if (this.#over || url === this.#pushUrl) return
    this.#pushUrl = url
    if (url !== undefined && this.#wantsPush) this.#keeper.want()
    else this.#keeper.unwant()
    this.#options.handlers.pushUrl(url)
  }

  #tellMedia(): void {
    if (this.#over || this.#pushUrl === undefined) return
    // The session says it again after every loss of connection; how that ends is told by `ended`.
    this.request('media.state', this.#media).catch(() => undefined)
  }

  #tell(events: readonly PusherEvent[]): void {
    // An app may leave on any of them.
    for (const event of events) if (!this.#over) this.#options.handlers.pusherEvent(event)
  }

  #ended(end: RoomEnd): void {
    if (this.#over) return
    this.#tell(end.entered ? this.#codes.left(end.sentence) : [entryFailed(end.code, end.sentence)])
    this.#finish(end)
  }

  #finish(end: RoomEnd): void {
    if (this.#over) return
    this.#setPushUrl(undefined)
    this.#over = true
    this.#keeper.unwant()
    this.#unwatchNetwork()
    this.#options.handlers.ended(end)
  }
}

/** -100018 for a signature, 1019 or 1022 for the rest. */
function entryFailed(code: string | undefined, sentence: string): PusherEvent {
  return { code: factsOf(code)?.pusher ?? pusherCodes.roomInFailed, message: sentence }
}
