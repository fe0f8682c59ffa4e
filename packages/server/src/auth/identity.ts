/** The permissions of a signature or token in one room: the privilege map of a privateMapKey, by name. */
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

/** All permissions: open mode, and a valid UserSig if no privateMapKey is required. */
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

/** The permissions that both include. */
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
  /** Returns a one-time token after a failed entry. */
  readonly notEntered?: (() => void) | undefined
}
