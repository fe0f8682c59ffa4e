import type { ExitReason, MemberKind, PublishedStreamType, PublishState, Role } from '@crossroom/protocol'
import type { Permissions } from '../auth/index.js'
import { MemberStream, type StreamOwner } from './media/member-stream.js'
import type { RoomChanges } from './media/room-changes.js'
import { epochAfter, streamIdOf, type EarlierMembership } from './model/membership.js'
import { maySend, type Kinds } from './model/policy.js'
import type { Person } from './model/roster.js'
import type { RoomServices } from './services.js'

export interface MemberOptions {
  readonly room: MemberRoom
  readonly services: RoomServices
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly role: Role
  readonly permissions: Permissions
  readonly remoteAddress: string
  /** Of the same user, elsewhere: its streams go on here. */
  readonly earlier?: EarlierMembership | undefined
}

/** The room as its members see it. */
export interface MemberRoom {
  readonly id: string
  /** Told by the member's streams. */
  readonly changes: RoomChanges
  /** Idempotent. */
  exit(member: Member, reason: ExitReason): void
}

/** A member of a room, with or without a socket, and its streams. */
export abstract class Member implements Person, StreamOwner {
  readonly room: MemberRoom
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly remoteAddress: string
  /** Unix milliseconds. */
  readonly enteredAtMs: number
  /** Changed by the roster only. */
  role: Role
  /** Changed by the roster only; see `applyMutes`. */
  mutedByOthers: Kinds = { audio: false, video: false }
  readonly services: RoomServices
  #permissions: Permissions
  readonly #streams = new Map<PublishedStreamType, MemberStream>()
  /** Of two nodes with the same user, the higher one has it. */
  readonly epoch: number
  #mediaId: string

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
    this.#mediaId = options.earlier?.mediaId ?? options.services.newId()
    this.epoch = epochAfter(options.earlier, this.enteredAtMs)
  }

  get permissions(): Permissions {
    return this.#permissions
  }

  /** Everybody but the audience is listed, may be seen and counts as an anchor. */
  get isListed(): boolean {
    return this.role !== 'audience'
  }

  /** Names its streams, on whichever node it is. */
  get mediaId(): string {
    return this.#mediaId
  }

  get streams(): Iterable<MemberStream> {
    return this.#streams.values()
  }

  streamOf(streamType: PublishedStreamType): MemberStream | undefined {
    return this.#streams.get(streamType)
  }

  /** The stream of that type, made if need be. */
  openStream(streamType: PublishedStreamType): MemberStream {
    const present = this.#streams.get(streamType)
    if (present !== undefined) return present
    const { hub, layers, clock, tokens, flvProtocols } = this.services
    const { id: roomId, changes } = this.room
    const of = { roomId, userId: this.userId, streamType }
    const id = streamIdOf(this.#mediaId, streamType)
    return this.addStream(new MemberStream({ hub, layers, clock, tokens, flvProtocols, id, of, changes }))
  }

  addStream(stream: MemberStream): MemberStream {
    this.#streams.set(stream.streamType, stream)
    stream.owner = this
    stream.allow(maySend(this.#permissions, stream.streamType))
    stream.muteByOthers(this.mutedByOthers)
    return stream
  }

  /** Hands its streams over, and gets no further events of them. */
  giveStreams(): readonly MemberStream[] {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) stream.owner = undefined
    return streams
  }

  /** Replaces the same user: the streams pass on, so that their players stay connected. */
  adopt(mediaId: string, streams: readonly MemberStream[]): void {
    this.#mediaId = mediaId
    for (const stream of streams) {
      stream.announce(undefined)
      stream.mute({ audio: false, video: false })
      this.addStream(stream)
    }
  }

  /** The server withholds kinds muted by others, for the whole membership. */
  applyMutes(): void {
    for (const stream of this.#streams.values()) stream.muteByOthers(this.mutedByOthers)
  }

  /** Its streams are gone and may no longer be played. */
  closeStreams(): void {
    for (const stream of this.#streams.values()) stream.close()
    this.#streams.clear()
    this.#mediaId = this.services.newId()
  }

  /** The member left in any way: closes its resources without a notification. Idempotent. */
  abstract close(): void

  /** One of its streams went live, stalled or ended. */
  abstract handlePublished(stream: MemberStream, state: Exclude<PublishState, 'refused'>): void

  protected setPermissions(permissions: Permissions): void {
    this.#permissions = permissions
    for (const stream of this.#streams.values()) stream.allow(maySend(permissions, stream.streamType))
  }
}
