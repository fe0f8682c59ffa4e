import { createHmac } from 'node:crypto'

export interface TurnOptions {
  /** `turn:HOST:PORT?transport=udp`, `turns:…`, `stun:…`. */
  readonly urls: readonly string[]
  /** Shared with the TURN server (coturn's `static-auth-secret`); without it addresses go out bare. */
  readonly secret: string | undefined
}

/** An entry of `RTCConfiguration.iceServers`. */
export interface IceServer {
  readonly urls: readonly string[]
  readonly username?: string
  readonly credential?: string
}

/** How long credentials are good for: a session that lasts longer has its relay already. */
const LIFETIME_SECONDS = 24 * 3600

/** Time-limited TURN credentials (draft-uberti-behave-turn-rest): the name is the expiry, the password its HMAC-SHA1. */
export function iceServers(turn: TurnOptions, nowMs: number): IceServer[] {
  if (turn.urls.length === 0) return []
  if (turn.secret === undefined) return [{ urls: turn.urls }]
  const username = `${String(Math.floor(nowMs / 1000) + LIFETIME_SECONDS)}:crossroom`
  const credential = createHmac('sha1', turn.secret).update(username).digest('base64')
  return [{ urls: turn.urls, username, credential }]
}

/** The same as `Link` headers (RFC 9725 section 4.6). A stranger is told of STUN alone, where TURN would need credentials. */
export function iceServerLinks(turn: TurnOptions, nowMs: number, isKnown: boolean): string[] {
  const isLent = isKnown || turn.secret === undefined
  const told = isLent ? turn : { urls: turn.urls.filter((url) => /^stuns?:/.test(url)), secret: undefined }
  return iceServers(told, nowMs).flatMap(({ urls, username, credential }) =>
    urls.map((url) => {
      const login = username === undefined || credential === undefined ? '' : loginOf(username, credential)
      return `<${url}>; rel="ice-server"${login}`
    }),
  )
}

function loginOf(username: string, credential: string): string {
  return `; username="${username}"; credential="${credential}"; credential-type="password"`
}
