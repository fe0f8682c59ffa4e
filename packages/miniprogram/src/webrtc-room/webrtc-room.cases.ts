import { templates } from './layout.js'

/** What a property of `<webrtc-room>` changes, one row per property of the component that apps know. */
export interface PropertyCase {
  readonly name: string
  readonly value: unknown
  /** In `room.enter`. */
  readonly entry?: object
  /** Attributes of the pusher. */
  readonly pusher?: object
  /** Attributes of the player of `web1`. */
  readonly player?: object
  /** In the component's view. */
  readonly view?: object
  /** Told to the server as `media.state`. */
  readonly state?: object
  /** Where the socket went. */
  readonly url?: string
  /** The property is taken, and nothing is other than without it. */
  readonly nothing?: true
}

const small = { template: 'bigsmall' }

export const propertyCases: readonly PropertyCase[] = [
  { name: 'server', value: '192.168.1.5:8080', url: 'ws://192.168.1.5:8080/signal?room=100' },
  { name: 'prefer', value: 'flv', player: { src: 'http://room.test:8080/r/web1-main.flv' } },
  ...templates.map((template) => ({ name: 'template', value: template, view: { layout: { template } } })),
  { name: 'template', value: 'unheard-of', view: { layout: { template: 'float' } } },
  { name: 'sdkAppID', value: 1400000001, entry: { sdkAppId: 1400000001 } },
  { name: 'sdkAppID', value: '1400000001', entry: { sdkAppId: 1400000001 } },
  { name: 'userID', value: 'alice', entry: { userId: 'alice' } },
  { name: 'userSig', value: 'eJyrVg', entry: { userSig: 'eJyrVg' } },
  { name: 'roomID', value: 4294967295, entry: { roomId: 4294967295 } },
  { name: 'roomID', value: '107688', entry: { roomId: 107688 } },
  { name: 'roomID', value: 'room-a', entry: { roomId: 'room-a' } },
  { name: 'privateMapKey', value: 'key', entry: { privateMapKey: 'key' } },
  { name: 'roomName', value: 'Consultation', nothing: true },
  { name: 'roomCreator', value: 'web1', view: { layout: { self: { name: 'p0' } } } },
  { name: 'userName', value: 'Alice', entry: { userName: 'Alice' } },
  { name: 'role', value: 'audience', entry: { role: 'audience' } },
  { name: 'beauty', value: 9, pusher: { beauty: 9 } },
  { name: 'whiteness', value: 3, pusher: { whiteness: 3 } },
  { name: 'aspect', value: '3:4', pusher: { aspect: '3:4' } },
  { name: 'minBitrate', value: 400, pusher: { minBitrate: 400 } },
  { name: 'maxBitrate', value: 800, pusher: { maxBitrate: 800 } },
  { name: 'muted', value: true, pusher: { muted: true, enableMic: false }, state: { audio: false, video: true } },
  { name: 'autoplay', value: true, player: { autoplay: true } },
  { name: 'autoplay', value: false, player: { autoplay: true } },
  { name: 'enableCamera', value: false, pusher: { enableCamera: false }, state: { audio: true, video: false } },
  { name: 'useCloud', value: false, url: 'wss://room.test/signal?room=100', nothing: true },
  { name: 'pureAudioPushMod', value: 1, pusher: { enableCamera: false }, state: { audio: true, video: false } },
  { name: 'pureAudioPushMod', value: 2, pusher: { enableCamera: false } },
  { name: 'recordId', value: 7, nothing: true },
  { name: 'accountType', value: '36862', nothing: true },
  { name: 'waitingImg', value: 'https://a.test/w.png', pusher: { waitingImage: 'https://a.test/w.png' } },
  { name: 'loadingImg', value: 'https://a.test/l.png', view: { tiles: [{ image: 'https://a.test/l.png' }] } },
  {
    name: 'pusherAttributes',
    value: { 'beauty-style': 'nature', fps: 24 },
    pusher: { beautyStyle: 'nature', fps: 24 },
  },
  { name: 'playerAttributes', value: { minCache: 1, soundMode: 'ear' }, player: { minCache: 1, soundMode: 'ear' } },
]

/** Properties that have a test of their own. */
export const otherProperties = [
  ...['debug', 'enableIM', 'maxMembers', 'playerBackgroundImg', 'pusherBackgroundImg'],
  ...['smallViewLeft', 'smallViewTop', 'smallViewWidth', 'smallViewHeight'],
]

