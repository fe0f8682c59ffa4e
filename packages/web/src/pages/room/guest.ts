import { stateOf } from './arrival.js'
import { credentialsOf, type Invited } from './credentials.js'

const PATH = '/api/v1/guest'
const TIMEOUT_MS = 5_000

/** Why an invitation was not taken, with the server's code. */
class Refused extends Error {
  readonly code: string

  constructor(code: string, sentence: string) {
    super(sentence)
    this.code = code
  }
}

/** Changes the invitation of a link for an id and a signature of the guest's own, once; any other link stays as it is. */
export async function takeInvitation(invited: Invited, roomId: string): Promise<Invited> {
  const { invite, ...others } = invited
  if (invite === undefined) return invited
  const response = await fetch(PATH, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ roomId, invite }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const answer = (await response.json()) as Record<string, unknown>
  if (!response.ok) throw refusedBy(answer)
  const { userId, role } = answer
  const credentials = credentialsOf(answer)
  return {
    ...others,
    roomId,
    isGuest: true,
    role: role === 'audience' ? 'audience' : 'anchor',
    ...(typeof userId === 'string' ? { userId } : {}),
    ...(credentials.userSig === undefined ? {} : { credentials }),
  }
}

/** The same for the page itself, whose reload is the same guest again. */
export async function takeOwnInvitation(invited: Invited, roomId: string): Promise<Invited> {
  const taken = await takeInvitation(invited, roomId)
  if (taken !== invited) history.replaceState(stateOf(taken), '')
  return taken
}

function refusedBy(answer: Record<string, unknown>): Refused {
  const { code, message } = (answer['error'] ?? {}) as { code?: unknown; message?: unknown }
  return new Refused(
    typeof code === 'string' ? code : 'INTERNAL',
    typeof message === 'string' ? message : 'The server did not take the invitation.',
  )
}
