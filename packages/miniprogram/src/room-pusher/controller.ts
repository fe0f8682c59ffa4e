import {
  isRoomUrl,
  parseRoomUrl,
  PhoneSession,
  pusherCodes,
  RoomUrlError,
  type Platform,
  type PlayProtocol,
  type PusherEvent,
} from '../index.js'

/** What the controller asks of the component that shows it. */
export interface PusherHost {
  readonly platform: Platform
  /** The address for the real tag; empty: no tag. */
  showUrl(url: string): void
  raise(event: PusherEvent): void
  stopPusher(): void
  /** Stops the pusher, and starts it when it has stopped. */
  restartPusher(): void
}

export interface PushOptions {
  /** `room://…`, or any address that the real tag takes. */
  readonly url: string
  /** In place of the host of a `room://` address that was made for another cloud. */
  readonly server: string
  readonly prefer: PlayProtocol
  readonly role: 'anchor' | 'audience'
}

/** One `<room-pusher>`: resolves `room://` and raises the codes that the real tag would raise. */
export class PusherController {
  readonly #host: PusherHost
  #session: PhoneSession | undefined
  #media = { audio: true, video: true }
  #push: PushOptions | undefined
  #returnsOnShow = false

  constructor(host: PusherHost) {
    this.#host = host
  }

  /** Undefined outside a room, and for addresses that are not `room://`. */
  get session(): PhoneSession | undefined {
    return this.#session
  }

  /** Enters the room, or passes the address to the tag; leaves the previous one. An empty address only leaves. */
  start(push: PushOptions): void {
    this.stop()
    this.#push = push
    if (!isRoomUrl(push.url)) {
      this.#host.showUrl(push.url)
      return
    }
    try {
      this.#enter(push)
    } catch (problem) {
      if (!(problem instanceof RoomUrlError)) throw problem
      this.#host.raise({ code: pusherCodes.roomInFailed, message: problem.message })
    }
  }

  /** Leaves; the camera is off when this returns. */
  stop(): void {
    this.#returnsOnShow = false
    this.#session?.leave()
    this.#host.stopPusher()
    this.#host.showUrl('')
  }

  setMedia(audio: boolean, video: boolean): void {
    this.#media = { audio, video }
    this.#session?.setMedia(audio, video)
  }

  handleCode(code: number): void {
    this.#session?.handlePusherCode(code)
    if (!this.#session || (code !== pusherCodes.handsUp && code !== pusherCodes.interrupted)) return
    this.stop()
    this.#returnsOnShow = true
  }

  pageShown(): void {
    if (this.#returnsOnShow && this.#push) this.start(this.#push)
    else this.#session?.shown()
  }

  #enter({ url, server, prefer, role }: PushOptions): void {
    const { signalUrl, streamType: _, ...who } = parseRoomUrl(url, server)
    const session = new PhoneSession({
      platform: this.#host.platform,
      signalUrl,
      entry: { ...who, role },
      prefer,
      handlers: {
        entered: () => undefined,
        pushUrl: (pushUrl) => {
          if (pushUrl === undefined) this.#host.stopPusher()
          this.#host.showUrl(pushUrl ?? '')
        },
        restartPush: () => this.#host.restartPusher(),
        pusherEvent: (event) => this.#host.raise(event),
        users: () => undefined,
        notification: () => undefined,
        connection: () => undefined,
        pushFailed: (message) => this.#host.raise({ code: pusherCodes.disconnected, message }),
        ended: () => {
          if (this.#session === session) this.#session = undefined
        },
      },
    })
    this.#session = session
    session.setMedia(this.#media.audio, this.#media.video)
    // How it ends is told by 1022 or -100018.
    session.enter().catch(() => undefined)
  }
}
