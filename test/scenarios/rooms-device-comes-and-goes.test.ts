import { expect, test } from 'vitest'
import { audioConfig, SECOND, videoConfig } from './stage.js'
import { RoomStage } from './room-stage.js'

test('a device that pushes into a room is a member once media may flow, and visible once it flows', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const camera = await stage.push('camera')
  expect(alice.users()).toEqual([])
  const publication = camera.open()
  stage.settle()
  const listed = () => alice.users()[0]!
  expect([listed().userId, listed().kind, listed().role]).toEqual(['camera', 'rtmp', 'device'])
  expect(listed().streams.map(({ hasAudio, hasVideo }) => [hasAudio, hasVideo])).toEqual([[false, false]])
  stage.play(publication, videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
  expect(listed().streams.map(({ hasAudio, hasVideo }) => [hasAudio, hasVideo])).toEqual([[true, true]])
  expect(alice.connection.take()).toEqual(['room.userEnter', 'room.videoState', 'room.audioState'])
})

test.each([
  ['Stage camera', 'Stage camera'],
  [' 舞台 📷 ', '舞台 📷'],
  ['📷'.repeat(64), '📷'.repeat(64)],
  ['', 'camera'],
  [undefined, 'camera'],
])('a device pushed with name=%j is called %j', async (name, shown) => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const camera = await stage.push('camera', name === undefined ? {} : { name })
  camera.open()
  stage.settle()
  expect(alice.users()[0]).toMatchObject({ userId: 'camera', userName: shown })
})

test.each(['x'.repeat(65), 'a\u0007b', 'line\nline', '\ud800'])('a push with the name %j is refused', async (name) => {
  const stage = new RoomStage()
  expect(await stage.admit('push', 'room', { userid: 'camera', name })).toMatchObject({ code: 'BAD_NAME' })
})

test('a device whose push ends stays for 15 s and may return to the same address; otherwise it leaves', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const camera = await stage.push('camera')
  camera.open()
  stage.settle()
  const { play } = alice.users()[0]!.streams[0]!
  camera.close()
  stage.clock.advance(14 * SECOND)
  const again = await stage.push('camera')
  again.open()
  stage.clock.advance(20 * SECOND)
  expect(alice.users()[0]!.streams[0]!.play).toEqual(play)
  expect(alice.connection.all('room.userExit')).toEqual([])
  again.close()
  stage.clock.advance(16 * SECOND)
  expect(alice.users()).toEqual([])
  expect(alice.connection.all('room.userExit')).toEqual([{ userId: 'camera', reason: 'lost' }])
})

test('a push without media leaves no trace', async () => {
  const stage = new RoomStage()
  stage.settled('alice')
  const before = stage.hub.size
  const camera = await stage.push('camera')
  camera.close()
  stage.settle()
  expect(stage.rooms.counts).toEqual({ rooms: 1, participants: 1, devices: 0 })
  expect(stage.hub.size).toBe(before)
})

test('a push by a user who is in the room becomes that member’s own stream', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const bob = stage.settled('bob', { kind: 'miniprogram' })
  const screen = await stage.push('bob', { streamtype: 'aux' })
  const publication = screen.open()
  stage.play(publication, videoConfig(), { frames: 3, gop: 50 })
  stage.settle()
  const streams = alice.users()[0]!.streams
  expect(streams.map(({ streamType, hasVideo }) => [streamType, hasVideo])).toEqual([
    ['main', false],
    ['aux', true],
  ])
  bob.member.leave()
  expect(screen.ended).toBe('kicked')
})

test('a device whose user enters by signaling passes its stream on, and its viewers stay', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const camera = await stage.push('bob')
  const publication = camera.open()
  stage.settle()
  const { play } = alice.users()[0]!.streams[0]!
  stage.settled('bob')
  expect(alice.users().map(({ role, kind }) => [role, kind])).toEqual([['anchor', 'browser']])
  expect(alice.users()[0]!.streams[0]!.play).toEqual(play)
  stage.play(publication, videoConfig(), { frames: 3, gop: 50 })
  expect(alice.users()[0]!.streams[0]!.hasVideo).toBe(true)
  expect(alice.connection.all('room.userExit')).toEqual([])
  camera.close()
  stage.clock.advance(60 * SECOND)
  expect(alice.users()).toHaveLength(1)
})

test.each([
  ['of the audience', {}, { role: 'audience' }],
  ['without permission to send', { sendAudio: false, sendVideo: false }, undefined],
  ['with a wrong signature', undefined, undefined],
] as const)('a push by somebody %s is refused', async (_who, permissions, entered) => {
  const stage = new RoomStage()
  stage.settled('alice')
  if (entered !== undefined) stage.settled('bob', entered)
  if (permissions === undefined) stage.refusal = { code: 'USER_SIG_INVALID', sentence: 'Wrong.' }
  else stage.pushPermissions = permissions
  const admission = await stage.admit('push', 'room', { userid: 'bob' })
  expect(admission).toMatchObject({ ok: false, code: 'DENIED' })
})

test.each([
  ['a.b', { userid: 'bob' }],
  ['room', { userid: 'b b' }],
  ['room', { userid: 'bob', streamtype: 'small' }],
])('the address /push/%s with %o is refused before anybody is asked', async (room, query) => {
  const stage = new RoomStage()
  expect(await stage.admit('push', room, query)).toMatchObject({ ok: false, code: 'BAD_NAME', httpStatus: 400 })
})

test('a device that comes back may send what its new signature says', async () => {
  const stage = new RoomStage()
  const alice = stage.settled('alice')
  const has = () => alice.users()[0]!.streams.map(({ hasAudio, hasVideo }) => [hasAudio, hasVideo])
  const push = async (permissions: typeof stage.pushPermissions) => {
    stage.pushPermissions = permissions
    const camera = await stage.push('camera')
    stage.play(camera.open(), videoConfig(), { frames: 3, gop: 50, audio: audioConfig() })
    stage.settle()
    camera.close()
  }
  await push({ sendVideo: false })
  expect(has()).toEqual([[true, false]])
  await push({})
  expect(has()).toEqual([[true, true]])
  await push({ sendVideo: false })
  expect(has()).toEqual([[true, false]])
})
