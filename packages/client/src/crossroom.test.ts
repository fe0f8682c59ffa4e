// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fakeTrack } from './room/peer-connection.fake.js'
import type { RoomCallOptions } from './room/room-call.js'
import { Crossroom } from './crossroom.js'
import { CrossroomError } from './errors.js'

/** The stay in a room, as the test has it; every list that was to be sent. */
const room = vi.hoisted(() => ({
  options: undefined as RoomCallOptions | undefined,
  sent: [] as string[][],
  refuses: undefined as string | undefined,
  entry: () => Promise.resolve({}),
}))

vi.mock('./room/room-call.js', () => ({
  RoomCall: class {
    readonly self = { userId: 'anna', role: 'anchor' }
    readonly #options: RoomCallOptions

    constructor(options: RoomCallOptions) {
      this.#options = options
      room.options = options
    }

    enter(): Promise<object> {
      return room.entry()
    }

    leave(): Promise<void> {
      return Promise.resolve()
    }

    localChanged(): Promise<void> {
      const kinds = this.#options.localTracks().map(({ streamType, kind }) => `${streamType} ${kind}`)
      room.sent.push(kinds)
      const isRefused = room.refuses !== undefined && kinds.includes(room.refuses)
      return isRefused ? Promise.reject(new CrossroomError('NO_PERMISSION', 'Not that.')) : Promise.resolve()
    }
  },
}))

beforeEach(() => {
  Object.assign(room, { options: undefined, sent: [], refuses: undefined, entry: () => Promise.resolve({}) })
})

afterEach(() => {
  vi.unstubAllGlobals()
})

async function inRoom(): Promise<{ crossroom: Crossroom; errors: string[] }> {
  const errors: string[] = []
  const crossroom = Crossroom.create({ server: 'http://localhost:8080' })
  crossroom.on('error', ({ code }) => errors.push(code))
  await crossroom.enterRoom({ roomId: 'x', userId: 'anna' })
  return { crossroom, errors }
}

test('started kinds are sent, stopped ones are not', async () => {
  const { crossroom } = await inRoom()
  await crossroom.startLocalVideo({ track: fakeTrack('video') })
  await crossroom.startLocalAudio({ track: fakeTrack('audio') })
  await crossroom.stopLocalVideo()
  expect(room.sent).toEqual([['main video'], ['main video', 'main audio'], ['main audio']])
})

test('a refusal by the server reaches its requester, and does not affect the rest', async () => {
  const { crossroom, errors } = await inRoom()
  room.refuses = 'main video'
  await expect(crossroom.startLocalVideo({ track: fakeTrack('video') })).rejects.toMatchObject({
    code: 'NO_PERMISSION',
  })
  await crossroom.startLocalAudio({ track: fakeTrack('audio') })
  expect(room.sent).toEqual([['main video'], [], ['main audio']])
  expect(crossroom.getLocalTrack('video')).toBeDefined()
  expect(errors).toEqual([])
  room.refuses = undefined
  await crossroom.startLocalVideo()
  expect(room.sent.at(-1)).toEqual(['main video', 'main audio'])
})

test('a failure without a request is an event', async () => {
  const { crossroom, errors } = await inRoom()
  const track = fakeTrack('video')
  await crossroom.startLocalVideo({ track })
  await crossroom.startLocalAudio({ track: fakeTrack('audio') })
  room.refuses = 'main audio'
  track.dispatchEvent(new Event('ended'))
  await vi.waitFor(() => expect(errors).toEqual(['NO_PERMISSION']))
})

test('one room at a time; a refused entry leaves room for the next', async () => {
  const { crossroom } = await inRoom()
  await expect(crossroom.enterRoom({ roomId: 'y', userId: 'anna' })).rejects.toMatchObject({ code: 'ALREADY_IN_ROOM' })
  await crossroom.exitRoom()
  room.entry = () => Promise.reject(new CrossroomError('BANNED', 'You were kicked out.'))
  await expect(crossroom.enterRoom({ roomId: 'y', userId: 'anna' })).rejects.toMatchObject({ code: 'BANNED' })
  room.entry = () => Promise.resolve({})
  await crossroom.enterRoom({ roomId: 'y', userId: 'anna' })
})

