import type { ParamsOf, ResultOf } from '@crossroom/protocol'
import type { Grant, Identity } from '../auth/index.js'
import type { EnterRequest } from './doors/enter-request.js'
import type { MemberMethod, ParticipantRequests } from './doors/participant-requests.js'
import type { PushDirectory, PushRequest } from './doors/push.js'
import type { Membership, ResumeOrigin, RoomDirectory } from './doors/room-directory.js'
import type { SessionClaim } from './model/membership.js'
import type { Participant } from './participant.js'
import { promised } from './promised.js'
import type { Room } from './room.js'
import type { Rooms } from './rooms.js'

/** The entrances to the rooms of this process. Each call is complete when it returns. */
export class LocalDirectory implements RoomDirectory, PushDirectory {
  readonly #rooms: Rooms

  constructor(rooms: Rooms) {
    this.#rooms = rooms
  }

  enter(request: EnterRequest): Promise<Membership> {
    return promised(() => {
      const room = this.#rooms.admitAnywhere(request)
      return room instanceof Promise ? enterKnown(room, request) : membershipOf(room.enter(request))
    })
  }

  async resume(resumeToken: string, from: ResumeOrigin): Promise<Membership> {
    const { connection, addresses } = from
    if (this.#rooms.session(resumeToken) !== undefined)
      return membershipOf(this.#rooms.resume(resumeToken, connection, addresses))
    const claim = await this.#rooms.claimElsewhere(resumeToken)
    const { member, result } = await this.enter(entryOf(claim, from))
    return { member, result: { ...result, moved: true } }
  }

  push(request: PushRequest): Promise<Grant> {
    return promised(() => {
      const room = this.#rooms.admitAnywhere(request)
      if (room instanceof Promise) return room.then((known) => this.#rooms.push(known, request))
      return this.#rooms.push(room, request)
    })
  }
}

/** A session of another node goes on here. */
function entryOf(claim: SessionClaim, from: ResumeOrigin): EnterRequest {
  const { roomId, userId, userName, permissions, expiresAt, kind, role } = claim
  return {
    ...{ roomId, userName, ...from, earlier: claim },
    identity: { userId, permissions, expiresAt, isOwner: false },
    role: role === 'audience' ? 'audience' : 'anchor',
    client: { kind, version: '' },
  }
}

/** On many nodes the answer tells who owns the room, if that is decided in a moment. */
async function enterKnown(admitted: Promise<Room>, request: EnterRequest): Promise<Membership> {
  const room = await admitted
  const participant = room.enter(request)
  await room.union?.entered(participant)
  return membershipOf(participant)
}

function membershipOf(participant: Participant): Membership {
  return { member: new MemberRequests(participant), result: participant.enterResult() }
}

/** A participant of this process, as signaling asks it. */
class MemberRequests implements ParticipantRequests {
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
    return promised((): ResultOf<Method> | PromiseLike<ResultOf<Method>> => this.#participant.request(method, params))
  }

  renewed(identity: Identity): Promise<ResultOf<'room.renew'>> {
    return promised(() => this.#participant.renewed(identity))
  }
}
