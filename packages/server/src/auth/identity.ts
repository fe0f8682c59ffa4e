/** What a signature or a token lets its holder do in one room: the privilege map of a privateMapKey, by name. */
export interface Permissions {
  readonly createRoom: boolean
  readonly enter: boolean
  readonly sendAudio: boolean
  readonly receiveAudio: boolean
  readonly sendVideo: boolean
  readonly receiveVideo: boolean
  readonly sendAux: boolean
  readonly receiveAux: boolean
}

/** Everything: open mode, and a valid UserSig where no privateMapKey is demanded. */
export const ALL_PERMISSIONS: Permissions = {
  createRoom: true,
  enter: true,
  sendAudio: true,
  receiveAudio: true,
  sendVideo: true,
  receiveVideo: true,
  sendAux: true,
  receiveAux: true,
}

/** What both let their holder do. */
export function bothPermit(one: Permissions, other: Permissions): Permissions {
  const names = Object.keys(one) as (keyof Permissions)[]
  return Object.fromEntries(names.map((name) => [name, one[name] && other[name]])) as unknown as Permissions
}

/** A verified user. */
export interface Identity {
  readonly userId: string
  readonly permissions: Permissions
  /** Unix milliseconds; undefined never runs out (open mode). */
  readonly expiresAt: number | undefined
  /** From a JWT that makes its user the owner of the room, regardless of who entered first. */
  readonly isOwner: boolean
  /** Gives a token back that is good for one entry: there was none. */
  readonly notEntered?: (() => void) | undefined
}
