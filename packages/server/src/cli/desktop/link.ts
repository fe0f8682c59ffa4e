import { isRoomId, isUserId } from '@crossroom/protocol'
import { authLimits } from '../../config/index.js'
import { parseUrl } from '../../net/index.js'

/** Longer links are refused unread. */
export const MAX_LINK_CHARS = 2048
/** The schemes that `crossroom desktop register` takes. */
export const DESKTOP_SCHEMES = ['crossroom', 'wxlite'] as const

/** A validated link: room and server of the call. */
export interface DesktopLink {
  /** Origin of the server, `https://HOST[:PORT]`; `http` for this machine and private addresses only. */
  readonly server: string
  readonly roomId: string
  readonly userId?: string
  readonly name?: string
  /** Valid once and for a minute; the server exchanges it for the holder's credentials. */
  readonly ticket?: string
}

const PARAMETERS: ReadonlySet<string> = new Set(['server', 'room', 'user', 'name', 'ticket'])
const TICKET = /^[A-Za-z0-9_-]{16,64}$/
const CONTROL = /\p{Cc}/u
/** RFC 1918, RFC 6598, RFC 3927 and loopback, as hosts in URLs are spelled after parsing. */
const PRIVATE_HOST =
  /^(localhost|127\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|169\.254\.\d+\.\d+|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+|\[::1\]|\[f[cd][0-9a-f:]+\]|\[fe80:[0-9a-f:]+\])$/

/**
 * Parses `crossroom://start?server=&room=[&user=&name=&ticket=]`, and the same with `wxlite:`. Any page can contain
 * such a link, so unknown parts are refused. Returns a sentence for the user if the link is invalid.
 */
export function parseDesktopLink(text: string): DesktopLink | string {
  if (text.length > MAX_LINK_CHARS) return `The link has more than ${String(MAX_LINK_CHARS)} characters.`
  const match = /^(crossroom|wxlite):\/\/start\/?\?([^#]*)$/i.exec(text)
  if (match === null) return 'The link must look like crossroom://start?server=https://HOST&room=ID.'
  const query = new URLSearchParams(match[2])
  const seen = new Map<string, string>()
  for (const [name, value] of query) {
    if (!PARAMETERS.has(name)) return `The link has an unknown part; the known ones are ${[...PARAMETERS].join(', ')}.`
    if (seen.has(name)) return `The link has ${name} twice.`
    seen.set(name, value)
  }
  return checkedLink(seen)
}

function checkedLink(parts: ReadonlyMap<string, string>): DesktopLink | string {
  const server = originOf(parts.get('server') ?? '')
  if (server === undefined)
    return 'The server of the link must be https://HOST; http:// works only on this machine and in private networks.'
  const roomId = parts.get('room') ?? ''
  if (!isRoomId(roomId)) return 'The room of the link must be 1 to 64 of A-Z a-z 0-9 _ -.'
  const userId = parts.get('user')
  if (userId !== undefined && !isUserId(userId)) return 'The user of the link must be 1 to 32 of A-Z a-z 0-9 _ -.'
  const name = parts.get('name')
  if (name !== undefined && (name.length > authLimits.ticketNameChars || CONTROL.test(name)))
    return `The name in the link must have at most ${String(authLimits.ticketNameChars)} characters and no control characters.`
  const ticket = parts.get('ticket')
  if (ticket !== undefined && !TICKET.test(ticket)) return 'The ticket of the link is not one of a Crossroom server.'
  return {
    server,
    roomId,
    ...(userId !== undefined && { userId }),
    ...(name !== undefined && name !== '' && { name }),
    ...(ticket !== undefined && { ticket }),
  }
}

/** The address of the call page. Secrets go after `#`, and the page removes them from the history. */
export function callAddress({ server, roomId, userId, name, ticket }: DesktopLink): string {
  const address = new URL('/call', server)
  address.searchParams.set('room', roomId)
  if (name !== undefined) address.searchParams.set('name', name)
  const secret = new URLSearchParams()
  if (userId !== undefined) secret.set('userid', userId)
  if (ticket !== undefined) secret.set('ticket', ticket)
  address.hash = secret.toString()
  return address.href
}

function originOf(text: string): string | undefined {
  const url = parseUrl(text)
  if (url === undefined) return undefined
  const { protocol, hostname, origin, username, password, pathname, search, hash } = url
  if (username !== '' || password !== '' || pathname !== '/' || search !== '' || hash !== '') return undefined
  if (protocol === 'https:') return origin
  return protocol === 'http:' && PRIVATE_HOST.test(hostname) ? origin : undefined
}
