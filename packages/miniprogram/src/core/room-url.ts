/**
 * `room://HOST[:PORT]?sdkappid=&roomid=|strroomid=&userid=&usersig=|roomsig=[&privatemapkey=][&tls=0|1]`: the address
 * that apps written for Tencent's rooms give to a pusher. The real tag would take it to Tencent's cloud, so the
 * component resolves it. Mini Programs have no `URL`, hence the parsing by hand.
 */

/** Longest room address that is read; a UserSig with a privateMapKey stays below 1 KiB. */
const MAX_ROOM_URL_LENGTH = 8 * 1024

/** Ports are 16 bits. */
const MAX_PORT = 0xffff

/** Hosts of the cloud that `room://` meant before. No self-hosted server uses them. */
const FOREIGN_HOST = /(^|\.)(tencent\.com|tencent-cloud\.com|qcloud\.com|qq\.com)$/i

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i

export interface RoomAddress {
  /** `wss://HOST[:PORT]/signal`. */
  readonly signalUrl: string
  readonly sdkAppId?: number
  readonly roomId: string | number
  readonly userId: string
  readonly userSig?: string
  readonly privateMapKey?: string
  /** `aux` pushes a screen beside the camera; anything else is the main stream. */
  readonly streamType?: 'main' | 'aux'
}

/** An invalid address; `message` contains the received and the expected form. */
export class RoomUrlError extends Error {
  readonly code = 'BAD_ROOM_URL'
}

/** Is it an address that this component must resolve, and not the tag? */
export function isRoomUrl(url: string): boolean {
  return /^room:\/\//i.test(url)
}

/**
 * Reads a `room://` address. `server` replaces its host: that is how an app keeps the addresses it built for another
 * cloud. Throws RoomUrlError.
 */
export function parseRoomUrl(url: string, server?: string): RoomAddress {
  if (!isRoomUrl(url)) throw new RoomUrlError('A room address begins with room://')
  if (url.length > MAX_ROOM_URL_LENGTH) {
    throw new RoomUrlError(`A room address has at most ${MAX_ROOM_URL_LENGTH} characters, this one has ${url.length}.`)
  }
  const [head = '', query = ''] = splitOnce(url.slice('room://'.length), '?')
  const authority = head.split('/')[0] ?? ''
  const parameters = parseQuery(query)
  const roomSig = readRoomSig(parameters['roomsig'])
  const signalServer = server === undefined || server === '' ? roomSig.signal : server
  const signalUrl = signalServer ? signalUrlOf(signalServer) : signalUrlOfAuthority(authority, parameters['tls'])
  const roomId = roomIdOf(parameters)
  const userId = parameters['userid']
  if (!userId) throw new RoomUrlError('The room address has no userid.')
  const sdkAppId = Number(parameters['sdkappid'])
  const userSig = parameters['usersig'] ?? roomSig.userSig
  const privateMapKey = parameters['privatemapkey'] ?? roomSig.privateMapKey
  return {
    signalUrl,
    roomId,
    userId,
    ...(Number.isInteger(sdkAppId) && sdkAppId > 0 ? { sdkAppId } : {}),
    ...(userSig ? { userSig } : {}),
    ...(privateMapKey ? { privateMapKey } : {}),
    streamType: parameters['streamtype'] === 'aux' ? 'aux' : 'main',
  }
}

export interface RoomUrlParts {
  /** `HOST[:PORT]`. */
  readonly host: string
  readonly sdkAppId?: number | string
  readonly roomId: string | number
  readonly userId: string
  readonly userSig?: string
  readonly privateMapKey?: string
  /** Absent: TLS unless the host is a private address. */
  readonly tls?: boolean
}

/** Writes the address that {@link parseRoomUrl} reads. */
export function formatRoomUrl(parts: RoomUrlParts): string {
  const query: [string, string | number | undefined][] = [
    ['sdkappid', parts.sdkAppId],
    [typeof parts.roomId === 'number' ? 'roomid' : 'strroomid', parts.roomId],
    ['userid', parts.userId],
    ['usersig', parts.userSig],
    ['privatemapkey', parts.privateMapKey],
    ['tls', parts.tls === undefined ? undefined : parts.tls ? 1 : 0],
  ]
  const written = query
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return `room://${parts.host}?${written.join('&')}`
}

