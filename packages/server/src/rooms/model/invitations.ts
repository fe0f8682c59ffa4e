import { DEFAULT_INVITE_MS, type InviteParams, type RequestedRole } from '@crossroom/protocol'
import type { Permissions } from '../../auth/identity.js'
import { roomLimits } from '../../config/limits.js'
import { mayBeAnchor } from './policy.js'
import { RoomError } from './room-error.js'

/** What a guest comes in with, who is nobody the room knew before. */
export interface GuestPass {
  readonly userId: string
  readonly role: RequestedRole
  readonly permissions: Permissions
}

/** An invitation as its maker is told of it. */
export interface MadeInvitation {
  readonly invite: string
  readonly role: RequestedRole
  readonly uses: number
  /** Unix milliseconds. */
  readonly expiresAt: number
}

interface Invitation {
  readonly role: RequestedRole
  readonly permissions: Permissions
  readonly expiresAt: number
  usesLeft: number
}

/** Before 22 random characters (132 bits): nobody guesses a guest's id, and no member chose it. */
const GUEST = 'guest-'

/**
 * The invitations of one room; they end with it. A guest gets an id that nobody chose and never more than both the role and
 * the maker of the invitation may, and makes no room.
 */
export class Invitations {
  readonly #nowMs: () => number
  readonly #newId: () => string
  /** In order of making. */
  readonly #invitations = new Map<string, Invitation>()

  constructor({ nowMs, newId }: { nowMs: () => number; newId: () => string }) {
    this.#nowMs = nowMs
    this.#newId = newId
  }

  get size(): number {
    return this.#invitations.size
  }

  /** Throws RoomError when the maker could not come in as that either. */
  make(asked: InviteParams, own: Permissions): MadeInvitation {
    const { role = 'anchor', expireMs = DEFAULT_INVITE_MS, uses = 1 } = asked
    const permissions = guestPermissions(role, own)
    if (role === 'anchor' && !mayBeAnchor(permissions))
      throw new RoomError(
        'NO_PERMISSION',
        'Your signature does not let you send anything, so your guests may only watch.',
      )
    const now = this.#nowMs()
    for (const [invite, { expiresAt }] of this.#invitations) if (expiresAt <= now) this.#invitations.delete(invite)
    for (const invite of this.#invitations.keys()) {
      if (this.#invitations.size < roomLimits.invitations) break
      this.#invitations.delete(invite)
    }
    const invite = this.#newId()
    const expiresAt = now + expireMs
    this.#invitations.set(invite, { role, permissions, expiresAt, usesLeft: uses })
    return { invite, role, uses, expiresAt }
  }

  /** Undefined when it has run out, was used up, or never was. */
  redeem(invite: string): GuestPass | undefined {
    const found = this.#invitations.get(invite)
    if (found === undefined) return undefined
    const isGood = found.expiresAt > this.#nowMs()
    found.usesLeft--
    if (!isGood || found.usesLeft === 0) this.#invitations.delete(invite)
    if (!isGood) return undefined
    return { userId: GUEST + this.#newId(), role: found.role, permissions: found.permissions }
  }
}

function guestPermissions(role: RequestedRole, own: Permissions): Permissions {
  const sends = role === 'anchor'
  return {
    createRoom: false,
    enter: own.enter,
    sendAudio: sends && own.sendAudio,
    sendVideo: sends && own.sendVideo,
    sendAux: sends && own.sendAux,
    receiveAudio: own.receiveAudio,
    receiveVideo: own.receiveVideo,
    receiveAux: own.receiveAux,
  }
}
