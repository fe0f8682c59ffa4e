import type { NotificationMethod, Notifications, ParamsOf, RequestMethod, ResultOf, User } from '@crossroom/protocol'
import { WebSocket } from 'ws'
import { until, type TestServer } from '../../harness/index.js'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string; readonly data: { readonly code: string } }
}

/** Somebody in a room who speaks the signaling and nothing else. */
export class RoomMember {
  readonly #socket: WebSocket
  readonly #answers = new Map<number, (message: Message) => void>()
  readonly #told: Message[] = []
  #id = 0
  #users: readonly User[] = []

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => this.#handle(JSON.parse(data.toString()) as Message))
    socket.on('error', () => undefined)
  }

  /** Opens signaling and enters; resolves with the member and what it found. */
  static async enter(
    server: TestServer,
    params: Omit<ParamsOf<'room.enter'>, 'protocol' | 'client'> & { readonly kind?: 'browser' | 'miniprogram' },
  ): Promise<{ readonly member: RoomMember; readonly found: ResultOf<'room.enter'> }> {
    const member = await RoomMember.#connect(server)
    const { kind = 'browser', ...rest } = params
    const found = await member.ask('room.enter', { protocol: 1, ...rest, client: { kind, version: '1' } })
    member.#users = found.userList
    return { member, found }
  }

  /** Comes back, perhaps to another server of the same cluster. */
  static async resume(
    server: TestServer,
    resumeToken: string,
  ): Promise<{ readonly member: RoomMember; readonly found: ResultOf<'room.resume'> }> {
    const member = await RoomMember.#connect(server)
    const found = await member.ask('room.resume', { resumeToken })
    member.#users = found.userList
    return { member, found }
  }

  static async #connect(server: TestServer): Promise<RoomMember> {
    const socket = new WebSocket(`${server.ws}/signal`)
    const member = new RoomMember(socket)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return member
  }

  get isClosed(): boolean {
    return this.#socket.readyState !== WebSocket.OPEN
  }

  /** The others, as told last. */
  get users(): readonly User[] {
    return this.#users
  }

  /** The parameters of every notification of that method. */
  all<Method extends NotificationMethod>(method: Method): Notifications[Method][] {
    return this.#told.flatMap((message) => (message.method === method ? [message.params as Notifications[Method]] : []))
  }

  /** Resolves with the answer; rejects with its code. */
  async ask<Method extends RequestMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    const id = ++this.#id
    const answer = await new Promise<Message>((resolve) => {
      this.#answers.set(id, resolve)
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
    if (answer.error !== undefined) throw new Error(`${answer.error.data.code}: ${answer.error.message}`)
    return answer.result as ResultOf<Method>
  }

  /** Resolves with another member once it is listed and, when `look` is given, looks as wanted. */
  user(userId: string, look: (user: User) => boolean = () => true): Promise<User> {
    return until(
      `${userId} in the list`,
      () => this.#users.find((user) => user.userId === userId && look(user)) ?? false,
    )
  }

  close(): void {
    this.#socket.terminate()
  }

  #handle(message: Message): void {
    if (message.method !== undefined) {
      this.#told.push(message)
      if (message.method === 'room.userList') this.#users = (message.params as Notifications['room.userList']).userList
      return
    }
    this.#answers.get(message.id!)?.(message)
    this.#answers.delete(message.id!)
  }
}
