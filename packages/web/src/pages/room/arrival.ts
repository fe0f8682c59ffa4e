import { readInvited, type Invited } from './credentials.js'

/** The window of the page, as far as arriving goes. */
export interface ArrivalWindow {
  readonly location: Pick<Location, 'href' | 'pathname' | 'search' | 'hash'>
  readonly history: Pick<History, 'state' | 'replaceState'>
}

/** The contents of a link, and the link itself, for opening it in another browser. */
export interface Arrival {
  readonly invited: Invited
  readonly link: string
}

/** What may stay in an address: it names places and people, and opens nothing. */
const HARMLESS = ['room', 'name', 'open'] as const

/**
 * Reads the link that opened this page and removes all credentials from the address. Pages import this before anything
 * else. A reload restores the credentials from the history entry, which no other page and no server can read.
 */
export function arrive({ location, history }: ArrivalWindow): Arrival {
  const invited = withKept(readInvited(location.search, location.hash), history.state)
  const link = location.href
  history.replaceState(stateOf(invited), '', location.pathname + harmlessPartOf(location.search, location.hash))
  return { invited, link }
}

/** What a history entry remembers of an invitation; null when it opens nothing. */
export function stateOf(invited: Invited): object | null {
  const { roomId, userId, credentials, ticket, invite, isGuest, role } = invited
  const opens = credentials !== undefined || ticket !== undefined || invite !== undefined || isGuest === true
  return opens ? { invited: { roomId, userId, credentials, ticket, invite, isGuest, role } } : null
}

function harmlessPartOf(search: string, hash: string): string {
  const given = new URLSearchParams(search)
  for (const [name, value] of new URLSearchParams(hash.replace(/^#/, ''))) given.set(name, value)
  const kept = new URLSearchParams()
  for (const name of HARMLESS) {
    const value = given.get(name)
    if (value !== null && value !== '') kept.set(name, value)
  }
  const text = kept.toString()
  return text === '' ? '' : `?${text}`
}

/** A link with its own credentials is not combined with those of an earlier link, nor is a link to another room. */
function withKept(invited: Invited, state: unknown): Invited {
  const kept = (state as { readonly invited?: Invited } | null)?.invited
  const { credentials, ticket, invite } = invited
  if (kept === undefined || (credentials ?? ticket ?? invite) !== undefined || kept.roomId !== invited.roomId)
    return invited
  const known = Object.entries(kept).filter(([, value]) => value !== undefined)
  return { ...invited, ...(Object.fromEntries(known) as Invited) }
}
