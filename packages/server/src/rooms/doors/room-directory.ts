import type { AddressBook, MemberConnection } from '../view/member-connection.js'
import type { EnterRequest } from './enter-request.js'
import type { ParticipantRequests, RoomEnterResult } from './participant-requests.js'

/** A membership as signaling holds it. */
export interface Membership {
  readonly member: ParticipantRequests
  /** Answers `room.enter` or `room.resume`. The connection is notified of what happens after it, perhaps before it arrives. */
  readonly result: RoomEnterResult
}

/** The socket of a member that comes back. */
export interface ResumeOrigin {
  readonly connection: MemberConnection
  readonly addresses: AddressBook
  /** IP address without a port. */
  readonly remoteAddress: string
}

/** The way into rooms for signaling, wherever a room lives. */
export interface RoomDirectory {
  /** Rejects with RoomError: BANNED, DRAINING, NO_PERMISSION, ROOM_FULL, ROOM_NOT_FOUND, ROOMS_FULL, TOO_MANY_ANCHORS. */
  enter(request: EnterRequest): Promise<Membership>
  /**
   * The same member on a new socket, perhaps under another host name of the server; the old one, if still open, is
   * closed. In a cluster also a member of another node, which `moved` says. Rejects with RoomError: RESUME_FAILED.
   */
  resume(resumeToken: string, from: ResumeOrigin): Promise<Membership>
}
