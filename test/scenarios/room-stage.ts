import type { NotificationMethod, Notifications, RequestedRole, ClientKind, User } from '@crossroom/protocol'
import {
  ALL_PERMISSIONS,
  type Admission,
  type Grant,
  type EntryRefusal,
  type Identity,
  type StreamAction,
  type StreamEndReason,
} from '../../packages/server/src/auth/index.js'
import type {
  AudioMix,
  AudioMixOptions,
  MediaGateway,
  MemberMedia,
  MemberMediaOptions,
  SubscribedTrack,
} from '../../packages/server/src/rooms/index.js'
import {
  LocalDirectory,
  RoomGate,
  Rooms,
  type AddressBook,
  type EnterRequest,
  type MemberConnection,
} from '../../packages/server/src/rooms/index.js'
import type { Participant } from '../../packages/server/src/rooms/participant.js'
import { silentLog } from '../../packages/server/src/observe/index.js'
import type { Publication, StreamKey } from '../../packages/server/src/hub/index.js'
import { Stage } from './stage.js'

/** Addresses as they are written by a name of the server. */
export function addressesAt(host: string): AddressBook {
  return {
    page: `https://${host}`,
    play: (token) => ({
      rtmp: `${host}r/${token}`,
      flv: `${host}${token}.flv`,
      wsFlv: `${host}ws/${token}`,
      whep: `${host}whep/${token}`,
    }),
    push: (token) => `${host}push/${token}`,
  }
}

/** The addresses of everybody who does not care. */
export const ADDRESSES: AddressBook = addressesAt('')

/** One line per thing told, so that a test reads what somebody learnt: `userEnter bob`, `closed kicked`. */
export type Told = {
  readonly [Method in NotificationMethod]: { method: Method; params: Notifications[Method] }
}[NotificationMethod]

/** A socket that writes down what it is told. */
export class FakeConnection implements MemberConnection {
  readonly told: Told[] = []
  closed: string | undefined
  retryAfterMs: number | undefined

  notify<Method extends NotificationMethod>(method: Method, params: Notifications[Method]): void {
    if (this.closed !== undefined) throw new Error(`${method} after the connection was closed`)
    this.told.push({ method, params } as Told)
  }

  close(reason: string, extra?: { readonly retryAfterMs?: number }): void {
    this.closed = reason
    this.retryAfterMs = extra?.retryAfterMs
  }

  /** The parameters of every notification of that method, in order. */
  all<Method extends NotificationMethod>(method: Method): Notifications[Method][] {
    return this.told.flatMap((entry) => (entry.method === method ? [entry.params as Notifications[Method]] : []))
  }

  /** The newest list it was told of. */
  get users(): readonly User[] {
    return this.all('room.userList').at(-1)?.userList ?? []
  }

  /** The methods that came, the list left out; then it begins anew. */
  take(): string[] {
    const lines = this.told.map(({ method }) => method).filter((method) => method !== 'room.userList')
    this.told.length = 0
    return lines
  }
}

/** WebRTC of one member, as far as rooms see it. */
export class FakeMedia implements MemberMedia {
  readonly options: MemberMediaOptions
  readonly calls: string[] = []
  subscribed: readonly SubscribedTrack[] = []
  isBroken = false
  closed = false

  constructor(options: MemberMediaOptions) {
    this.options = options
  }

  publish(sdp: string): string {
    this.calls.push(`publish ${sdp}`)
    if (sdp === 'bad') throw Object.assign(new Error('The SDP makes no sense.'), { code: 'SDP_INVALID' })
    return `answer to ${sdp}`
  }
  unpublish(streamType: string): void {
    this.calls.push(`unpublish ${streamType}`)
  }
  subscribe(tracks: readonly SubscribedTrack[]): void {
    if (this.isBroken) throw new Error('The engine failed.')
    this.subscribed = tracks
    this.calls.push('subscribe')
  }
  answer(sdp: string, revision: number): void {
    this.calls.push(`answer ${sdp} ${String(revision)}`)
  }
  candidate(target: string, candidate: string): void {
    this.calls.push(`candidate ${target} ${candidate}`)
  }
  restart(): void {
    this.calls.push('restart')
  }
  close(): void {
    this.closed = true
  }
}

/** A mix of voices, as far as rooms see it. */
export class FakeMix implements AudioMix {
  readonly key: StreamKey
  sources: readonly StreamKey[]
  closed = false

  constructor({ key, sources }: AudioMixOptions) {
    this.key = key
    this.sources = sources
  }
  update(sources: readonly StreamKey[]): void {
    this.sources = sources
  }
  close(): void {
    this.closed = true
  }
}

/** An encoder whose push was granted. */
export class FakeEncoder {
  ended: StreamEndReason | undefined
  readonly #stage: Stage
  readonly #grant: Grant
  #publication: Publication | undefined

  constructor(stage: Stage, grant: Grant) {
    this.#stage = stage
    this.#grant = grant
  }

  /** Takes the stream, as an endpoint does when its connection is ready. */
  open(): Publication {
    const { key, subject = '' } = this.#grant
    const publication = this.#stage.hub.open(key).publish({
      ...{ id: 'e', protocol: 'rtmp', remoteAddress: '127.0.0.1', subject },
      onClose: () => undefined,
    })
    if (publication === undefined) throw new Error('the stream is busy')
    this.#publication = publication
    this.#grant.opened()
    this.#grant.onRevoked((reason) => {
      this.ended = reason
      this.close(reason)
    })
    return publication
  }

  close(reason: StreamEndReason = 'client'): void {
    this.#publication?.end()
    this.#grant.closed(reason)
  }
}

