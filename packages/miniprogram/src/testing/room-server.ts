import {
  parseRequest,
  writeError,
  writeNotification,
  writeResult,
  type EnterResult,
  type ErrorCode,
  type NotificationMethod,
  type NotificationParams,
  type Request,
  type RequestId,
  type User,
  type UserStream,
} from '@crossroom/protocol'

/** The phone's side of a socket, as {@link FakeRoomServer} sees it. */
export interface ServedSocket {
  readonly url: string
  deliver(text: string): void
  close(code: number, reason: string): void
}

type Answer = (request: Request, id: RequestId) => string

/**
 * A signaling server for tests, in the same process: it checks every message with the protocol's own validators and
 * answers immediately. A test scripts `users`, `refuse` and the notifications.
 */
export class FakeRoomServer {
  readonly requests: Request[] = []
  users: User[] = []
  push: string | undefined = 'rtmp://room.test:1935/r/push0'
  /** Methods that are refused, with the code. */
  readonly refuse = new Map<string, ErrorCode>()
  /** false: sockets never open, as with a server that is away. */
  reachable = true
  /** A resumed phone has come to another node of the cluster. */
  isAnotherNode = false
  isRecorded = false
  socket: ServedSocket | undefined
  #entries = 0

  /** How often the phone asked for `method`, and with what. */
  paramsOf(method: Request['method']): object[] {
    return this.requests.filter((request) => request.method === method).map(({ params }) => params)
  }

  receive(text: string): void {
    const reading = parseRequest(text)
    if (!reading.ok) throw new Error(`The phone sent what no server takes: ${JSON.stringify(reading)}`)
    const { request } = reading
    this.requests.push(request)
    this.socket?.deliver(this.#answer(request, request.id))
  }

  /** The list as it is now, to the phone. */
  list(users: User[]): void {
    this.users = users
    this.notify('room.userList', { userList: users, audienceCount: 0 })
  }

  notify<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void {
    this.socket?.deliver(writeNotification(method, params))
  }

  /** The connection is gone, and what the server knew of the session with it. */
  cut(options: { readonly forgets: boolean }): void {
    if (options.forgets) this.refuse.set('room.resume', 'RESUME_FAILED')
    const { socket } = this
    this.socket = undefined
    socket?.close(1006, '')
  }

  #answer: Answer = (request, id) => {
    const refused = this.refuse.get(request.method)
    if (refused) return writeError(id, refused)
    switch (request.method) {
      case 'room.enter':
      case 'room.resume':
        this.#entries++
        return writeResult<'room.enter'>(id, {
          ...this.#enterResult(),
          ...(request.method === 'room.resume' && this.isAnotherNode && { moved: true }),
        })
      case 'room.ping':
        return writeResult<'room.ping'>(id, { now: 0 })
      case 'room.switchRole':
        return writeResult<'room.switchRole'>(id, { push: { rtmp: 'rtmp://room.test:1935/r/push1' } })
      case 'media.pushAddress':
        return writeResult<'media.pushAddress'>(id, { rtmp: this.push ?? 'rtmp://room.test:1935/r/push2' })
      case 'media.mix':
        return writeResult<'media.mix'>(id, { play: addresses('mix') })
      case 'message.send':
        return writeResult<'message.send'>(id, { messageId: `m${this.requests.length}` })
      case 'room.renew':
        return writeResult<'room.renew'>(id, { expiresAt: 2_000_000_000_000 })
      default:
        return writeResult<'media.state'>(id, {})
    }
  }

  #enterResult(): EnterResult {
    return {
      sessionId: `s${this.#entries}`,
      resumeToken: `t${this.#entries}`,
      room: {
        roomId: '100',
        name: '',
        ownerId: 'me',
        createdAt: 1,
        anchors: this.users.length + 1,
        audience: 0,
        limits: { members: 100, anchors: 20 },
        recording: this.isRecorded,
      },
      self: { userId: 'me', role: 'anchor' },
      userList: this.users,
      audienceCount: 0,
      ...(this.push ? { push: { rtmp: this.push } } : {}),
      iceServers: [],
      heartbeatMs: 10_000,
      expiresAt: null,
    }
  }
}

export function addresses(token: string): UserStream['play'] {
  return {
    rtmp: `rtmp://room.test:1935/r/${token}`,
    flv: `http://room.test:8080/r/${token}.flv`,
    wsFlv: `ws://room.test:8080/r/${token}.flv`,
    whep: `http://room.test:8080/whep/r/${token}`,
  }
}

export interface FakeStream {
  readonly streamType?: UserStream['streamType']
  readonly hasAudio?: boolean
  readonly hasVideo?: boolean
  readonly token?: string
}

/** A browser in the room; one live main stream unless said otherwise. */
export function member(userId: string, ...streams: FakeStream[]): User {
  const listed = streams.length > 0 ? streams : [{}]
  return {
    userId,
    userName: '',
    kind: 'browser',
    role: 'anchor',
    streams: listed.map(({ streamType = 'main', hasAudio = true, hasVideo = true, token }) => ({
      streamType,
      hasAudio,
      hasVideo,
      play: addresses(token ?? `${userId}-${streamType}`),
    })),
  }
}
