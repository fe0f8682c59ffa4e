import type { Admission, EntryVerifier, Grant, StreamGate, StreamProtocol, StreamRequest } from '../../auth/index.js'
import { TOKEN_APP, type MediaToken, type MediaTokens } from '../media/media-tokens.js'
import type { StreamLayers } from '../media/stream-layers.js'
import { admitPush, type PushDirectory } from './push.js'
import { refusal } from './refusal.js'

export interface RoomGateOptions {
  readonly rooms: PushDirectory
  /** The tokens and layers that requests refer to. */
  readonly media: { readonly tokens: MediaTokens; readonly layers: StreamLayers }
  readonly verifier: EntryVerifier
}

/** Apps that belong to rooms; every other one is a plain stream's. */
export const ROOM_APPS: ReadonlySet<string> = new Set([TOKEN_APP, 'push'])

/** The gate of rooms' media: `/r/TOKEN` plays or publishes one stream of a member, `/push/ROOM` enters by publishing. */
export class RoomGate implements StreamGate {
  readonly #options: RoomGateOptions

  constructor(options: RoomGateOptions) {
    this.#options = options
  }

  async admit(request: StreamRequest): Promise<Admission> {
    if (request.app === TOKEN_APP) return this.#admitToken(request)
    if (request.action === 'play')
      return refusal('NOT_FOUND', 'Nothing is played here: /push is for publishing into a room.', 404)
    return admitPush(request, this.#options.rooms, this.#options.verifier)
  }

  async #admitToken(request: StreamRequest): Promise<Admission> {
    const { tokens, layers } = this.#options.media
    const token = await lookUp(tokens, request.stream)
    if (token === 'unknown')
      return refusal('FULL', 'Whether this address still holds cannot be known now; try again in a few seconds.', 503)
    if (token === undefined)
      return refusal('NOT_FOUND', 'This address does not exist, or its receiver or its sender has left the room.', 404)
    if (token.action !== request.action) {
      const wanted = token.action === 'play' ? 'play' : 'publish'
      return refusal('DENIED', `This address is to ${wanted} only.`, 403, token.key.label)
    }
    if (!tokens.hasRoom(token))
      return refusal('FULL', 'This address already has the maximum number of connections.', 429, token.key.label)
    if (token.action === 'play') layers.get(token.key)?.open()
    return grantOf(token, request.protocol, tokens)
  }
}

/** `unknown`: another node answers for it, and the cluster cannot be asked. */
async function lookUp(tokens: MediaTokens, text: string): Promise<MediaToken | 'unknown' | undefined> {
  try {
    return await tokens.lookUp(text)
  } catch {
    return 'unknown'
  }
}

/** It lives as long as the token, and ends at once with it. */
function grantOf(token: MediaToken, protocol: StreamProtocol, tokens: MediaTokens): Grant {
  const { key, subject, without, connections, action } = token
  let end: ((reason: 'kicked') => void) | undefined
  let published: (() => void) | undefined
  // Counted from the moment it was granted, so that waiting plays are bounded as well.
  let isOver = false
  const connection = (): void => {
    connections.delete(connection)
    isOver = true
    end?.('kicked')
  }
  connections.set(connection, protocol)
  const waits = action === 'play' ? ({ wait: 'granted', silence: true } as const) : {}
  return {
    ok: true,
    ...{ key, subject, without },
    ...waits,
    opened: () => void (published ??= tokens.published(token)),
    closed: () => {
      connections.delete(connection)
      published?.()
      published = undefined
      end = undefined
    },
    onRevoked: (handler) => {
      end = handler
      if (isOver) handler('kicked')
    },
  }
}
