import type { PublishedStreamType, Role, User } from '@crossroom/client'

/** How a participant is connected, in words for users. */
export type PersonKind = 'browser' | 'miniprogram' | 'device'

/** One person in the room, oneself included. */
export interface Person {
  readonly userId: string
  readonly name: string
  readonly kind: PersonKind
  readonly role: Role
  readonly isSelf: boolean
  readonly hasSound: boolean
  readonly hasPicture: boolean
  readonly hasScreen: boolean
}

/** One picture, or the place of one. */
export interface Tile {
  /** Stays the same as long as the tile is the same. */
  readonly key: string
  readonly person: Person
  readonly streamType: PublishedStreamType
}

/** Another member as a person. */
export function personOf(user: User): Person {
  const main = user.streams.find(({ streamType }) => streamType === 'main')
  const aux = user.streams.find(({ streamType }) => streamType === 'aux')
  return {
    userId: user.userId,
    name: user.userName === '' ? user.userId : user.userName,
    kind: kindOf(user),
    role: user.role,
    isSelf: false,
    hasSound: main?.hasAudio ?? false,
    hasPicture: main?.hasVideo ?? false,
    hasScreen: aux?.hasVideo ?? false,
  }
}

function kindOf({ kind }: User): PersonKind {
  if (kind === 'miniprogram') return 'miniprogram'
  return kind === 'rtmp' || kind === 'whip' ? 'device' : 'browser'
}

/** The tiles of a room: screens first, then people in the order of the list. Audience has no tile. */
export function tilesOf(people: readonly Person[]): Tile[] {
  const screens = people
    .filter(({ hasScreen, isSelf }) => hasScreen && !isSelf)
    .map((person): Tile => ({ key: `${person.userId}/aux`, person, streamType: 'aux' }))
  const faces = people
    .filter(({ role }) => role !== 'audience')
    .map((person): Tile => ({ key: `${person.userId}/main`, person, streamType: 'main' }))
  return [...screens, ...faces]
}

/** The large tile: the pinned one, a screen, the speaker, another member, oneself. */
export function largeTile(
  tiles: readonly Tile[],
  pinned: string | undefined,
  speaker: string | undefined,
): Tile | undefined {
  return (
    tiles.find(({ key }) => key === pinned) ??
    tiles.find(({ streamType }) => streamType === 'aux') ??
    tiles.find(({ person }) => person.userId === speaker && !person.isSelf) ??
    tiles.find(({ person }) => !person.isSelf && person.hasPicture) ??
    tiles.find(({ person }) => !person.isSelf) ??
    tiles[0]
  )
}
