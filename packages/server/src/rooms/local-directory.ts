import type { ParamsOf, ResultOf } from '@crossroom/protocol'
import type { Grant, Identity } from '../auth/index.js'
import type { EnterRequest } from './doors/enter-request.js'
import type { MemberMethod, ParticipantRequests } from './doors/participant-requests.js'
import type { PushDirectory, PushRequest } from './doors/push.js'
import type { Membership, RoomDirectory } from './doors/room-directory.js'
import type { Participant } from './participant.js'
import { promised } from './promised.js'
import type { Rooms } from './rooms.js'
import type { AddressBook, MemberConnection } from './view/member-connection.js'

/** The entrances to the rooms of this process. Each call is complete when it returns. */
export class LocalDirectory implements RoomDirectory, PushDirectory {
  readonly #rooms: Rooms

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  enter(request: EnterRequest): Promise<Membership> {
    return promised(() => membershipOf(this.#rooms.admit(request).enter(request)))
  }

  resume(resumeToken: string, connection: MemberConnection, addresses: AddressBook): Promise<Membership> {
    return promised(() => membershipOf(this.#rooms.resume(resumeToken, connection, addresses)))
  }

  push(request: PushRequest): Promise<Grant> {
    return promised(() => this.#rooms.push(request))
  }
}

function membershipOf(participant: Participant): Membership {
  return { member: new LocalMember(participant), result: participant.enterResult() }
}

/** A participant of this process, as signaling asks it. */
class LocalMember implements ParticipantRequests {
  readonly userId: string
  readonly roomId: string
  readonly #participant: Participant

  constructor(participant: Participant) {
    this.userId = participant.userId
    this.roomId = participant.roomId
    this.#participant = participant
  }

  leave(): Promise<void> {
    return promised(() => this.#participant.leave())
  }

  lost(): void {
    this.#participant.lost()
  }

  request<Method extends MemberMethod>(method: Method, params: ParamsOf<Method>): Promise<ResultOf<Method>> {
    return promised(() => this.#participant.request(method, params))
  }

  renewed(identity: Identity): Promise<ResultOf<'room.renew'>> {
    return promised(() => this.#participant.renewed(identity))
  }
}
