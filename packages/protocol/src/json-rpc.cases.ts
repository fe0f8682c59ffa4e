import type { ErrorCode } from './error-codes.js'
import type { Notification } from './notifications.js'
import type { ParamsOf, RequestMethod, ResultOf } from './requests.js'

type Exchanges = {
  readonly [Method in RequestMethod]: { readonly params: ParamsOf<Method>; readonly result: ResultOf<Method> }
}

const play = {
  rtmp: 'rtmp://h/r/abc',
  flv: 'http://h/r/abc.flv',
  wsFlv: 'ws://h/r/abc.flv',
  whep: 'http://h/whep/r/abc',
}
const room = {
  roomId: '12345',
  name: 'Standup',
  ownerId: 'alice',
  createdAt: 1_700_000_000_000,
  anchors: 2,
  audience: 0,
  limits: { members: 2000, anchors: 50 },
} as const
const bob = {
  userId: 'bob',
  userName: 'Bob 鲍勃',
  kind: 'miniprogram',
  role: 'anchor',
  streams: [{ streamType: 'main', hasAudio: true, hasVideo: false, play }],
} as const
const entered = {
  sessionId: 's1',
  resumeToken: 'r1',
  room,
  self: { userId: 'alice', role: 'owner' },
  userList: [bob],
  audienceCount: 0,
  push: { rtmp: 'rtmp://h/r/push' },
  iceServers: [{ urls: ['turn:h:3478'], username: 'u', credential: 'c' }],
  heartbeatMs: 10_000,
  expiresAt: null,
} as const

const ringing = {
  callId: 'c1',
  roomId: 'call_1',
  media: 'video',
  inviter: 'alice',
  members: [
    { userId: 'alice', state: 'accepted' },
    { userId: 'bob', state: 'ringing' },
  ],
  data: '{}',
  startedAt: null,
} as const

/** One good exchange of every request. */
export const exchanges: Exchanges = {
  'room.enter': {
    params: {
      protocol: 1,
      sdkAppId: 1_400_000_000,
      roomId: 12345,
      userId: 'alice',
      userSig: 'eJyr',
      privateMapKey: '',
      userName: 'Alice',
      role: 'anchor',
      client: { kind: 'browser', version: '0.1.0' },
    },
    result: entered,
  },
  'room.resume': { params: { resumeToken: 'r1' }, result: entered },
  'room.ping': { params: {}, result: { now: 1_700_000_000_000 } },
  'room.renew': { params: { userSig: 'eJyr', privateMapKey: 'eJyr' }, result: { expiresAt: 1_700_000_000_000 } },
  'room.info': { params: {}, result: room },
  'room.switchRole': { params: { role: 'audience' }, result: {} },
  'room.kick': { params: { userId: 'bob', banMs: 0 }, result: {} },
  'room.mute': { params: { userId: 'bob', kind: 'audio', muted: true }, result: {} },
  'room.invite': {
    params: { role: 'audience', expireMs: 60_000, uses: 2 },
    result: { link: 'https://h/live?room=12345#invite=i', invite: 'i', expiresAt: 1_700_000_000_000 },
  },
  'room.record': { params: { recording: true }, result: {} },
  'room.disband': { params: {}, result: {} },
  'room.leave': { params: {}, result: {} },
  'mic.request': { params: {}, result: {} },
  'mic.withdraw': { params: {}, result: {} },
  'mic.answer': { params: { userId: 'bob', accept: true }, result: {} },
  'mic.remove': { params: { userId: 'bob' }, result: {} },
  'media.publish': {
    params: { sdp: 'v=0\r\n', tracks: [{ mid: '0', streamType: 'main', kind: 'audio' }] },
    result: { sdp: 'v=0\r\n' },
  },
  'media.unpublish': { params: { streamType: 'aux' }, result: {} },
  'media.pushAddress': { params: { streamType: 'main' }, result: { rtmp: 'rtmp://h/r/push' } },
  'media.subscribe': {
    params: { streams: [{ userId: 'bob', streamType: 'main', audio: true, video: true, maxWidth: 320 }] },
    result: {},
  },
  'media.answer': { params: { sdp: 'v=0\r\n', revision: 3 }, result: {} },
  'media.candidate': { params: { candidate: '', target: 'subscribe' }, result: {} },
  'media.restart': { params: {}, result: {} },
  'media.state': { params: { audio: false, video: true, streamType: 'main' }, result: {} },
  'media.mix': { params: { audio: true, video: false, audioOf: 'all' }, result: { play } },
  'media.report': {
    params: { direction: 'play', userId: 'bob', netstatus: { videoBitrate: 400, netSpeed: '52' } },
    result: {},
  },
  'message.send': { params: { to: null, kind: 'text', data: 'hello 👋' }, result: { messageId: 'm1' } },
  'user.online': {
    params: { userId: 'alice', userSig: 'eJyr', deviceId: 'd1', client: { kind: 'browser', version: '0.1.0' } },
    result: { calls: [ringing], heartbeatMs: 10_000, expiresAt: null },
  },
  'user.block': { params: { userId: 'bob', blocked: true }, result: {} },
  'call.invite': {
    params: { callId: 'c1', userIds: ['bob'], media: 'video', data: '{}', timeoutMs: 30_000, roomId: 7 },
    result: { call: ringing },
  },
  'call.accept': { params: { callId: 'c1' }, result: { call: ringing } },
  'call.join': { params: { callId: 'c1' }, result: { call: ringing } },
  'call.reject': { params: { callId: 'c1', reason: 'later' }, result: {} },
  'call.cancel': { params: { callId: 'c1' }, result: {} },
  'call.hangup': { params: { callId: 'c1' }, result: {} },
  'call.add': { params: { callId: 'c1', userIds: ['carol'] }, result: { call: ringing } },
  'call.media': { params: { callId: 'c1', media: 'audio' }, result: {} },
}

