import { demoCredentials, type Credentials } from '../room/credentials.js'

/** The user and the call, as the page knows them. */
export interface AppCall {
  readonly roomId: string
  readonly userId: string
  readonly name: string
  readonly credentials?: Credentials
}

export type AppScheme = 'crossroom' | 'wxlite'

/** Longer than a desktop takes to answer a click on a link, shorter than a person thinks nothing happens. */
const NOTHING_HAPPENED_MS = 1_500
const TIMEOUT_MS = 5_000

/** `crossroom://start?…`, which `crossroom desktop` opens. The ticket, when there is one, stands for the signatures. */
export function appLink(scheme: AppScheme, server: string, call: AppCall, ticket: string | undefined): string {
  const query = new URLSearchParams({ server, room: call.roomId, user: call.userId, name: call.name })
  if (ticket !== undefined) query.set('ticket', ticket)
  return `${scheme}://start?${query.toString()}`
}

/** A ticket that is good once and for a minute; undefined when the server gives none: then the app asks who enters. Never rejects. */
export async function ticketFor({ roomId, userId, name, credentials }: AppCall): Promise<string | undefined> {
  const { sdkAppId, userSig, privateMapKey } = credentials ?? (await demoCredentials(userId, roomId))
  const answer = await post('/api/v1/desktop/ticket', {
    roomId,
    userId,
    userName: name,
    sdkAppId,
    userSig,
    privateMapKey,
  })
  return typeof answer?.['ticket'] === 'string' ? answer['ticket'] : undefined
}

/** What a ticket stands for; undefined when it was used before or is too old. Never rejects. */
export async function redeemTicket(ticket: string): Promise<(Credentials & { readonly name?: string }) | undefined> {
  const answer = await post('/api/v1/desktop/redeem', { ticket })
  if (answer === undefined) return undefined
  const { sdkAppId, userSig, privateMapKey, userName } = answer
  return {
    ...(typeof sdkAppId === 'number' && { sdkAppId }),
    ...(typeof userSig === 'string' && { userSig }),
    ...(typeof privateMapKey === 'string' && { privateMapKey }),
    ...(typeof userName === 'string' && { name: userName }),
  }
}

/**
 * Follows a link of another scheme. A browser does not report whether an app opened it; if the page loses the focus or
 * is hidden, that counts as yes.
 */
export function followAppLink(link: string, page: Window = window): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isTaken: boolean) => (): void => {
      page.clearTimeout(timer)
      page.removeEventListener('blur', taken)
      page.document.removeEventListener('visibilitychange', taken)
      resolve(isTaken)
    }
    const taken = settle(true)
    const timer = page.setTimeout(settle(false), NOTHING_HAPPENED_MS)
    page.addEventListener('blur', taken)
    page.document.addEventListener('visibilitychange', taken)
    page.location.href = link
  })
}

async function post(path: string, body: object): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return response.ok ? ((await response.json()) as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
