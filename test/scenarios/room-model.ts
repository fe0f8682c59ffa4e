import { expect } from 'vitest'
import type { RequestedRole, TrackKind, User } from '@crossroom/protocol'
import { roomLimits } from '../../packages/server/src/config/index.js'
import { ADDRESSES, FakeConnection, RoomStage, type Entered } from './room-stage.js'
import { audioConfig, videoConfig } from './stage.js'

/** What must be true of one member, whatever the server thinks. */
interface Expected {
  isAudience: boolean
  isAsking: boolean
  lostAtMs: number | undefined
  readonly muted: Record<TrackKind, boolean>
}

/** A room by its rules, in a few lines. */
export class Model {
  nowMs = 0
  readonly members = new Map<string, Expected>()
  readonly bannedUntilMs = new Map<string, number>()

  isBanned(user: string): boolean {
    return (this.bannedUntilMs.get(user) ?? 0) > this.nowMs
  }

  enter(user: string, role: RequestedRole): void {
    const before = this.members.get(user)
    const isAudience = role === 'audience'
    const isAsking = isAudience && before?.isAsking === true
    const muted = before?.muted ?? { audio: false, video: false }
    this.members.set(user, { isAudience, isAsking, lostAtMs: undefined, muted })
  }

  become(user: string, role: RequestedRole): void {
    const member = this.members.get(user)!
    member.isAudience = role === 'audience'
    if (role === 'anchor') member.isAsking = false
  }

  /** Whoever lost the socket and did not come back in time is gone. */
  pass(micros: number): void {
    this.nowMs += micros / 1000
    for (const [user, { lostAtMs }] of [...this.members])
      if (lostAtMs !== undefined && this.nowMs - lostAtMs >= roomLimits.resumeMicros / 1000) this.members.delete(user)
  }
}

/** Shown as a line per member: what it is, and which of its tracks are there. */
type View = Map<string, Set<string>>

/** A client that believes what it is told one by one, and what it would show. */
class Believer {
  readonly view: View = new Map()
  readonly connection: FakeConnection
  readonly #found: readonly User[]
  #read = 0

  constructor(connection: FakeConnection, found: readonly User[]) {
    this.connection = connection
    this.#found = found
    for (const user of found) this.view.set(user.userId, tracksOf(user))
  }

  /** The newest whole list that it was given. */
  get users(): readonly User[] {
    return this.connection.all('room.userList').at(-1)?.userList ?? this.#found
  }

  read(): void {
    const { told } = this.connection
    for (; this.#read < told.length; this.#read++) {
      const { method, params } = told[this.#read]!
      if (method === 'room.userEnter') {
        expect(this.view.has(params.user.userId)).toBe(false)
        this.view.set(params.user.userId, tracksOf(params.user))
      } else if (method === 'room.userExit') expect(this.view.delete(params.userId)).toBe(true)
      else if (method === 'room.audioState' || method === 'room.videoState') {
        const track = `${params.streamType} ${method === 'room.audioState' ? 'audio' : 'video'}`
        const tracks = this.view.get(params.userId)
        if (params.available) tracks?.add(track)
        else tracks?.delete(track)
      }
    }
  }
}

function tracksOf({ streams }: User): Set<string> {
  const kinds = streams.flatMap(({ streamType, hasAudio, hasVideo }) => [
    ...(hasAudio ? [`${streamType} audio`] : []),
    ...(hasVideo ? [`${streamType} video`] : []),
  ])
  return new Set(kinds)
}

interface Person {
  readonly entered: Pick<Entered, 'member' | 'connection'>
  readonly believer: Believer
}

/** Real rooms, with people who do what commands tell them. */
export class World {
  readonly stage = new RoomStage()
  readonly people = new Map<string, Person>()

  get room() {
    return this.stage.rooms.get('room')
  }

  enter(user: string, role: RequestedRole): void {
    const entered = this.stage.enter(user, { role })
    this.#meet(user, entered)
  }

  resume(user: string): void {
    const { member } = this.people.get(user)!.entered
    const connection = new FakeConnection()
    this.stage.rooms.resume(member.resumeToken, connection, ADDRESSES)
    this.#meet(user, { member, connection })
  }

  #meet(user: string, entered: Pick<Entered, 'member' | 'connection'>): void {
    const believer = new Believer(entered.connection, entered.member.enterResult().userList)
    this.people.set(user, { entered, believer })
  }

  isOwner(user: string): boolean {
    return this.room?.owner?.userId === user
  }

  roleOf(user: string): string | undefined {
    return this.room?.member(user)?.role
  }

  /** Two frames of everything, so that sound and picture flow. */
  publish(user: string): void {
    const publication = this.stage.publishAs(this.people.get(user)!.entered)
    publication.push(this.stage.frame(videoConfig(), 0, true))
    publication.push(this.stage.frame(audioConfig(), 0))
  }
}

/** What holds at every moment that everybody was told of. */
export function check(model: Model, { room, stage, people }: World): void {
  stage.settle()
  model.pass(1_100_000)
  const members = [...(room?.members ?? [])]
  expect(members.map(({ userId }) => userId).sort()).toEqual([...model.members.keys()].sort())
  for (const { userId, role, mutedByOthers } of members) {
    const expected = model.members.get(userId)!
    expect([userId, role === 'audience', mutedByOthers]).toEqual([userId, expected.isAudience, expected.muted])
  }
  const listed = members.filter(({ role }) => role !== 'audience')
  const owners = listed.filter(({ role }) => role === 'owner')
  // Everybody here may create rooms, so somebody owns it while anybody may.
  expect(owners).toHaveLength(listed.length > 0 ? 1 : 0)
  expect(room?.owner).toBe(owners[0])
  expect(room?.audienceCount ?? 0).toBe(members.length - listed.length)
  const list = room === undefined ? [] : [...room.list.values()]
  expect(list.map(({ userId }) => userId)).toEqual(listed.map(({ userId }) => userId))
  for (const { layers } of list) expect(layers.map(({ streamType }) => streamType)).toEqual(['main'])
  for (const member of members) {
    const { entered, believer } = people.get(member.userId)!
    if (!entered.member.isConnected) continue
    believer.read()
    const others = list.filter(({ userId }) => userId !== member.userId)
    const shown = new Map(
      others.map(({ userId, layers }) => {
        const flowing = layers.map(({ streamType, kinds }) => ({
          streamType,
          hasAudio: kinds.audio,
          hasVideo: kinds.video,
        }))
        return [userId, tracksOf({ streams: flowing } as unknown as User)] as const
      }),
    )
    expect(believer.view).toEqual(shown)
    const { users } = believer
    expect(new Map(users.map((user) => [user.userId, tracksOf(user)]))).toEqual(shown)
    expect(users.map(({ role }) => role)).toEqual(others.map(({ role }) => role))
  }
}
