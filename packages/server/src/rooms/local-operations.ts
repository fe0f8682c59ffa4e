import type { PublishedStreamType, TrackKind } from '@crossroom/protocol'
import { roomLimits } from '../config/index.js'
import type { StreamKey } from '../hub/index.js'
import type { MemberSummary, RoomOperations, RoomSummary, ShareRequest } from './doors/room-operations.js'
import type { Member } from './member.js'
import type { GuestPass } from './model/invitations.js'
import type { DocumentMember } from './network/room-document.js'
import type { NetworkRoom } from './network/room-network.js'
import { promised } from './promised.js'
import type { Room } from './room.js'
import type { Rooms } from './rooms.js'
import type { RoomsCluster } from './services.js'

/** Operator actions on the rooms of this process. */
export class LocalOperations implements RoomOperations {
  readonly #rooms: Rooms

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  list(): Promise<readonly RoomSummary[]> {
    return promised(() => {
      const { cluster } = this.#rooms
      const here = this.#rooms.list()
      if (cluster === undefined) return here.map(summaryOf)
      const known = new Map(here.map((room) => [room.id, room]))
      return cluster.network.list().then((rooms) =>
        rooms
          .map((room) => {
            const present = known.get(room.roomId)
            return present?.size === 0 || present === undefined ? summaryOfNetwork(room) : summaryOf(present)
          })
          .sort((one, other) => one.createdAt - other.createdAt),
      )
    })
  }

  room(roomId: string): Promise<RoomSummary> {
    return this.#in(roomId, summaryOf)
  }

  disband(roomId: string): Promise<number> {
    return this.#in(roomId, (room) => {
      const members = room.size
      const done = room.disband()
      return done instanceof Promise ? done.then(() => members) : members
    })
  }

  members(roomId: string): Promise<readonly MemberSummary[]> {
    return this.#in(roomId, (room) => [...room.members].map((member) => memberSummaryOf(room, member)))
  }

  kick(roomId: string, userId: string, banMs: number): Promise<void> {
    return this.#in(roomId, (room) => room.kick(userId, banMs))
  }

  mute(roomId: string, userId: string, kind: TrackKind, muted: boolean): Promise<MemberSummary> {
    return this.#in(roomId, (room) => {
      const done = room.mute(userId, kind, muted)
      const summary = (): MemberSummary => memberSummaryOf(room, room.require(userId))
      if (!(done instanceof Promise)) return summary()
      // Its node did so, and tells it in a moment.
      return done.then(summary).then((told) => ({ ...told, muted: { ...told.muted, [kind]: muted } }))
    })
  }

  streamOf(roomId: string, userId: string, streamType: PublishedStreamType): Promise<StreamKey | undefined> {
    return this.#in(roomId, (room) => room.require(userId).streamOf(streamType)?.key)
  }

  share(
    roomId: string,
    { userId, streamType, expiresAtMs }: ShareRequest,
  ): Promise<{ readonly token: string } | 'no-stream' | 'too-many'> {
    return this.#in(roomId, (room) => {
      const { tokens } = this.#rooms
      const stream = room.member(userId)?.streamOf(streamType)
      if (stream === undefined) return 'no-stream'
      const holder = `shared:${roomId}`
      if (tokens.countOf(holder) >= roomLimits.sharedAddresses) return 'too-many'
      const scope = { action: 'play', roomId, holder, userId, streamType, key: stream.key } as const
      const token = tokens.issue({ ...scope, expiresAtMs, isShared: true })
      const { cluster } = this.#rooms
      const sealed = cluster?.addresses.read(token)
      if (cluster === undefined || sealed === undefined) return { token }
      return cluster.network.share(sealed.holder, expiresAtMs).then(() => ({ token }))
    })
  }

  unshare(roomId: string, text: string): Promise<number | undefined> {
    return promised(() => {
      const { cluster, tokens } = this.#rooms
      const token = tokens.find(text)
      if (cluster !== undefined) return this.#unshareEverywhere(cluster, roomId, text, token?.connections.size ?? 0)
      if (token?.roomId !== roomId || token.isShared !== true) return undefined
      const players = token.connections.size
      tokens.revoke(text)
      return players
    })
  }

  redeem(roomId: string, invite: string): Promise<GuestPass | undefined> {
    return promised(() => {
      const pass = this.#rooms.get(roomId)?.invitations.redeem(invite)
      if (pass !== undefined || this.#rooms.cluster === undefined) return pass
      return this.#rooms.visit(roomId).then((room) => room.union?.redeem(invite))
    })
  }

  usersIn(roomId: string): Promise<ReadonlySet<string> | undefined> {
    return promised(() => {
      const usersOf = (room: Room | undefined): ReadonlySet<string> | undefined =>
        room?.exists === true ? new Set([...room.members].map(({ userId }) => userId)) : undefined
      const { cluster } = this.#rooms
      return cluster === undefined ? usersOf(this.#rooms.get(roomId)) : this.#rooms.visit(roomId).then(usersOf)
    })
  }

  /** Its players on other nodes end within seconds. */
  async #unshareEverywhere(
    { addresses, network }: RoomsCluster,
    roomId: string,
    text: string,
    players: number,
  ): Promise<number | undefined> {
    const sealed = addresses.read(text)
    if (sealed?.isShared !== true || sealed.roomId !== roomId) return undefined
    if (!(await network.unshare(sealed.holder))) return undefined
    this.#rooms.tokens.revoke(text)
    return players
  }

  /** In the room: at once where this node alone has rooms. */
  #in<Result>(roomId: string, work: (room: Room) => Result | PromiseLike<Result>): Promise<Result> {
    return promised((): Result | PromiseLike<Result> => {
      const room = this.#rooms.require(roomId)
      return room instanceof Promise ? room.then(work) : work(room)
    })
  }
}

/** A room that is on other nodes only. */
function summaryOfNetwork({ roomId, head, documents }: NetworkRoom): RoomSummary {
  const newest = new Map<string, DocumentMember>()
  for (const member of documents.flatMap(({ members }) => members))
    if (member.epoch > (newest.get(member.userId)?.epoch ?? -1)) newest.set(member.userId, member)
  const audience = [...newest.values()].filter(({ role }) => role === 'audience').length
  const unnamed = documents.reduce((sum, document) => sum + document.unnamed, 0)
  const { createdAt, owner: ownerId } = head
  return { roomId, ownerId, createdAt, anchors: newest.size - audience, audience: audience + unnamed }
}

function summaryOf(room: Room): RoomSummary {
  const { roomId, ownerId, createdAt, anchors, audience } = room.info()
  return { roomId, ownerId, createdAt, anchors, audience }
}

function memberSummaryOf(room: Room, member: Member): MemberSummary {
  const { userId, userName, kind, role, remoteAddress, enteredAtMs: enteredAt, mutedByOthers: muted } = member
  const layers = room.list.get(userId)?.layers ?? []
  const streams = layers.map(({ streamType, kinds }) => ({
    streamType,
    hasAudio: kinds.audio,
    hasVideo: kinds.video,
  }))
  return { userId, userName, kind, role, remoteAddress, enteredAt, muted: { ...muted }, streams }
}