/** One good notification of every kind. */
export const notifications: readonly Notification[] = [
  { method: 'room.userList', params: { userList: [bob], audienceCount: 3 } },
  { method: 'room.userEnter', params: { user: bob } },
  { method: 'room.userExit', params: { userId: 'bob', reason: 'lost' } },
  { method: 'room.videoState', params: { userId: 'bob', streamType: 'small', available: true } },
  { method: 'room.audioState', params: { userId: 'bob', streamType: 'main', available: false } },
  { method: 'room.roleChanged', params: { userId: 'bob', role: 'audience', by: 'alice' } },
  { method: 'room.muted', params: { userId: 'bob', kind: 'video', muted: false } },
  { method: 'room.recording', params: { recording: true } },
  { method: 'mic.requested', params: { userId: 'bob', userName: 'Bob' } },
  { method: 'mic.withdrawn', params: { userId: 'bob' } },
  { method: 'mic.answered', params: { userId: 'bob', accepted: true, by: 'alice' } },
  { method: 'room.expiring', params: { expiresAt: 1_700_000_000_000 } },
  { method: 'room.closed', params: { reason: 'drain', retryAfterMs: 500 } },
  {
    method: 'media.published',
    params: { streamType: 'main', state: 'refused', hasAudio: false, hasVideo: false, reason: 'No permission.' },
  },
  {
    method: 'media.offer',
    params: {
      sdp: 'v=0\r\n',
      revision: 1,
      tracks: [{ mid: '0', userId: 'bob', streamType: 'main', kind: 'video' }],
      skipped: [{ userId: 'eve', streamType: 'aux', kind: 'video' }],
    },
  },
  { method: 'media.levels', params: { levels: [{ userId: 'bob', level: 40 }] } },
  { method: 'media.quality', params: { userId: 'bob', uplink: 1, downlink: 6 } },
  { method: 'media.rotation', params: { userId: 'bob', streamType: 'main', rotation: 270 } },
  {
    method: 'message.received',
    params: {
      ...{ messageId: 'm1', from: 'bob', fromName: 'Bob', to: null, kind: 'custom', data: '{}' },
      at: 1_700_000_000_000,
    },
  },
  { method: 'call.ringing', params: { call: ringing } },
  { method: 'call.accepted', params: { callId: 'c1', userId: 'bob' } },
  { method: 'call.rejected', params: { callId: 'c1', userId: 'bob', reason: 'reject', data: 'later' } },
  { method: 'call.ended', params: { callId: 'c1', reason: 'hangup', by: 'bob' } },
  { method: 'call.changed', params: { call: ringing } },
]

/** A text that comes in, the code and the sentence that go back. */
export interface RefusalCase {
  readonly text: string
  readonly code: ErrorCode
  readonly sentence: string | RegExp
}

const enter = (change: object): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: '1',
    method: 'room.enter',
    params: { ...exchanges['room.enter'].params, ...change },
  })
const call = (method: string, params: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: '1', method, params })

