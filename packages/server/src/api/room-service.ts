import { randomInt } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isUserId } from '@crossroom/protocol'
import { openServiceLimits } from '../config/index.js'
import type { AddressRates } from '../net/index.js'
import type { RoomOperations } from '../rooms/index.js'
import { signForDemo, type DemoSigner } from './demo.js'
import { answered, type Deadlines } from './room-answers.js'

/**
 * `/weapp/webrtc_room/…`: the room service of the WebRTC demos of 2018, so that they run without their own back end. It
 * signs for every client, so it exists only in open mode and with `--demo`. Answers are HTTP 200 with `{code,
 * message}`, 0 is success. Rooms have numbers and four members, and are deleted 20 s after the last heartbeat.
 */
export interface RoomServiceDeps {
  /** Absent unless the server runs in open mode or with `--demo`. */
  readonly signer: DemoSigner | undefined
  readonly operations: Pick<RoomOperations, 'usersIn'>
  readonly rates: AddressRates
  readonly clock: Deadlines & { now(): number }
  /** Wall clock in milliseconds. */
  readonly nowMs: () => number
  readonly clientAddress: (request: FastifyRequest['raw']) => string
}

interface ServedRoom {
  readonly roomID: number
  readonly roomInfo: string
  readonly roomType: string
  /** User id to nickname and the time of the last heartbeat. */
  readonly members: Map<string, { readonly nickName: string; seenAtMs: number }>
}

const { demoRooms, demoMembers, demoHeartbeatMs, demoTextChars } = openServiceLimits

type Body = Readonly<Record<string, unknown>>
type Answer = Readonly<Record<string, unknown>>

const OK = { code: 0, message: '' }

/** Adds the routes to a web server. */
export async function registerRoomService(app: FastifyInstance, deps: RoomServiceDeps): Promise<void> {
  const service = new RoomService(deps)
  await app.register(
    (scope, _options, done) => {
      scope.post<{ Params: { call: string } }>('/:call', { schema: { hide: true } }, (request) => {
        const isTooOften = deps.rates.take(deps.clock.now(), deps.clientAddress(request.raw)) > 0
        return isTooOften
          ? refused('Too many requests; wait a moment.')
          : service.answer(request.params.call, request.body)
      })
      done()
    },
    { prefix: '/weapp/webrtc_room' },
  )
}

class RoomService {
  readonly #deps: RoomServiceDeps
  readonly #rooms = new Map<number, ServedRoom>()

  constructor(deps: RoomServiceDeps) {
    this.#deps = deps
  }

  async answer(call: string, given: unknown): Promise<Answer> {
    const { signer } = this.#deps
    if (signer === undefined) return refused('This server issues signatures only with --demo.')
    const body = typeof given === 'object' && given !== null ? (given as Body) : {}
    await this.#forgetSilent()
    switch (call) {
      case 'get_login_info':
        return this.#login(signer, body)
      case 'create_room':
        return this.#create(signer, body)
      case 'enter_room':
        return this.#enter(signer, body)
      case 'quit_room':
        return this.#quit(body)
      case 'heartbeat':
        return this.#beat(body)
      case 'get_room_list':
        return this.#list(body)
      case 'get_room_members':
        return this.#members(body)
      default:
        return refused('There is no such call.')
    }
  }

  #login(signer: DemoSigner, { userID }: Body): Answer {
    const user = isUserId(userID) ? userID : `user_${String(randomInt(1_000_000, 10_000_000))}`
    const { sdkAppId, userSig = '' } = signForDemo(signer, user, undefined, this.#deps.nowMs())
    return { ...OK, sdkAppID: sdkAppId, accountType: '0', userID: user, userSig }
  }

  async #create(signer: DemoSigner, body: Body): Promise<Answer> {
    if (!isUserId(body['userID'])) return badUser()
    if (this.#rooms.size >= demoRooms) return refused(`The limit of ${String(demoRooms)} rooms is reached.`)
    let roomID = randomInt(1, 2 ** 31)
    while (this.#rooms.has(roomID) || (await this.#usersIn(roomID)) !== undefined) roomID = randomInt(1, 2 ** 31)
    const room = { roomID, roomInfo: textOf(body['roomInfo']), roomType: textOf(body['roomType']), members: new Map() }
    this.#rooms.set(roomID, room)
    const entered = this.#enter(signer, { ...body, roomID })
    return { ...entered, roomInfo: room.roomInfo }
  }

  #enter(signer: DemoSigner, { userID, nickName, roomID }: Body): Answer {
    if (!isUserId(userID)) return badUser()
    const room = this.#find(roomID)
    if (room === undefined) return noRoom()
    if (!room.members.has(userID) && room.members.size >= demoMembers) return refused('The room is full.')
    const nowMs = this.#deps.nowMs()
    room.members.set(userID, { nickName: textOf(nickName), seenAtMs: nowMs })
    const { privateMapKey = '' } = signForDemo(signer, userID, room.roomID, nowMs)
    return { ...OK, userID, roomID: room.roomID, privateMapKey }
  }

  #quit({ userID, roomID }: Body): Answer {
    const room = this.#find(roomID)
    if (room === undefined) return noRoom()
    room.members.delete(textOf(userID))
    if (room.members.size === 0) this.#rooms.delete(room.roomID)
    return OK
  }

  #beat({ userID, roomID }: Body): Answer {
    const member = this.#find(roomID)?.members.get(textOf(userID))
    if (member === undefined) return refused('This room or member does not exist.')
    member.seenAtMs = this.#deps.nowMs()
    return OK
  }

  #list({ index, count, roomType }: Body): Answer {
    const first = Math.max(0, numberOf(index) || 0)
    const most = Math.min(100, Math.max(1, numberOf(count) || 20))
    const wanted = textOf(roomType)
    const rooms = [...this.#rooms.values()].filter((room) => wanted === '' || room.roomType === wanted)
    const page = rooms.slice(first, first + most).map(({ roomID, roomInfo }) => ({ roomID, roomInfo }))
    return { ...OK, rooms: page }
  }

  #members({ roomID }: Body): Answer {
    const room = this.#find(roomID)
    if (room === undefined) return noRoom()
    return { ...OK, members: [...room.members].map(([userID, { nickName }]) => ({ userID, nickName })) }
  }

  #find(roomID: unknown): ServedRoom | undefined {
    return this.#rooms.get(numberOf(roomID))
  }

  /** Signaling shows its members here; others must send heartbeats. */
  async #forgetSilent(): Promise<void> {
    const rooms = [...this.#rooms.values()]
    const present = await Promise.all(rooms.map(({ roomID }) => this.#usersIn(roomID)))
    const nowMs = this.#deps.nowMs()
    for (const [index, room] of rooms.entries()) {
      for (const [userID, member] of room.members) {
        if (present[index]?.has(userID) === true) member.seenAtMs = nowMs
        if (nowMs - member.seenAtMs > demoHeartbeatMs) room.members.delete(userID)
      }
      if (room.members.size === 0) this.#rooms.delete(room.roomID)
    }
  }

  #usersIn(roomID: number): Promise<ReadonlySet<string> | undefined> {
    return answered(this.#deps.clock, this.#deps.operations.usersIn(String(roomID)))
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, demoTextChars) : ''
}

/** NaN for values other than numbers and text: converting an object would call methods that JSON can name. */
function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN
}

function refused(message: string): Answer {
  return { code: -1, message }
}

function badUser(): Answer {
  return refused('userID must be 1 to 32 characters of A-Z a-z 0-9 _ -.')
}

function noRoom(): Answer {
  return refused('There is no such room.')
}