/** Where the views of bigsmall stand. */
export const smallViewCases = [
  { name: 'smallViewLeft', value: '2vw', style: 'left:2vw;top:1vw;width:30vw;height:40vw', ...small },
  { name: 'smallViewTop', value: '3vw', style: 'left:1vw;top:3vw;width:30vw;height:40vw', ...small },
  { name: 'smallViewWidth', value: '20vw', style: 'left:1vw;top:1vw;width:20vw;height:40vw', ...small },
  { name: 'smallViewHeight', value: '25vw', style: 'left:1vw;top:1vw;width:30vw;height:25vw', ...small },
] as const

/** What the pusher says, and the RoomEvent that the app hears of it. `inRoom`: whether the phone is still in the room. */
export const pusherCodeCases = [
  { code: 1002, message: 'push begins', event: { tag: 'ok', code: 10, detail: 'push begins' }, inRoom: true },
  { code: -1301, message: 'no camera', event: { tag: 'error', code: -4, detail: 'no camera' }, inRoom: false },
  { code: -1302, message: 'no mic', event: { tag: 'error', code: -5, detail: 'no mic' }, inRoom: false },
  { code: 5000, message: 'hand up', event: { tag: 'error', code: 'EXIT_ROOM', detail: 'hand up' }, inRoom: false },
] as const

/** Codes that the room itself answers and that raise no RoomEvent. */
export const quietPusherCodes = [
  ...[1001, 1003, 1004, 1005, 1006, 1007, 1008, 1101, 1102, 1103, 1104, 3001, 3002, 3003, 3005, 4998, 4999],
  ...[10003, 10004, -1303, -1304, -1305, -1306, -1308, -1309, -1310, -1311, -1312, -3301],
]

/** Codes of a player that change nothing, and raise no RoomEvent. */
const quietPlayerCodes = [
  ...[2001, 2002, 2003, 2005, 2006, 2008, 2009, 2030, 2032, 2101, 2102, 2103, 2104, 2105, 2106, 2107, 2108],
  ...[3001, 3002, 3003, 3005, -2302, 6002, 6003, 6004, 6005],
] as const

/** What a player says, and the RoomEvents that the app hears of it. */
export const playerCodeCases = [
  { code: 2007, codes: [14, 'PLAYER_LOADING'] },
  { code: 2004, codes: [15, 'PLAYER_PLAY'] },
  { code: -2301, codes: ['PLAYER_DISCONNECT'] },
  ...quietPlayerCodes.map((code) => ({ code, codes: [] })),
] as const

/** Errors of the server at the door: the code of the pusher, and that of the RoomEvent. */
export const refusalCases = [
  { refusal: 'USER_SIG_INVALID', pusher: -100018, event: -9 },
  { refusal: 'USER_SIG_EXPIRED', pusher: -100018, event: -9 },
  { refusal: 'MAP_KEY_EXPIRED', pusher: 1022, event: -9 },
  { refusal: 'USER_SIG_MISSING', pusher: -100018, event: -9 },
  { refusal: 'ROOM_FULL', pusher: 1022, event: -8 },
  { refusal: 'BANNED', pusher: 1022, event: -10 },
  { refusal: 'ROOM_NOT_FOUND', pusher: 1022, event: -10 },
  { refusal: 'MEDIA_CAPACITY', pusher: 1022, event: -11 },
] as const

/** How a session ends, and what the app hears: after 1019 the camera is off in every case. */
export const closeCases = [
  { reason: 'kicked', im: ['kicked', 'group_system_notifys'], groupCode: 4 },
  { reason: 'replaced', im: ['kicked'], groupCode: undefined },
  { reason: 'disbanded', im: ['group_system_notifys'], groupCode: 5 },
  { reason: 'expired', im: [], groupCode: undefined },
] as const

/** The calls that send a message, and what the server is asked. */
export const messageCases = [
  { method: 'sendC2CTextMsg', parameters: ['bob', 'hi'], sent: { to: 'bob', kind: 'text', data: 'hi' } },
  {
    method: 'sendC2CCustomMsg',
    parameters: ['bob', { data: 'a', ext: 'b', desc: 'c' }],
    sent: { to: 'bob', kind: 'custom', data: '{"data":"a","ext":"b","desc":"c"}' },
  },
  { method: 'sendGroupTextMsg', parameters: ['hi all'], sent: { to: null, kind: 'text', data: 'hi all' } },
  {
    method: 'sendGroupCustomMsg',
    parameters: [{ data: 'a' }],
    sent: { to: null, kind: 'custom', data: '{"data":"a","ext":"","desc":""}' },
  },
] as const