test('outside a room calls that need one are refused, and the others do nothing', async () => {
  const crossroom = Crossroom.create({ server: 'http://localhost:8080' })
  const code = 'NOT_IN_ROOM'
  await expect(crossroom.sendMessage('x')).rejects.toMatchObject({ code })
  await expect(crossroom.kick('ben')).rejects.toMatchObject({ code })
  await expect(crossroom.startRemoteVideo({ userId: 'ben', view: 'x' })).rejects.toMatchObject({ code })
  await crossroom.exitRoom()
  await crossroom.stopRemoteVideo({ userId: 'ben' })
  await crossroom.muteLocalVideo(true)
  expect([crossroom.users, crossroom.role, crossroom.connectionState]).toEqual([[], undefined, 'disconnected'])
})

test('after destroy nothing starts any more', async () => {
  const { crossroom, errors } = await inRoom()
  const track = fakeTrack('video')
  await crossroom.startLocalVideo({ track })
  await crossroom.destroy()
  await crossroom.destroy()
  await expect(crossroom.startLocalAudio()).rejects.toMatchObject({ code: 'DESTROYED' })
  await expect(crossroom.enterRoom({ roomId: 'x', userId: 'a' })).rejects.toMatchObject({ code: 'DESTROYED' })
  expect(errors).toEqual([])
})

type Method = (...given: readonly unknown[]) => unknown

/** Calls a method as a program in JavaScript does, with whatever it has. */
async function failureOf(call: string, args: readonly unknown[]): Promise<unknown> {
  const crossroom = Crossroom.create({ server: 'http://localhost:8080' })
  const owner = (call === 'create' ? Crossroom : crossroom) as unknown as Readonly<Record<string, Method>>
  try {
    await owner[call]!.call(owner, ...args)
  } catch (error) {
    return error
  }
  return undefined
}

/** Every call that takes something, with an argument that fits none of its own. */
const CALLS = ['create', 'on', 'once', 'enterRoom', 'switchRole', 'renewSignature', 'startLocalVideo', 'updateLocalVideo', 'startLocalAudio', 'updateLocalAudio', 'muteLocalVideo', 'muteLocalAudio', 'startScreenShare', 'startRemoteVideo', 'stopRemoteVideo', 'muteRemoteAudio', 'setRemoteAudioVolume', 'setSpeaker', 'sendMessage', 'setVideoProcessor', 'createBeautyFilter', 'getLocalTrack', 'getRemoteVideo', 'kick', 'mute', 'createInvite', 'answerMic', 'removeMic'] // prettier-ignore

test.each(CALLS)('%s refuses invalid arguments with a code and a sentence that names them', async (call) => {
  for (const args of [[42], [Symbol('x')], [[]], [null, null, null]]) {
    const error = await failureOf(call, args)
    // Null is a processor that does nothing.
    if (call === 'setVideoProcessor' && args[0] === null) continue
    expect(error).toBeInstanceOf(CrossroomError)
    expect((error as CrossroomError).code).toMatch(/^(INVALID_ARGUMENT|BAD_USER_ID|NOT_IN_ROOM)$/)
    expect((error as Error).message).toMatch(/\.$/)
  }
})

test.each([
  ['enterRoom', [], 'INVALID_ARGUMENT', 'enterRoom needs { roomId, userId }, but was given undefined.'],
  ['enterRoom', [{ roomId: 1 }], 'INVALID_ARGUMENT', /^enterRoom needs userId: 1 to 32 characters/],
  ['enterRoom', [{ roomId: 'a b', userId: 'a' }], 'BAD_ROOM_ID', /^A room id is a number/],
  ['enterRoom', [{ roomId: 1, userId: 'a', role: 'boss' }], 'INVALID_ARGUMENT', 'role of enterRoom must be "anchor" or "audience", but is "boss".'], // prettier-ignore
  [
    'startRemoteVideo',
    [{ userId: 'a' }],
    'INVALID_ARGUMENT',
    'startRemoteVideo needs view: an element or the id of one.',
  ],
  ['muteLocalAudio', [], 'INVALID_ARGUMENT', 'mute of muteLocalAudio must be true or false, but is undefined.'],
  ['kick', [], 'INVALID_ARGUMENT', /^userId of kick must be 1 to 32/],
  ['setRemoteAudioVolume', ['a', 101], 'INVALID_ARGUMENT', /from 0 to 100, but is 101\.$/],
])('%s(%j) is %s', async (call, args, code, message) => {
  const error = (await failureOf(call, args)) as CrossroomError
  expect(error.code).toBe(code)
  expect(error.message).toMatch(message)
})
