import type { MemberKind, PublishedStreamType, PublishState, Role } from '@crossroom/protocol'
import type { Permissions } from '../auth/index.js'
import type { ListedStream } from './media/listed-stream.js'
import { MemberStream, type StreamOwner } from './media/member-stream.js'
import type { Member, MemberRoom } from './member.js'
import { streamIdOf, type EarlierMembership } from './model/membership.js'
import { maySend, type Kinds } from './model/policy.js'
import type { RoomServices } from './services.js'

export interface LocalMemberOptions {
  readonly room: MemberRoom
  readonly services: RoomServices
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly role: Role
  readonly permissions: Permissions
  readonly remoteAddress: string
  /** See `Member`. */
  readonly epoch: number
  /** Of the same user, elsewhere: its streams go on here. */
  readonly earlier?: Pick<EarlierMembership, 'mediaId'> | undefined
}

/** A member that this node serves, and the streams that it publishes here. */
export abstract class LocalMember implements Member, StreamOwner {
  readonly room: MemberRoom
  readonly userId: string
  readonly userName: string
  readonly kind: MemberKind
  readonly remoteAddress: string
  readonly enteredAtMs: number
  readonly epoch: number
  abstract readonly sessionId: string | undefined
  role: Role
  mutedByOthers: Kinds = { audio: false, video: false }
  readonly services: RoomServices
  #permissions: Permissions
  #mediaId: string
  readonly #streams = new Map<PublishedStreamType, MemberStream>()
  readonly #borrowed = new Set<MemberStream>()

  constructor(options: LocalMemberOptions) {
    this.room = options.room
    this.services = options.services
    this.userId = options.userId
    this.userName = options.userName
    this.kind = options.kind
    this.role = options.role
    this.remoteAddress = options.remoteAddress
    this.epoch = options.epoch
    this.enteredAtMs = options.services.nowMs()
    this.#permissions = options.permissions
    this.#mediaId = options.earlier?.mediaId ?? options.services.newId()
  }

  get mediaId(): string {
    return this.#mediaId
  }

  get permissions(): Permissions {
    return this.#permissions
  }

  get isListed(): boolean {
    return this.role !== 'audience'
  }

  get streams(): Iterable<MemberStream> {
    return this.#streams.values()
  }

  streamOf(streamType: PublishedStreamType): MemberStream | undefined {
    return this.#streams.get(streamType)
  }

  /** The stream of that type, made if need be. */
  openStream(streamType: PublishedStreamType): MemberStream {
    return this.#streams.get(streamType) ?? this.#make(streamType)
  }

  /** A stream that the same user published on another node, until it is adopted. */
  borrow({ streamType }: ListedStream): void {
    this.#borrowed.add(this.#make(streamType))
  }

  giveStreams(): readonly MemberStream[] {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) stream.owner = undefined
    return streams
  }

  adopt(mediaId: string, streams: readonly ListedStream[]): void {
    this.#mediaId = mediaId
    this.#borrowed.clear()
    for (const stream of streams) {
      if (stream instanceof MemberStream) {
        stream.announce(undefined)
        stream.mute({ audio: false, video: false })
        this.#take(stream)
      } else {
        if (this.#streams.get(stream.streamType)?.key.name !== stream.key.name) this.#make(stream.streamType)
        stream.release()
      }
    }
  }

  applyMutes(): void {
    for (const stream of this.#streams.values()) stream.muteByOthers(this.mutedByOthers)
  }

  /** Its streams are gone and may no longer be played. */
  closeStreams(): void {
    for (const stream of this.#streams.values())
      if (this.#borrowed.has(stream)) stream.release()
      else stream.close()
    this.#streams.clear()
    this.#mediaId = this.services.newId()
  }

  abstract close(): void

  /** One of its streams went live, stalled or ended. */
  abstract handlePublished(stream: MemberStream, state: Exclude<PublishState, 'refused'>): void

  protected setPermissions(permissions: Permissions): void {
    this.#permissions = permissions
    for (const stream of this.#streams.values()) stream.allow(maySend(permissions, stream.streamType))
  }

  #make(streamType: PublishedStreamType): MemberStream {
    const { hub, layers, clock, tokens, flvProtocols } = this.services
    const { id: roomId, changes } = this.room
    const of = { roomId, userId: this.userId, streamType }
    const id = streamIdOf(this.#mediaId, streamType)
    return this.#take(new MemberStream({ hub, layers, clock, tokens, flvProtocols, id, of, changes }))
  }

  #take(stream: MemberStream): MemberStream {
    this.#streams.set(stream.streamType, stream)
    stream.owner = this
    stream.allow(maySend(this.#permissions, stream.streamType))
    stream.muteByOthers(this.mutedByOthers)
    return stream
  }
}
