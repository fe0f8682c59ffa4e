import { fetchStreams, type ListedStream, type StreamList } from '../streams.js'
import { Api } from './api.js'
import { RoomStreams, type WallStream } from './room-streams.js'

export type Wall =
  { readonly kind: 'streams'; readonly streams: readonly WallStream[] } | Extract<StreamList, { kind: 'hidden' }>

/** Pixels of a tile that is not seen: enough for the moment before it plays. */
const PICTURE_WIDTH = 320

/** Where a wall learns what there is to see. */
export interface WallSource {
  /** Asks for everything. Never rejects. */
  fetch(apiKey: string | undefined): Promise<Wall>
  /** The current picture of a stream, small; undefined when there is none. */
  picture(stream: WallStream): Promise<Blob | undefined>
  /** Returns the borrowed addresses. */
  close(): void
}

/** The plain streams and those of rooms, by the REST API. */
export class RestWall implements WallSource {
  readonly #rooms = new RoomStreams()
  #api = new Api(undefined)

  async fetch(apiKey: string | undefined): Promise<Wall> {
    const list = await fetchStreams(apiKey)
    if (list.kind === 'hidden') return list
    this.#api = new Api(apiKey)
    // Anyone may list plain streams of an open server; a wall without its rooms would only look complete.
    if (apiKey === undefined && (await this.#api.ask('GET', '/rooms')) === undefined)
      return { kind: 'hidden', why: 'key' }
    const ofRooms = await this.#rooms.fetch(this.#api)
    return { kind: 'streams', streams: [...list.streams.map(wallStreamOf), ...ofRooms] }
  }

  picture({ snapshot }: WallStream): Promise<Blob | undefined> {
    return this.#api.picture(`${snapshot}${snapshot.includes('?') ? '&' : '?'}width=${String(PICTURE_WIDTH)}`)
  }

  close(): void {
    void this.#rooms.close(this.#api)
  }
}

function wallStreamOf({ name, live, viewers }: ListedStream): WallStream {
  return { key: name, name, path: name, snapshot: `/streams/${name}/snapshot.jpg`, isLive: live, viewers }
}
