import { WebSocket, type ClientOptions } from 'ws'
import type { EnterParams, RequestMethod } from '@crossroom/protocol'
import { ALL_PERMISSIONS, type EntryVerifier } from '../auth/index.js'
import { signalingLimits } from '../config/index.js'
import { AddressRates, PendingConnections, systemClock, type HttpServer } from '../net/index.js'
import { listenForTest } from '../net/listen.fake.js'
import { Audit, silentLog } from '../observe/index.js'
import {
  RoomError,
  type EnterRequest,
  type MemberConnection,
  type Membership,
  type ParticipantRequests,
  type RoomEnterResult,
  type ResumeOrigin,
  type RoomDirectory,
} from '../rooms/index.js'
import { SignalingServer, type SignalingOptions } from './index.js'

/** A member that records its requests. */
export class FakeMember {
  readonly asked: string[] = []
  connection: MemberConnection
  readonly request: EnterRequest

  constructor(request: EnterRequest) {
    this.request = request
    this.connection = request.connection
  }

  /** Answers every request with its own name. */
  get membership(): Membership {
    const tell = (name: string) => {
      this.asked.push(name)
      return Promise.resolve()
    }
    const request = async (method: string, params: unknown): Promise<unknown> => {
      if (method === 'room.kick') throw new RoomError('ROLE_FORBIDDEN', 'Only the owner may do that.')
      if (method === 'room.disband') throw new Error('a mistake')
      await tell(method)
      return { name: method, params }
    }
    const member = {
      userId: this.request.identity.userId,
      roomId: this.request.roomId,
      leave: () => tell('leave'),
      lost: () => void tell('lost'),
      request: request as ParticipantRequests['request'],
      renewed: async () => {
        await tell('renewed')
        return { expiresAt: 1 }
      },
    }
    return { member, result: { sessionId: 's', resumeToken: 'resume-me', heartbeatMs: 200 } as RoomEnterResult }
  }
}

/** Rooms that admit every user. */
export class FakeRooms implements RoomDirectory {
  readonly members: FakeMember[] = []

  enter(request: EnterRequest): Promise<Membership> {
    if (request.identity.userId === 'banned')
      return Promise.reject(new RoomError('BANNED', 'The owner keeps this user out.'))
    const member = new FakeMember(request)
    this.members.push(member)
    return Promise.resolve(member.membership)
  }

  resume(resumeToken: string, { connection }: ResumeOrigin): Promise<Membership> {
    const member = this.members[0]
    if (resumeToken !== 'resume-me' || member === undefined)
      return Promise.reject(new RoomError('RESUME_FAILED', 'It is over.'))
    member.connection.close('resumed')
    member.connection = connection
    return Promise.resolve(member.membership)
  }
}

/** A signaling server on a free port with rooms that admit every user. */
export class Stage {
  readonly rooms = new FakeRooms()
  readonly signaling: SignalingServer
  readonly #clients: Client[] = []
  readonly #http: HttpServer

  private constructor(signaling: SignalingServer, http: HttpServer, rooms: FakeRooms) {
    this.signaling = signaling
    this.#http = http
    this.rooms = rooms
  }

  static async open(options: Partial<SignalingOptions> = {}): Promise<Stage> {
    const rooms = new FakeRooms()
    const verify: EntryVerifier['verify'] = ({ userId, userSig }) =>
      Promise.resolve(
        userSig === 'wrong'
          ? { code: 'USER_SIG_INVALID', sentence: 'The UserSig is wrong.' }
          : { userId: userId!, permissions: ALL_PERMISSIONS, expiresAt: undefined, isOwner: false },
      )
    const verifier = {
      verify,
      check: verify,
      identify: (user) => verify({ ...user, roomId: '' }),
    } satisfies EntryVerifier
    const play = (token: string) => ({ rtmp: token, flv: token, wsFlv: token, whep: token })
    const { entriesPerSecond: perSecond, entryAddresses: addresses } = signalingLimits
    const signaling = new SignalingServer({
      ...{ clock: systemClock, nowMs: () => 1234, rooms, verifier, log: silentLog, audit: new Audit(silentLog) },
      entryRates: new AddressRates({ perSecond, burst: 2 * perSecond, addresses }),
      pending: new PendingConnections({ total: 100, perAddress: 10, totalBytes: 1_000_000 }),
      pages: { allowed: [], publicUrl: undefined, isOpen: true },
      iceServers: () => [{ urls: ['stun:stun.example'] }],
      clientAddress: (request) => request.socket.remoteAddress!,
      addressesFor: () => ({ page: 'https://host.example', play, push: (token) => token }),
      ...options,
    })
    const http = await listenForTest({
      onRequest: (_request, response) => response.writeHead(404).end(),
      onUpgrade: (request, socket, head) => signaling.handleUpgrade(request, socket, head),
    })
    return new Stage(signaling, http, rooms)
  }

  get url(): string {
    return `ws://127.0.0.1:${String(this.#http.port)}/signal`
  }

  /** Opens a socket and waits until it is open or refused. */
  async connect(options: ClientOptions = {}, url: string = this.url): Promise<Client> {
    const client = new Client(new WebSocket(url, options))
    this.#clients.push(client)
    await client.opened
    return client
  }

  close(): void {
    for (const client of this.#clients) client.socket.terminate()
    this.signaling.close()
    this.#http.close()
  }
}

export interface Answer {
  readonly id?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code: number; readonly message: string; readonly data: Record<string, unknown> }
  readonly method?: string
  readonly params?: Record<string, unknown>
}

/** One end of a socket. */
export class Client {
  readonly socket: WebSocket
  readonly notifications: Answer[] = []
  /** Resolves with the HTTP status when the server refuses, else with 101. */
  readonly opened: Promise<number>
  /** Resolves with the code and the reason of the close. */
  readonly closed: Promise<readonly [number, string]>
  #waiting: ((answer: Answer) => void)[] = []
  #id = 0

  constructor(socket: WebSocket) {
    this.socket = socket
    this.opened = new Promise((resolve) => {
      socket.on('open', () => resolve(101))
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode!)
        socket.terminate()
      })
      socket.on('error', () => resolve(0))
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve([code, reason.toString()]))
    })
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer
      if (answer.method === undefined) this.#waiting.shift()?.(answer)
      else this.notifications.push(answer)
    })
  }

  /** Sends a text and resolves with the next answer. */
  say(text: string): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.socket.send(text)
    })
  }

  ask(method: RequestMethod, params: object = {}): Promise<Answer> {
    return this.say(JSON.stringify({ jsonrpc: '2.0', id: `q${String(++this.#id)}`, method, params }))
  }

  enter(params: Partial<EnterParams> = {}): Promise<Answer> {
    const client = { kind: 'browser', version: '1' }
    return this.ask('room.enter', { protocol: 1, roomId: 42, userId: 'alice', client, ...params })
  }
}
