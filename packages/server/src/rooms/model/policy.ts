import type { PublishedStreamType, RequestedRole, RequestMethod, Role, StreamType } from '@crossroom/protocol'
import type { Identity, Permissions } from '../../auth/identity.js'
import { RoomError } from './room-error.js'

const NOBODY: readonly Role[] = []
const PARTICIPANTS: readonly Role[] = ['owner', 'anchor', 'audience']
const SENDERS: readonly Role[] = ['owner', 'anchor']
const OWNER: readonly Role[] = ['owner']
const AUDIENCE: readonly Role[] = ['audience']

/** Which roles a request is for. A device has no socket to ask by; whoever is in a room already cannot enter. */
const ROLES: Readonly<Record<RequestMethod, readonly Role[]>> = {
  'room.enter': NOBODY,
  'room.resume': NOBODY,
  'room.ping': PARTICIPANTS,
  'room.renew': PARTICIPANTS,
  'room.info': PARTICIPANTS,
  'room.switchRole': PARTICIPANTS,
  'room.leave': PARTICIPANTS,
  'room.kick': OWNER,
  'room.mute': OWNER,
  'room.disband': OWNER,
  'room.invite': OWNER,
  'mic.request': AUDIENCE,
  // Whoever was accepted a moment ago may still take the request back.
  'mic.withdraw': PARTICIPANTS,
  'mic.answer': OWNER,
  'mic.remove': OWNER,
  'media.publish': SENDERS,
  'media.unpublish': SENDERS,
  'media.pushAddress': SENDERS,
  'media.state': SENDERS,
  'media.subscribe': PARTICIPANTS,
  'media.answer': PARTICIPANTS,
  'media.candidate': PARTICIPANTS,
  'media.restart': PARTICIPANTS,
  'media.mix': PARTICIPANTS,
  'media.report': PARTICIPANTS,
  'message.send': PARTICIPANTS,
}

export function mayRequest(role: Role, method: RequestMethod): boolean {
  return ROLES[method].includes(role)
}

/** The kinds of tracks that somebody may send, or receive, of one stream. */
export interface Kinds {
  readonly audio: boolean
  readonly video: boolean
}

/** The permission for aux covers the sound of a screen as well. */
export function maySend(permissions: Permissions, streamType: PublishedStreamType): Kinds {
  if (streamType === 'aux') return { audio: permissions.sendAux, video: permissions.sendAux }
  return { audio: permissions.sendAudio, video: permissions.sendVideo }
}

export function mayReceive(permissions: Permissions, streamType: StreamType): Kinds {
  if (streamType === 'aux') return { audio: permissions.receiveAux, video: permissions.receiveAux }
  return { audio: permissions.receiveAudio, video: permissions.receiveVideo }
}

/** An anchor may send something. */
export function mayBeAnchor(permissions: Permissions): boolean {
  return permissions.sendAudio || permissions.sendVideo || permissions.sendAux
}

/**
 * What somebody enters as: the owner by its token; else as asked; else an anchor if the signature allows to send something.
 * Throws RoomError.
 */
export function roleOnEntry({ isOwner, permissions }: Identity, asked: RequestedRole | undefined): Role {
  if (isOwner) return 'owner'
  const mayAnchor = mayBeAnchor(permissions)
  if (asked === 'anchor' && !mayAnchor)
    throw new RoomError('NO_PERMISSION', 'The signature does not allow to send anything; enter as audience.')
  return asked ?? (mayAnchor ? 'anchor' : 'audience')
}
