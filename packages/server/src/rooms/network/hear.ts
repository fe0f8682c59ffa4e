import type { NotificationMethod, NotificationParams, ReceivedMessage } from '@crossroom/protocol'
import type { Member } from '../member.js'
import type { Bans } from '../model/bans.js'
import { LocalMember } from '../local-member.js'
import { RemoteMember } from './remote-member.js'
import type { RoomEvent } from './room-document.js'

/** A room that other nodes tell what passes by. */
export interface HearingRoom {
  readonly id: string
  readonly messages: { deliver(message: ReceivedMessage): void }
  member(userId: string): Member | undefined
  isBanned(userId: string): boolean
  /** Those of this node. */
  notifyAll<Method extends NotificationMethod>(method: Method, params: NotificationParams<Method>): void
  putOut(member: Member): void
}

export function hear(
  room: HearingRoom,
  { bans, nowMs }: { readonly bans: Bans; readonly nowMs: () => number },
  event: RoomEvent,
): void {
  if (event.kind === 'quality') room.notifyAll('media.quality', event.quality)
  else if (event.kind === 'message') room.messages.deliver(event.message)
  else if (event.kind === 'levels') {
    for (const { userId, level } of event.levels) {
      // It may have left meanwhile.
      const member = room.member(userId)
      if (member instanceof RemoteMember) member.streamOf('main')?.hear(level)
    }
  } else {
    bans.add(nowMs(), room.id, event.userId, event.until - nowMs())
    const member = room.member(event.userId)
    // The node that would put it out cannot be reached.
    const isAway = member instanceof RemoteMember && member.isAway
    // The node that banned it did not know yet that it is here.
    const isHere = member instanceof LocalMember && room.isBanned(event.userId)
    if (member !== undefined && (isAway || isHere)) room.putOut(member)
  }
}