export const refusals: readonly RefusalCase[] = [
  { text: '', code: 'BAD_JSON', sentence: 'The message is not JSON.' },
  { text: '{"jsonrpc":"2.0"', code: 'BAD_JSON', sentence: 'The message is not JSON.' },
  { text: '[]', code: 'BAD_ENVELOPE', sentence: /a list of 0; allowed is one JSON-RPC/ },
  { text: 'null', code: 'BAD_ENVELOPE', sentence: /null; allowed/ },
  {
    text: '{"jsonrpc":"2.0","method":"room.info"}',
    code: 'BAD_ENVELOPE',
    sentence: /^id is missing; allowed is a whole/,
  },
  { text: '{"jsonrpc":"2.0","id":1.5,"method":"room.info"}', code: 'BAD_ENVELOPE', sentence: /^id is 1\.5;/ },
  { text: '{"id":1,"method":"room.info"}', code: 'BAD_ENVELOPE', sentence: 'jsonrpc is missing; allowed is "2.0".' },
  { text: '{"jsonrpc":"2.0","id":1,"method":7}', code: 'BAD_ENVELOPE', sentence: 'method is 7; allowed is a text.' },
  { text: call('toString', {}), code: 'UNKNOWN_METHOD', sentence: 'The server knows no request "toString".' },
  { text: call('x'.repeat(500), {}), code: 'UNKNOWN_METHOD', sentence: /request a text of 500 characters/ },
  { text: call('room.info', [1]), code: 'BAD_REQUEST', sentence: 'params is a list of 1; allowed is an object.' },
  { text: '['.repeat(65_536), code: 'TOO_LARGE', sentence: /exceeds the limits/ },
  { text: `"${'x'.repeat(163_841)}"`, code: 'TOO_LARGE', sentence: /exceeds the limits/ },
  { text: enter({ protocol: 2 }), code: 'PROTOCOL_VERSION', sentence: 'protocol is 2; allowed is 1.' },
  { text: enter({ roomId: -1 }), code: 'BAD_ROOM_ID', sentence: /^roomId is -1; allowed is a number from 0/ },
  { text: enter({ roomId: 4294967296 }), code: 'BAD_ROOM_ID', sentence: /^roomId is 4294967296/ },
  {
    text: enter({ roomId: 'a b' }),
    code: 'BAD_ROOM_ID',
    sentence: /^roomId is "a b"; allowed is .*A-Z a-z 0-9 _ -\.$/,
  },
  { text: enter({ roomId: 'r'.repeat(65) }), code: 'BAD_ROOM_ID', sentence: /a text of 65 characters/ },
  { text: enter({ userId: '张三' }), code: 'BAD_USER_ID', sentence: /^userId is "\?\?"; allowed is 1 to 32/ },
  { text: enter({ userId: 'u\n' }), code: 'BAD_USER_ID', sentence: /^userId is "u\?"/ },
  { text: enter({ userId: 'u'.repeat(33) }), code: 'BAD_USER_ID', sentence: /^userId/ },
  { text: enter({ userName: '👋'.repeat(65) }), code: 'BAD_REQUEST', sentence: /^userName is a text of 130/ },
  { text: enter({ userName: 'a\u0007' }), code: 'BAD_REQUEST', sentence: /^userName is "a\?"/ },
  { text: enter({ userSig: 'x'.repeat(8193) }), code: 'BAD_REQUEST', sentence: /^userSig is a text of 8193/ },
  {
    text: enter({ role: 'owner' }),
    code: 'BAD_REQUEST',
    sentence: /^role is "owner"; allowed is "anchor", "audience"/,
  },
  { text: enter({ client: { kind: 'browser' } }), code: 'BAD_REQUEST', sentence: /^client\.version is missing/ },
  {
    text: call('room.kick', { userId: 'b', banMs: -1 }),
    code: 'BAD_REQUEST',
    sentence: /^banMs is -1; allowed is a wh/,
  },
  { text: call('room.mute', { userId: 'b', kind: 'audio', muted: 1 }), code: 'BAD_REQUEST', sentence: /true or false/ },
  {
    text: call('media.publish', { sdp: 'v', tracks: [{ mid: '0', streamType: 'small', kind: 'video' }] }),
    code: 'BAD_REQUEST',
    sentence: 'tracks[0].streamType is "small"; allowed is "main", "aux".',
  },
  {
    text: call('media.publish', { sdp: 'v'.repeat(65_537), tracks: [] }),
    code: 'BAD_REQUEST',
    sentence: /^sdp is a text of 65537 characters/,
  },
  { text: call('media.subscribe', { streams: 'none' }), code: 'BAD_REQUEST', sentence: /^streams is "none"/ },
  {
    text: call('message.send', { to: null, kind: 'text', data: '汉'.repeat(2731) }),
    code: 'BAD_REQUEST',
    sentence: /^data is a text of 2731 characters; allowed is a text of at most 8192 bytes\.$/,
  },
  { text: call('message.send', { kind: 'text', data: '' }), code: 'BAD_USER_ID', sentence: /^to is missing/ },
  { text: call('media.report', { direction: 'play', netstatus: { a: {} } }), code: 'BAD_REQUEST', sentence: /^netst/ },
]
