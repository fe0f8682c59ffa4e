import { fetchStreams, type ListedStream, type StreamList } from '../streams.js'

/** A stream that the wall can play. */
export interface WallStream {
  /** Tells streams apart. */
  readonly key: string
  readonly name: string
  /** `APP/STREAM` of the addresses to play it by. */
  readonly path: string
  readonly isLive: boolean
  readonly viewers: number
}

export type Wall =
  { readonly kind: 'streams'; readonly streams: readonly WallStream[] } | Extract<StreamList, { kind: 'hidden' }>

/** Asks for everything there is to see. Never rejects. */
export async function fetchWall(apiKey: string | undefined): Promise<Wall> {
  const list = await fetchStreams(apiKey)
  if (list.kind === 'hidden') return list
  return { kind: 'streams', streams: list.streams.map(wallStreamOf) }
}

function wallStreamOf({ name, live, viewers }: ListedStream): WallStream {
  return { key: name, name, path: name, isLive: live, viewers }
}
