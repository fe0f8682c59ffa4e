import { read, write } from '../../ui/storage.js'

const NAME_AT = 'crossroom.name'
const ROOM_AT = 'crossroom.room'
const MARK_AT = 'crossroom.mark'
/** Limits of the signaling: ids of users and rooms, and names. */
const USER_ID_CHARS = 32
const ROOM_ID = /^[A-Za-z0-9_-]{1,64}$/
export const NAME_CHARS = 64
const MARK_CHARS = 4

const ADJECTIVES = (
  'amber brave bright calm clear cosy crisp early fair fresh gentle golden green happy keen kind light lively lucky ' +
  'merry mild neat noble proud quick quiet ready silver sunny swift warm wise'
).split(' ')
const NOUNS = (
  'bay beach bridge brook cedar cloud coast creek delta dune field forest garden grove harbor hill island lagoon lake ' +
  'maple meadow moon oak orchard pine pond prairie river shore summit valley wave'
).split(' ')

/** The last typed name. */
export function remembered(): { readonly name: string; readonly room: string } {
  return { name: read('local', NAME_AT) ?? '', room: read('local', ROOM_AT) ?? '' }
}

/** Saves the typed name. */
export function remember(name: string, room: string): void {
  write('local', NAME_AT, name)
  write('local', ROOM_AT, room)
}

/**
 * The id of a person by name: what of the name the id's alphabet has, and a mark that tells two people of one name apart.
 * Names of other alphabets leave the mark alone with `guest`.
 */
export function userIdOf(name: string, mark: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, USER_ID_CHARS - mark.length - 1)
    .replace(/-+$/, '')
  return `${slug === '' ? 'guest' : slug}-${mark}`
}

/** What of a name is left in an id that {@link userIdOf} made. */
export function nameOfUserId(userId: string): string {
  return userId.replace(/-[a-z0-9]{4}$/, '')
}

/** The mark of this tab: a reload is the same person again, another tab is another one. */
export function markOfTab(): string {
  const stored = read('session', MARK_AT)
  if (stored !== undefined && /^[a-z0-9]{4}$/.test(stored)) return stored
  const made = newMark()
  write('session', MARK_AT, made)
  return made
}

/** Four letters and digits, hard to mistake for one another. */
export function newMark(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  return Array.from(crypto.getRandomValues(new Uint8Array(MARK_CHARS)), (byte) => letters[byte % letters.length]).join(
    '',
  )
}

/** A tidied room id; undefined when it has characters that no room has. */
export function roomIdOf(text: string): string | undefined {
  const id = text.trim().replace(/\s+/g, '-')
  return ROOM_ID.test(id) ? id : undefined
}

/** A new room name: two words to recognize it, and random letters. */
export function newRoomId(): string {
  const [first = 0, second = 0] = crypto.getRandomValues(new Uint32Array(2))
  return [ADJECTIVES[first % ADJECTIVES.length], NOUNS[second % NOUNS.length], newMark(), newMark()].join('-')
}

/** Up to two letters that stand for a person without a picture. Chinese names keep their last two characters. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/[\s_-]+/u)
  const first = words[0] ?? ''
  if (/^\p{Script=Han}+$/u.test(first)) return [...first].slice(-2).join('')
  return words
    .filter((word) => word !== '')
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('')
}

/** A number from 0 to `count` - 1 that stays the same for one id, to choose a colour by. */
export function shadeOf(id: string, count: number): number {
  let sum = 7
  for (const char of id) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return sum % count
}