export interface EnterOptions {
  readonly room?: string
  readonly role?: RequestedRole
  readonly kind?: ClientKind
  readonly userName?: string
  readonly identity?: Partial<Identity>
  readonly permissions?: Partial<Identity['permissions']>
}

/** Somebody in a room with the socket it came by. */
export interface Entered {
  readonly member: Participant
  readonly connection: FakeConnection
  /** The newest list it was told of, or found on entering. */
  readonly users: () => readonly User[]
}

/** Rooms on a virtual clock, with people to enter them. */
export class RoomStage extends Stage {
  readonly mixes: FakeMix[] = []
  /** Rooms that their owners record. */
  readonly recorded = new Set<string>()
  readonly media = new Map<string, FakeMedia>()
  /** Wall clock in milliseconds; it runs with the virtual one. */
  readonly epochMs = 1_800_000_000_000
  readonly rooms: Rooms
  readonly gate: RoomGate
  /** What signatures of pushes are worth. */
  refusal: EntryRefusal | undefined
  pushPermissions: Partial<Identity['permissions']> = {}
  pushExpiresAt: number | undefined
  #nextId = 0

  constructor(options: { readonly webRtc?: boolean } = {}) {
    super()
    const gateway: MediaGateway = {
      open: (member) => {
        const media = new FakeMedia(member)
        this.media.set(member.userId, media)
        return media
      },
    }
    this.rooms = new Rooms({
      ...{ clock: this.clock, hub: this.hub, log: silentLog, nowMs: () => this.nowMs, random: () => 0.5 },
      newId: () => `id${String(this.#nextId++)}`,
      flvProtocols: new Set(['rtmp', 'http-flv']),
      mixer: {
        open: (mix) => {
          const made = new FakeMix(mix)
          this.mixes.push(made)
          return made
        },
      },
      recorder: () => ({
        isRecorded: (roomId) => this.recorded.has(roomId),
        start: (roomId) => Promise.resolve(void this.recorded.add(roomId)),
        stop: (roomId) => Promise.resolve(void this.recorded.delete(roomId)),
        over: (roomId) => void this.recorded.delete(roomId),
      }),
      mediaGateway: options.webRtc === false ? undefined : gateway,
    })
    const verify = ({ userId = '' }: { readonly userId?: string | undefined }) =>
      Promise.resolve(this.refusal ?? this.#pushIdentity(userId))
    const rooms = new LocalDirectory(this.rooms)
    this.gate = new RoomGate({ rooms, media: this.rooms, verifier: { verify, check: verify, identify: verify } })
  }

  get nowMs(): number {
    return this.epochMs + this.clock.now() / 1000
  }

  #pushIdentity(userId: string): Identity {
    return this.identity(userId, { permissions: this.pushPermissions, identity: { expiresAt: this.pushExpiresAt } })
  }

  identity(userId: string, options: EnterOptions = {}): Identity {
    const permissions = { ...ALL_PERMISSIONS, ...options.permissions }
    return { userId, expiresAt: undefined, isOwner: false, ...options.identity, permissions }
  }

  enter(userId: string, options: EnterOptions = {}): Entered {
    const connection = new FakeConnection()
    const request: EnterRequest = {
      roomId: options.room ?? 'room',
      identity: this.identity(userId, options),
      role: options.role,
      userName: options.userName,
      client: { kind: options.kind ?? 'browser', version: '1' },
      remoteAddress: '127.0.0.1',
      connection,
      addresses: ADDRESSES,
    }
    const member = this.rooms.admit(request).enter(request)
    const { userList } = member.enterResult()
    return {
      member,
      connection,
      users: () => (connection.all('room.userList').length > 0 ? connection.users : userList),
    }
  }

  /** Enters and lets everybody hear of it. */
  settled(userId: string, options: EnterOptions = {}): Entered {
    const entered = this.enter(userId, options)
    this.settle()
    return entered
  }

  /** Lets time pass until every change was told. */
  settle(): void {
    this.clock.advance(1_100_000)
  }

  /** Publishes as a member's browser does. */
  publishAs({ member }: Pick<Entered, 'member'>, streamType: 'main' | 'aux' = 'main'): Publication {
    const { key, subject } = member.openStream(streamType)
    return this.hub.open(key).publish({
      ...{ id: 'p', protocol: 'room', remoteAddress: '127.0.0.1', subject },
      onClose: (reason) => this.ends.push(reason),
      requestKeyframe: () => void this.keyframeRequests++,
    })!
  }

  /** Asks the gate as an endpoint does. */
  admit(
    app: string,
    stream: string,
    query: Readonly<Record<string, string>> = {},
    action?: StreamAction,
  ): Promise<Admission> {
    return this.gate.admit({
      action: action ?? (app === 'push' ? 'publish' : 'play'),
      ...{ protocol: 'rtmp', app, stream, query: new Map(Object.entries(query)) },
      ...{ remoteAddress: '127.0.0.1', connectionId: 'c' },
    })
  }

  /** Pushes to an address that a member was given. */
  async pushBy(token: string): Promise<FakeEncoder> {
    const admission = await this.admit('r', token, {}, 'publish')
    if (!admission.ok) throw new Error(admission.sentence)
    return new FakeEncoder(this, admission)
  }

  /** Pushes into the room as an encoder does. */
  async push(userId: string, query: Readonly<Record<string, string>> = {}): Promise<FakeEncoder> {
    const admission = await this.admit('push', 'room', { userid: userId, ...query })
    if (!admission.ok) throw new Error(admission.sentence)
    return new FakeEncoder(this, admission)
  }
}
