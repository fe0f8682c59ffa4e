import { isRecord, type Api } from './api.js'

/** A stream that the wall can play. */
export interface WallStream {
  /** Tells streams apart. */
  readonly key: string
  readonly name: string
  /** `APP/STREAM` of the addresses to play it by. */
  readonly path: string
  /** Where REST has its current picture. */
  readonly snapshot: string
  readonly isLive: boolean
  readonly viewers: number
}

/** An address of ours: its holder plays without being a member. Given back when it is not needed any more. */
interface Lent {
  readonly roomId: string
  readonly token: string
  /** `APP/STREAM`. */
  readonly stream: string
}

/** A member's stream in a room. */
interface RoomStream {
  readonly key: string
  readonly roomId: string
  readonly userId: string
  readonly streamType: 'main' | 'aux'
  readonly name: string
}

/** Longer than a wall stays open without a reload; a closed wall returns its addresses. */
const EXPIRE_SECONDS = 86_400

/** The streams of rooms, each by an address made for this wall, the same one as long as the stream is there. */
export class RoomStreams {
  readonly #lent = new Map<string, Lent>()

  /** The visible streams of rooms. Empty if this key has no access to rooms. */
  async fetch(api: Api): Promise<WallStream[]> {
    const rooms = await api.list('/rooms', 'rooms')
    const found = await Promise.all(rooms.map((room) => streamsOf(api, String(room['roomId']))))
    const streams = found.flat()
    await this.#giveBack(api, new Set(streams.map(({ key }) => key)))
    const shown = await Promise.all(streams.map((stream) => this.#show(api, stream)))
    return shown.filter((stream) => stream !== undefined)
  }

  /** Gives every address back. */
  close(api: Api): Promise<void> {
    return this.#giveBack(api, new Set())
  }

  async #show(api: Api, { key, roomId, userId, streamType, name }: RoomStream): Promise<WallStream | undefined> {
    if (!this.#lent.has(key)) {
      const path = `/rooms/${encodeURIComponent(roomId)}/play-addresses`
      const answer = await api.ask('POST', path, { userId, streamType, expireSeconds: EXPIRE_SECONDS })
      if (!isRecord(answer) || !isRecord(answer['play'])) return undefined
      const { token, play } = answer
      if (typeof token !== 'string' || typeof play['flv'] !== 'string') return undefined
      this.#lent.set(key, { roomId, token, stream: streamAt(play['flv']) })
    }
    const member = `/rooms/${encodeURIComponent(roomId)}/members/${encodeURIComponent(userId)}`
    const snapshot = `${member}/snapshot.jpg?streamType=${streamType}`
    return { key, name, path: this.#lent.get(key)!.stream, snapshot, isLive: true, viewers: 0 }
  }

  async #giveBack(api: Api, needed: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#lent].filter(([key]) => !needed.has(key))
    for (const [key] of gone) this.#lent.delete(key)
    await Promise.all(
      gone.map(([, { roomId, token }]) =>
        api.ask('DELETE', `/rooms/${encodeURIComponent(roomId)}/play-addresses/${token}`),
      ),
    )
  }
}

/** `APP/STREAM` of an HTTP-FLV address. */
function streamAt(flv: string): string {
  return new URL(flv).pathname
    .replace(/\.flv$/, '')
    .split('/')
    .slice(-2)
    .join('/')
}

async function streamsOf(api: Api, roomId: string): Promise<RoomStream[]> {
  const members = await api.list(`/rooms/${encodeURIComponent(roomId)}/members`, 'members')
  return members.flatMap((member) => {
    const userId = String(member['userId'])
    const name = member['userName'] === '' ? userId : String(member['userName'])
    const streams = Array.isArray(member['streams']) ? (member['streams'] as unknown[]).filter(isRecord) : []
    return streams.flatMap(({ streamType, hasAudio, hasVideo }) => {
      if ((streamType !== 'main' && streamType !== 'aux') || (hasAudio !== true && hasVideo !== true)) return []
      const key = `${roomId}/${userId}/${streamType}`
      return [{ key, roomId, userId, streamType, name: `${roomId} · ${name}${streamType === 'aux' ? ' (aux)' : ''}` }]
    })
  })
}
