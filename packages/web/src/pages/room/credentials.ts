import type { RequestedRole } from '@crossroom/client'

/** What proves to the server who enters; all absent in open mode. */
export interface Credentials {
  readonly sdkAppId?: number
  readonly userSig?: string
  readonly privateMapKey?: string
}

/** Credentials that the server issues to anyone in open mode and in the demo. */
export interface DemoCredentials extends Credentials {
  /** `rtmp://HOST[:PORT]` that encoders push to. */
  readonly rtmp?: string
}

/** What an invitation says of its guest. */
export interface Invited {
  readonly roomId?: string
  readonly userId?: string
  readonly name?: string
  readonly credentials?: Credentials
  /** Stands for credentials, once: what the app of the desktop came with. */
  readonly ticket?: string
  /** Lets a guest in under an id that the server chooses. */
  readonly invite?: string
  /** An invitation was taken: the id is the server's choice, the name the guest's. */
  readonly isGuest?: boolean
  readonly role?: RequestedRole
  /** The app of the desktop is to be tried first, by a link of this scheme. */
  readonly app?: 'crossroom' | 'wxlite'
}

const TOKEN_PATH = '/api/v1/demo/token'
const TIMEOUT_MS = 5_000

/**
 * Reads `?room=&name=` and, better behind `#` where no server log sees it,
 * `userid=&usersig=|token=&sdkappid=&privatemapkey=`, `ticket=` or
 * `invite=`. `open=app` (or `open=wxlite`) offers the app of the desktop.
 */
export function readInvited(search: string, hash: string): Invited {
  const query = new URLSearchParams(search)
  for (const [name, value] of new URLSearchParams(hash.replace(/^#/, ''))) query.set(name, value)
  const value = (name: string): string | undefined => {
    const text = query.get(name)?.trim() ?? ''
    return text === '' ? undefined : text
  }
  const userSig = value('usersig') ?? value('token')
  const sdkAppId = Number(value('sdkappid'))
  const privateMapKey = value('privatemapkey')
  const roomId = value('room')
  const userId = value('userid')
  const name = value('name')
  const ticket = value('ticket')
  const invite = value('invite')
  const open = value('open')
  return {
    ...(roomId === undefined ? {} : { roomId }),
    ...(userId === undefined ? {} : { userId }),
    ...(name === undefined ? {} : { name }),
    ...(userSig === undefined
      ? {}
      : {
          credentials: {
            userSig,
            ...(Number.isInteger(sdkAppId) && sdkAppId > 0 ? { sdkAppId } : {}),
            ...(privateMapKey === undefined ? {} : { privateMapKey }),
          },
        }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(invite === undefined ? {} : { invite }),
    ...(open === 'app' ? { app: 'crossroom' as const } : open === 'wxlite' ? { app: 'wxlite' as const } : {}),
  }
}

/**
 * Requests credentials from the server, which issues them to anyone in open mode and in the demo. A server that issues
 * none answers 403 or 404: then the page enters without credentials, and the error explains the refusal. Never rejects.
 */
export async function demoCredentials(userId: string, roomId: string): Promise<DemoCredentials> {
  try {
    const response = await fetch(TOKEN_PATH, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ userId, roomId }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return response.ok ? credentialsOf(await response.json()) : {}
  } catch {
    return {}
  }
}

/** The credentials in an answer of the server. */
export function credentialsOf(answer: unknown): DemoCredentials {
  if (typeof answer !== 'object' || answer === null) return {}
  const { sdkAppId, userSig, privateMapKey, rtmp } = answer as Record<string, unknown>
  return {
    ...(typeof sdkAppId === 'number' ? { sdkAppId } : {}),
    ...(typeof userSig === 'string' ? { userSig } : {}),
    ...(typeof privateMapKey === 'string' ? { privateMapKey } : {}),
    ...(typeof rtmp === 'string' ? { rtmp } : {}),
  }
}
