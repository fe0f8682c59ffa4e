import type { MemberKind, PublishedStreamType, PublishState, Role, TrackKind } from '@crossroom/protocol'
import type { Permissions } from '../auth/identity.js'
import type { StreamProtocol } from '../auth/index.js'
import { smallKeyOf } from './media/media-gateway.js'
import { MemberStream, UNHEARD, type MemberStreamHandlers } from './media/member-stream.js'
import { maySend, type Kinds } from './model/policy.js'
import type { Room } from './room.js'
import type { RoomServices } from './services.js'

export interface MemberOptions {
  readonly room: Room
  readonly services: RoomServices
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly role: Role
  readonly permissions: Permissions
  readonly remoteAddress: string
}

/** Players that are given FLV as it came, and conversions of everything else, decided when they begin. */
const FLV_PROTOCOLS: ReadonlySet<StreamProtocol> = new Set(['rtmp', 'http-flv', 'ws-flv'])

/** Somebody in a room, with or without a socket, and what they publish. */
export abstract class Member {
  readonly room: Room
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly remoteAddress: string
  /** Unix milliseconds. */
  readonly enteredAtMs: number
  role: Role
  protected readonly services: RoomServices
  #permissions: Permissions
  #mutedByOthers: Kinds = { audio: false, video: false }
  readonly #streams = new Map<PublishedStreamType, MemberStream>()

  constructor(options: MemberOptions) {
    this.room = options.room
    this.services = options.services
    this.userId = options.userId
    this.userName = options.userName
    this.kind = options.kind
    this.role = options.role
    this.remoteAddress = options.remoteAddress
    this.enteredAtMs = options.services.nowMs()
    this.#permissions = options.permissions
  }

  get permissions(): Permissions {
    return this.#permissions
  }

  /** Everybody but the audience is listed, may be seen and counts as an anchor. */
  get isListed(): boolean {
    return this.role !== 'audience'
  }

  get streams(): Iterable<MemberStream> {
    return this.#streams.values()
  }

  /** Kinds that the owner or an operator muted. */
  get mutedByOthers(): Kinds {
    return this.#mutedByOthers
  }

  streamOf(streamType: PublishedStreamType): MemberStream | undefined {
    return this.#streams.get(streamType)
  }

  /** The stream of that type, made if need be. */
  openStream(streamType: PublishedStreamType): MemberStream {
    const present = this.#streams.get(streamType)
    if (present !== undefined) return present
    const { hub, clock, newId } = this.services
    return this.addStream(new MemberStream({ hub, clock, id: newId(), streamType, handlers: this.#handlers }))
  }

  addStream(stream: MemberStream): MemberStream {
    this.#streams.set(stream.streamType, stream)
    stream.handlers = this.#handlers
    stream.allow(maySend(this.#permissions, stream.streamType))
    stream.muteByOthers(this.#mutedByOthers)
    return stream
  }

  /** Gives its streams away, and hears no more of them. */
  giveStreams(): readonly MemberStream[] {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) stream.handlers = UNHEARD
    return streams
  }

  /** Takes the place of the same user: the streams pass on, so that those who play them stay where they are. */
  adopt(other: Member, streams: readonly MemberStream[]): void {
    this.#mutedByOthers = other.#mutedByOthers
    for (const stream of streams) {
      stream.announce(undefined)
      stream.mute({ audio: false, video: false })
      this.addStream(stream)
    }
  }

  muteByOthers(kind: TrackKind, muted: boolean): void {
    this.#mutedByOthers = { ...this.#mutedByOthers, [kind]: muted }
    for (const stream of this.#streams.values()) stream.muteByOthers(this.#mutedByOthers)
  }

  /** Nothing it sent is there any more, and nobody may play it. */
  closeStreams(): void {
    for (const stream of this.#streams.values()) {
      stream.close()
      this.services.tokens.revokeKey(stream.key)
      this.services.tokens.revokeKey(smallKeyOf(stream.key))
    }
    this.#streams.clear()
  }

  /** It left, by whatever door: closes what it holds, tells it nothing. Idempotent. */
  abstract close(): void

  /** One of its streams went live, stalled or ended. */
  protected abstract handlePublished(stream: MemberStream, state: Exclude<PublishState, 'refused'>): void

  protected setPermissions(permissions: Permissions): void {
    this.#permissions = permissions
    for (const stream of this.#streams.values()) stream.allow(maySend(permissions, stream.streamType))
  }

  readonly #handlers: MemberStreamHandlers = {
    changed: () => this.room.changed(),
    published: (stream, state) => this.handlePublished(stream, state),
    audible: () => this.room.audible(),
    meter: () => this.room.soundMeter,
    estranged: (key) => this.services.tokens.endPlays(key, FLV_PROTOCOLS),
  }
}