/**
 * The signaling address of a server as people write it: `https://example.com`, `ws://192.168.1.5:8080`,
 * `example.com:8443`. Without a scheme, TLS is taken unless the host is a private address. Throws RoomUrlError.
 */
export function signalUrlOf(server: string): string {
  const match = /^(?:(wss?|https?):\/\/)?([^/?#]+)(\/[^?#]*)?/i.exec(server.trim())
  const authority = match?.[2]
  if (!authority) throw new RoomUrlError('The server is an address such as https://example.com; it is empty.')
  const scheme = match[1]?.toLowerCase()
  const path = (match[3] ?? '').replace(/\/+$/, '')
  const base = scheme
    ? `${scheme === 'https' || scheme === 'wss' ? 'wss' : 'ws'}://${checkedAuthority(authority).authority}`
    : baseOfAuthority(authority, undefined)
  return `${base}${path.endsWith('/signal') ? path : `${path}/signal`}`
}

/**
 * Loopback, private and link-local addresses, and names of the local network: none of them has a public certificate.
 */
export function isPrivateHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  if (name === 'localhost' || name.endsWith('.localhost') || name.endsWith('.local')) return true
  if (name.includes(':')) return name === '::1' || /^f[cd]/.test(name) || /^fe[89ab]/.test(name)
  const octets = name.split('.').map(Number)
  if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255)) return false
  const [first = 0, second = 0] = octets
  if (first === 172) return second >= 16 && second <= 31
  if (first === 192) return second === 168
  if (first === 169) return second === 254
  return first === 10 || first === 127
}

function signalUrlOfAuthority(authority: string, tls: string | undefined): string {
  const { host } = checkedAuthority(authority)
  if (FOREIGN_HOST.test(host)) {
    throw new RoomUrlError(`${host} is not your server: put its address there, or set the property "server".`)
  }
  return `${baseOfAuthority(authority, tls)}/signal`
}

function baseOfAuthority(authority: string, tls: string | undefined): string {
  const { host } = checkedAuthority(authority)
  const secure = tls === undefined ? !isPrivateHost(host) : tls !== '0'
  return `${secure ? 'wss' : 'ws'}://${authority}`
}

function checkedAuthority(authority: string): { readonly host: string; readonly authority: string } {
  const match = AUTHORITY.exec(authority)
  const host = match?.[1]
  if (!host || Number(match[2] ?? 0) > MAX_PORT) {
    throw new RoomUrlError('The server must be HOST or HOST:PORT, the port at most 65535.')
  }
  return { host, authority }
}

function roomIdOf(parameters: Readonly<Record<string, string>>): string | number {
  const text = parameters['strroomid']
  if (text) return text
  const number = parameters['roomid']
  if (!number) throw new RoomUrlError('The room address has neither roomid nor strroomid.')
  return /^\d{1,10}$/.test(number) ? Number(number) : number
}

interface RoomSig {
  readonly signal?: string
  readonly userSig?: string
  readonly privateMapKey?: string
}

/**
 * A roomsig is the server's answer to `jsonvideoapp`, as JSON text. Ours carries what the asker brought and was checked, and
 * where to enter: so an old component that writes Tencent's host into the address still comes to this server.
 */
function readRoomSig(text: string | undefined): RoomSig {
  if (!text) return {}
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body !== 'object' || body === null) return {}
    const { signal, userSig, privateMapKey } = body as Readonly<Record<string, unknown>>
    return {
      ...(typeof signal === 'string' && /^wss?:\/\//.test(signal) ? { signal } : {}),
      ...(typeof userSig === 'string' ? { userSig } : {}),
      ...(typeof privateMapKey === 'string' ? { privateMapKey } : {}),
    }
  } catch {
    return {}
  }
}

/** Later parameters of the same name do not replace the first. A value that is no valid escape stays as it came. */
function parseQuery(query: string): Record<string, string> {
  const parameters = Object.create(null) as Record<string, string>
  for (const part of query.split('&')) {
    const [name, value] = splitOnce(part, '=')
    const key = name.toLowerCase()
    if (key && parameters[key] === undefined) parameters[key] = decoded(value)
  }
  return parameters
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}
