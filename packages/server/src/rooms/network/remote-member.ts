import type { MemberKind, PublishedStreamType, Role } from '@crossroom/protocol'
import type { Permissions } from '../../auth/index.js'
import { StreamKey } from '../../hub/index.js'
import type { ListedStream } from '../media/listed-stream.js'
import type { Member, MemberRoom } from '../member.js'
import { streamIdOf } from '../model/membership.js'
import type { Kinds } from '../model/policy.js'
import type { RoomServices } from '../services.js'
import { RemoteStream } from './remote-stream.js'
import type { DocumentMember, DocumentStream } from './room-document.js'

/** Its own node checks what it may send and receive. */
const NOTHING = {
  enter: true,
  sendAudio: false,
  receiveAudio: false,
  sendVideo: false,
  receiveVideo: false,
  sendAux: false,
  receiveAux: false,
}

/** The node that serves a member. */
export interface Home {
  readonly tag: string
  readonly instance: string
}

/** A member that another node serves: what is known of it stands in that node's document. */
export class RemoteMember implements Member {
  readonly userId: string
  readonly kind: MemberKind
  readonly epoch: number
  readonly home: Home
  readonly enteredAtMs: number
  readonly remoteAddress: string
  readonly #room: MemberRoom
  readonly #services: RoomServices
  readonly #streams = new Map<PublishedStreamType, RemoteStream>()
  role: Role
  mutedByOthers: Kinds = { audio: false, video: false }
  /** Its node cannot be reached: its streams, its role and its place are kept for a while. */
  isAway = false
  #told: DocumentMember
  /** `update` was called. */
  isUpdated = false

  constructor(room: MemberRoom, services: RoomServices, home: Home, told: DocumentMember) {
    this.#room = room
    this.#services = services
    this.home = home
    this.#told = told
    this.userId = told.userId
    this.kind = told.kind
    this.epoch = told.epoch
    this.enteredAtMs = told.enteredAt
    this.remoteAddress = told.remoteAddress
    this.role = told.role
  }

  get told(): DocumentMember {
    return this.#told
  }

  get sessionId(): string | undefined {
    return this.#told.sessionId
  }

  get mediaId(): string {
    return this.#told.mediaId
  }

  get userName(): string {
    return this.#told.userName
  }

  get isListed(): boolean {
    return this.role !== 'audience'
  }

  get permissions(): Permissions {
    return { ...NOTHING, createRoom: this.#told.createRoom }
  }

  get streams(): Iterable<RemoteStream> {
    return this.#streams.values()
  }

  streamOf(streamType: PublishedStreamType): RemoteStream | undefined {
    return this.#streams.get(streamType)
  }

  /** Its streams are those of the document. */
  update(told: DocumentMember): void {
    this.#told = told
    this.isUpdated = true
    const types = new Set(told.streams.map(({ streamType }) => streamType))
    for (const stream of [...this.#streams.values()]) if (!types.has(stream.streamType)) this.#drop(stream)
    for (const stream of told.streams) this.#streamFor(stream).update(stream)
  }

  giveStreams(): readonly RemoteStream[] {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    return streams
  }

  /** The streams of the media id that its document tells go on. */
  adopt(_: string, streams: readonly ListedStream[]): void {
    for (const stream of streams) {
      if (stream instanceof RemoteStream) this.#streams.set(stream.streamType, stream)
      else {
        this.#add(stream.streamType)
        stream.release()
      }
    }
  }

  applyMutes(): void {
    // Its own node withholds, and its document says so.
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close()
    this.#streams.clear()
  }

  #streamFor({ streamType }: DocumentStream): RemoteStream {
    const present = this.#streams.get(streamType)
    if (present?.key.name === streamIdOf(this.mediaId, streamType)) return present
    if (present !== undefined) this.#drop(present)
    return this.#add(streamType)
  }

  #add(streamType: PublishedStreamType): RemoteStream {
    const { hub, layers, tokens } = this.#services
    const { id: roomId, changes } = this.#room
    const key = StreamKey.room(streamIdOf(this.mediaId, streamType), { roomId, userId: this.userId, streamType })
    const stream = new RemoteStream({ hub, layers, tokens, changes, streamType, key })
    this.#streams.set(streamType, stream)
    return stream
  }

  #drop(stream: RemoteStream): void {
    this.#streams.delete(stream.streamType)
    stream.close()
  }
}
