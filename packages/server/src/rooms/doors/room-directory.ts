import type { EnterRequest } from './enter-request.js'
import type { AddressBook, MemberConnection } from '../view/member-connection.js'
import type { ParticipantRequests } from './participant-requests.js'

/** The way into rooms for signaling; `Rooms` implements it. */
export interface RoomDirectory {
  /** Throws RoomError: BANNED, DRAINING, NO_PERMISSION, ROOM_FULL, ROOM_NOT_FOUND, ROOMS_FULL, TOO_MANY_ANCHORS. */
  enter(request: EnterRequest): ParticipantRequests
  /**
   * The same member by a new socket, which may have come by another name of the server; the old one, if it is still open, is
   * closed. Throws RoomError: RESUME_FAILED.
   */
  resume(resumeToken: string, connection: MemberConnection, addresses: AddressBook): ParticipantRequests
}
