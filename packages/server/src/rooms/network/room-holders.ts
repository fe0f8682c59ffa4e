import { StreamKey } from '../../hub/index.js'
import type { DistantHolders, DistantTarget } from '../media/distant-holders.js'
import { subjectOf } from '../media/member-stream.js'
import type { SealedScope } from '../media/token-scope.js'
import type { Member } from '../member.js'
import { RoomError } from '../model/room-error.js'
import { RemoteMember } from './remote-member.js'
import type { RoomUnion } from './room-union.js'
import type { StreamPlaces } from './stream-places.js'

/** A room, as the holders of addresses are looked for in it. */
export interface HeldRoom {
  readonly members: Iterable<Member>
  readonly exists: boolean
  readonly union: RoomUnion | undefined
}

export interface RoomHoldersOptions {
  readonly places: StreamPlaces
  /** A room that this node may not have yet. Rejects with RoomError. */
  readonly visit: (roomId: string) => Promise<HeldRoom>
  readonly get: (roomId: string) => HeldRoom | undefined
  /** Whether a shared address is still one; its holder names it. Rejects when that cannot be known. */
  readonly isShared: (holder: string) => Promise<boolean>
}

/** The members of rooms, wherever they are, as the holders of sealed addresses. */
export class RoomHolders implements DistantHolders {
  readonly #options: RoomHoldersOptions
  readonly #listeners = new Set<(roomId: string) => void>()

  constructor(options: RoomHoldersOptions) {
    this.#options = options
  }

  async find(scope: SealedScope): Promise<DistantTarget | undefined> {
    const room = await this.#options.visit(scope.roomId)
    if (room.union?.isKnown === false)
      throw new RoomError('CLUSTER_UNAVAILABLE', 'What other nodes know of the room is not known yet.')
    if (!room.exists) return undefined
    if (scope.isShared === true)
      return (await this.#options.isShared(scope.holder)) ? streamIn(room, scope, undefined) : undefined
    const holder = holderIn(room, scope.holder)
    if (holder === undefined) return undefined
    return scope.streamType === 'mix' ? this.#mixOf(holder, scope) : streamIn(room, scope, holder)
  }

  published({ key }: DistantTarget): () => void {
    const roomId = key.of?.roomId
    const room = roomId === undefined ? undefined : this.#options.get(roomId)
    return room?.union?.carry(key.name) ?? (() => undefined)
  }

  observe(listener: (roomId: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Members of the room came or went. */
  changed(roomId: string): void {
    for (const listener of [...this.#listeners]) listener(roomId)
  }

  /** It is made where its listener is. */
  #mixOf(holder: Member, { key, roomId }: SealedScope): DistantTarget {
    const { userId } = holder
    const named = StreamKey.room(key.name, { roomId, userId, streamType: 'mix' })
    if (holder instanceof RemoteMember) this.#options.places.set(roomId, named, holder.home.tag)
    return { key: named, userId }
  }
}

function holderIn(room: HeldRoom, sessionId: string): Member | undefined {
  for (const member of room.members) if (member.sessionId === sessionId) return member
  return undefined
}

/** To publish by it, the stream has to be the holder's own. */
function streamIn(room: HeldRoom, scope: SealedScope, holder: Member | undefined): DistantTarget | undefined {
  const { action, key } = scope
  for (const member of action === 'publish' && holder !== undefined ? [holder] : room.members)
    for (const stream of member.streams) {
      if (stream.key.name !== key.name) continue
      const { userId } = member
      if (action === 'publish') return { key: stream.key, userId, subject: subjectOf(stream.key) }
      return { key: key.layer === 'small' ? stream.key.small : stream.key, userId }
    }
  return undefined
}
