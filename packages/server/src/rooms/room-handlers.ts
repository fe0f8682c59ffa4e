import type { ExitReason } from '@crossroom/protocol'
import type { LocalMember } from './local-member.js'

/** Told by one room. */
export interface RoomHandlers<Room> {
  entered(member: LocalMember): void
  exited(member: LocalMember, reason: ExitReason): void
  /** It has been empty for a minute, or was disbanded. */
  over(room: Room): void
}
