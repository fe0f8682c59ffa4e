import type { PublishedStreamType, RequestedRole, Role, StreamType } from '@crossroom/protocol'
import type { Identity, Permissions } from '../../auth/index.js'
import { RoomError } from './room-error.js'

/** The kinds of tracks of one stream that a user may send or receive. */
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
 * The role of an entering user: owner by its token; otherwise as requested; otherwise anchor if the signature allows
 * sending. Throws RoomError.
 */
export function roleOnEntry({ isOwner, permissions }: Identity, asked: RequestedRole | undefined): Role {
  if (isOwner) return 'owner'
  const mayAnchor = mayBeAnchor(permissions)
  if (asked === 'anchor' && !mayAnchor)
    throw new RoomError('NO_PERMISSION', 'The signature does not allow sending; enter as audience.')
  return asked ?? (mayAnchor ? 'anchor' : 'audience')
}
