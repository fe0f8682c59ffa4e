import { DEFAULT_INVITE_MS, type InviteParams, type RequestedRole } from '@crossroom/protocol'
import type { Permissions } from '../../auth/index.js'
import { roomLimits } from '../../config/index.js'
import { mayBeAnchor } from './policy.js'
import { RoomError } from './room-error.js'

/** The credentials of a guest, with a new user id. */
export interface GuestPass {
  readonly userId: string
  readonly role: RequestedRole
  readonly permissions: Permissions
}

/** An invitation as its creator sees it. */
export interface MadeInvitation {
  readonly invite: string
  readonly role: RequestedRole
  readonly uses: number
  /** Unix milliseconds. */
  readonly expiresAt: number
}

interface Invitation {
  /** The prefix of its guests' ids. */
  readonly link: string
  readonly role: RequestedRole
  readonly permissions: Permissions
  readonly expiresAt: number
  usesLeft: number
}

/**
 * `guest-`, 8 random characters of the invitation, 18 of the guest (108 bits): ids cannot be guessed, and no member
 * chose them.
 */
const GUEST = 'guest-'
const LINK_CHARS = 8
const OWN_CHARS = 18

/** The common id prefix of the guests of one invitation; undefined for ids of other users. */
export function linkOf(userId: string): string | undefined {
  return userId.startsWith(GUEST) ? userId.slice(0, GUEST.length + LINK_CHARS) : undefined
}

export interface InvitationsOptions {
  readonly nowMs: () => number
  /** At least 18 characters, the last of them random. */
  readonly newId: () => string
  /** Whether a guest of this invitation is banned: then the invitation is closed. */
  readonly isShut: (link: string) => boolean
}

/**
 * The invitations of one room; they end with it. A guest gets a random id, at most the permissions of both its role and
 * the inviting member, and creates no room.
 */
export class Invitations {
  readonly #options: InvitationsOptions
  /** In order of making. */
  readonly #invitations = new Map<string, Invitation>()

  constructor(options: InvitationsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#invitations.size
  }

  /** Throws RoomError when the maker could not come in as that either. */
  make(asked: InviteParams, own: Permissions): MadeInvitation {
    const { role = 'anchor', expireMs = DEFAULT_INVITE_MS, uses = 1 } = asked
    const permissions = guestPermissions(role, own)
    if (role === 'anchor' && !mayBeAnchor(permissions))
      throw new RoomError('NO_PERMISSION', 'Your signature does not allow sending, so your guests may only watch.')
    const { nowMs, newId } = this.#options
    const now = nowMs()
    for (const [invite, { expiresAt }] of this.#invitations) if (expiresAt <= now) this.#invitations.delete(invite)
    for (const invite of this.#invitations.keys()) {
      if (this.#invitations.size < roomLimits.invitations) break
      this.#invitations.delete(invite)
    }
    const invite = newId()
    const expiresAt = now + expireMs
    const link = GUEST + newId().slice(-LINK_CHARS)
    this.#invitations.set(invite, { link, role, permissions, expiresAt, usesLeft: uses })
    return { invite, role, uses, expiresAt }
  }

  /** Undefined when it has run out, was used up, is shut by a ban, or never was. */
  redeem(invite: string): GuestPass | undefined {
    const { nowMs, newId, isShut } = this.#options
    const found = this.#invitations.get(invite)
    if (found === undefined || isShut(found.link)) return undefined
    const isGood = found.expiresAt > nowMs()
    found.usesLeft--
    if (!isGood || found.usesLeft === 0) this.#invitations.delete(invite)
    if (!isGood) return undefined
    return { userId: found.link + newId().slice(-OWN_CHARS), role: found.role, permissions: found.permissions }
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
