import { playerCodes, pusherCodes } from '../index.js'

/** `e.detail` of `bindRoomEvent`. */
export interface RoomEvent {
  readonly tag: 'error' | 'ok'
  readonly code: number | string
  readonly detail: string
}

/** The numbers and names that apps compare with. */
export const roomEventCodes = {
  openCamera: -4,
  openMicrophone: -5,
  pushDisconnect: -6,
  permission: -7,
  tooManyMembers: -8,
  roomSig: -9,
  joinRoom: -10,
  /** The server admits no members, for a reason without a code for apps. */
  notEnabled: -11,
  exitRoom: 'EXIT_ROOM',
  pushBegun: 10,
  joined: 11,
  membersList: 12,
  networkChange: 13,
  pushPlayLoading: 14,
  pushPlayPlay: 15,
  playerLoading: 'PLAYER_LOADING',
  playerPlay: 'PLAYER_PLAY',
  playerDisconnect: 'PLAYER_DISCONNECT',
  /** The server has frames: others see and hear this phone. Not known to apps written for other clouds. */
  publishLive: 'PUBLISH_LIVE',
  /** This phone plays no more pictures at once; `detail` is who is heard only. Not known to older apps. */
  audioOnly: 'PLAYER_AUDIO_ONLY',
  /** The room is recorded (`detail` is `on`) or not any more (`off`). Not known to older apps. */
  recording: 'RECORDING',
} as const

/** RoomEvents that a code of the pusher is told as; codes that apps never heard of give none. */
export function pusherRoomEvents(code: number, message: string): readonly RoomEvent[] {
  const event = pusherTable.get(code)
  if (!event) return []
  return [{ tag: event.tag, code: event.code, detail: message === '' ? event.sentence : message }]
}

interface PusherRow {
  readonly tag: 'error' | 'ok'
  readonly code: number | string
  readonly sentence: string
}

const pusherTable: ReadonlyMap<number, PusherRow> = new Map<number, PusherRow>([
  [pusherCodes.begin, { tag: 'ok', code: roomEventCodes.pushBegun, sentence: 'Pushing' }],
  [pusherCodes.roomIn, { tag: 'ok', code: roomEventCodes.joined, sentence: 'Entered the room' }],
  [pusherCodes.userList, { tag: 'ok', code: roomEventCodes.membersList, sentence: '' }],
  [pusherCodes.needReenter, { tag: 'ok', code: roomEventCodes.networkChange, sentence: 'The network changed' }],
  [pusherCodes.roomOut, { tag: 'error', code: roomEventCodes.joinRoom, sentence: 'Out of the room' }],
  [pusherCodes.handsUp, { tag: 'error', code: roomEventCodes.exitRoom, sentence: 'The Mini Program was left' }],
  [pusherCodes.cameraFailed, { tag: 'error', code: roomEventCodes.openCamera, sentence: 'The camera did not open' }],
  [
    pusherCodes.microphoneFailed,
    { tag: 'error', code: roomEventCodes.openMicrophone, sentence: 'The microphone did not open' },
  ],
])

/** RoomEvents of a player's code; `detail` is whose player it is. */
export function playerRoomEvents(code: number, userId: string): readonly RoomEvent[] {
  if (code === playerCodes.loading) {
    return [ok(roomEventCodes.pushPlayLoading, userId), ok(roomEventCodes.playerLoading, userId)]
  }
  if (code === playerCodes.begin) {
    return [ok(roomEventCodes.pushPlayPlay, userId), ok(roomEventCodes.playerPlay, userId)]
  }
  return code === playerCodes.disconnected ? [ok(roomEventCodes.playerDisconnect, userId)] : []
}

/** `binderror` of the pusher: 10001 camera and 10002 microphone are not allowed by the user. */
export function permissionRoomEvent(code: number, message: string): RoomEvent | undefined {
  if (code !== 10001 && code !== 10002) return undefined
  const device = code === 10001 ? 'camera' : 'microphone'
  return error(roomEventCodes.permission, message || `The user did not allow the ${device}`)
}

export function error(code: number | string, detail: string): RoomEvent {
  return { tag: 'error', code, detail }
}

export function ok(code: number | string, detail: string): RoomEvent {
  return { tag: 'ok', code, detail }
}
