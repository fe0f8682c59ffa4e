import { parseRoomUrl, RoomUrlError, signalUrlOf, isRoomUrl, type EnterOptions, type PlayProtocol } from '../index.js'
import { maxMembersOf, templateOf } from './layout.js'
import type { RoomProperties } from './properties.js'

export interface EntrySettings {
  readonly signalUrl: string
  readonly entry: EnterOptions
}

/** Where to enter and as whom. Throws RoomUrlError with a sentence that names the property. */
export function entryOf(properties: RoomProperties): EntrySettings {
  const { server, userID, userSig, privateMapKey, userName, role } = properties
  if (!server) throw new RoomUrlError('Set the property "server" to the address of your server.')
  if (isRoomUrl(server)) {
    const { signalUrl, streamType: _, ...entry } = parseRoomUrl(server)
    return { signalUrl, entry: { ...entry, ...roleOf(role) } }
  }
  if (!userID) throw new RoomUrlError('Set the property "userID".')
  if (properties.roomID === '') throw new RoomUrlError('Set the property "roomID".')
  const sdkAppId = Number(properties.sdkAppID)
  return {
    signalUrl: signalUrlOf(server),
    entry: {
      roomId: roomIdOf(properties.roomID),
      userId: userID,
      ...(sdkAppId > 0 ? { sdkAppId } : {}),
      ...(userSig ? { userSig } : {}),
      ...(privateMapKey ? { privateMapKey } : {}),
      ...(userName ? { userName } : {}),
      ...roleOf(role),
    },
  }
}

export function preferOf({ prefer }: RoomProperties): PlayProtocol {
  return prefer === 'flv' ? 'flv' : 'rtmp'
}

/** How many others are shown. */
export function seatCountOf({ maxMembers, template }: RoomProperties): number {
  return maxMembers > 0 ? Math.floor(maxMembers) : maxMembersOf(templateOf(template))
}

/** The camera is on unless the app switched it off or pushes sound only. */
export function cameraOf(properties: RoomProperties): boolean {
  return properties.enableCamera && !(Number(properties.pureAudioPushMod) > 0)
}

function roleOf(role: string): Pick<EnterOptions, 'role'> {
  return { role: role === 'audience' ? 'audience' : 'anchor' }
}

/** A number and its text are one room; the server is given what it counts as one. */
function roomIdOf(roomID: number | string): number | string {
  return typeof roomID === 'string' && /^\d{1,10}$/.test(roomID) ? Number(roomID) : roomID
}
