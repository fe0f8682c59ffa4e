import type { PublishedStreamType, TrackKind } from '@crossroom/protocol'
import { roomLimits } from '../config/index.js'
import type { StreamKey } from '../hub/index.js'
import type { MemberSummary, RoomOperations, RoomSummary, ShareRequest } from './doors/room-operations.js'
import type { Member } from './member.js'
import type { GuestPass } from './model/invitations.js'
import { promised } from './promised.js'
import type { Room } from './room.js'
import type { Rooms } from './rooms.js'

/** Operator actions on the rooms of this process. */
export class LocalOperations implements RoomOperations {
  readonly #rooms: Rooms

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  list(): Promise<readonly RoomSummary[]> {
    return promised(() => this.#rooms.list().map(summaryOf))
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
      return { token: tokens.issue({ ...scope, expiresAtMs, isShared: true }) }
    })
  }

  unshare(roomId: string, text: string): Promise<number | undefined> {
    return promised(() => {
      const { tokens } = this.#rooms
      const token = tokens.find(text)
      if (token?.roomId !== roomId || token.isShared !== true) return undefined
      const players = token.connections.size
      tokens.revoke(text)
      return players
    })
  }

  redeem(roomId: string, invite: string): Promise<GuestPass | undefined> {
    return promised(() => this.#rooms.get(roomId)?.invitations.redeem(invite))
  }

  usersIn(roomId: string): Promise<ReadonlySet<string> | undefined> {
    return promised(() => {
      const room = this.#rooms.get(roomId)
      return room === undefined ? undefined : new Set([...room.members].map(({ userId }) => userId))
    })
  }

  /** In the room: at once where this node alone has rooms. */
  #in<Result>(roomId: string, work: (room: Room) => Result | PromiseLike<Result>): Promise<Result> {
    return promised((): Result | PromiseLike<Result> => {
      const room = this.#rooms.require(roomId)
      return room instanceof Promise ? room.then(work) : work(room)
    })
  }
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
