import type { PublishedStreamType } from '@crossroom/protocol'
import type { StreamAction, StreamEndReason, StreamProtocol } from '../../auth/index.js'
import { roomLimits } from '../../config/index.js'
import type { StreamKey } from '../../hub/index.js'

/** The target of one address. */
export interface TokenScope {
  readonly action: StreamAction
  readonly roomId: string
  /** The session or the purpose it was made for; it dies with it. */
  readonly holder: string
  /** Of whose stream, and which. */
  readonly userId: string
  readonly streamType: PublishedStreamType | 'small' | 'mix'
  /** In the hub. */
  readonly key: StreamKey
  /** The publisher: a later one with the same subject takes over. Absent for playing. */
  readonly subject?: string | undefined
  /** The kind of track that its holder may not have. */
  readonly without?: 'audio' | 'video' | undefined
  /** Unix milliseconds after which nothing new is opened with it; absent: it lives as long as its holder. */
  readonly expiresAtMs?: number | undefined
  /** Any number may play with it at the same time. */
  readonly isShared?: boolean | undefined
}

/** Ends a connection that was opened with a token. */
export type EndConnection = (reason: StreamEndReason) => void

/** The app of every address that a token opens. */
export const TOKEN_APP = 'r'

/** `APP/STREAM` of the address that a token opens. */
export function tokenPath(token: string): string {
  return `${TOKEN_APP}/${token}`
}

/** One address: `/r/TOKEN`. */
export interface MediaToken extends TokenScope {
  readonly text: string
  /** The connections that were opened with it and are not closed yet. */
  readonly connections: Map<EndConnection, StreamProtocol>
}

/** Every address of room streams in use. Opaque and random: they tell nothing and cannot be guessed. */
export class MediaTokens {
  readonly #newId: () => string
  readonly #nowMs: () => number
  readonly #tokens = new Map<string, MediaToken>()
  readonly #byHolder = new Map<string, Set<MediaToken>>()
  readonly #byKey = new Map<string, Set<MediaToken>>()

  /** `newId` makes at most 32 characters of `[A-Za-z0-9_-]`, 128 bits of them random. */
  constructor(newId: () => string, nowMs: () => number) {
    this.#newId = newId
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#tokens.size
  }

  issue(scope: TokenScope): string {
    const token: MediaToken = { ...scope, text: this.#newId(), connections: new Map() }
    this.#tokens.set(token.text, token)
    index(this.#byHolder, scope.holder, token)
    index(this.#byKey, scope.key.text, token)
    return token.text
  }

  /** Undefined when there is none, or its time is over. */
  find(text: string): MediaToken | undefined {
    const token = this.#tokens.get(text)
    if (token?.expiresAtMs === undefined || token.expiresAtMs > this.#nowMs()) return token
    // Running plays may continue: the address expires, not the stream.
    this.#forget(token)
    return undefined
  }

  /** Whether one more connection may be opened with it. */
  hasRoom({ isShared, connections }: MediaToken): boolean {
    return isShared === true || connections.size < roomLimits.playsPerToken
  }

  /** Ends the connections that were opened with it. */
  revoke(text: string): boolean {
    const token = this.#tokens.get(text)
    if (token === undefined) return false
    this.#forget(token)
    for (const end of [...token.connections.keys()]) end('kicked')
    return true
  }

  revokeHolder(holder: string): void {
    for (const token of [...(this.#byHolder.get(holder) ?? [])]) this.revoke(token.text)
  }

  revokeKey(key: StreamKey): void {
    for (const token of [...(this.#byKey.get(key.text) ?? [])]) this.revoke(token.text)
  }

  /** Disconnects players of that key over these protocols; the addresses stay valid. */
  endPlays(key: StreamKey, protocols: ReadonlySet<StreamProtocol>): void {
    for (const { action, connections } of [...(this.#byKey.get(key.text) ?? [])])
      for (const [end, protocol] of [...connections]) if (action === 'play' && protocols.has(protocol)) end('kicked')
  }

  /** Live tokens of one holder; those whose time is over are forgotten on the way. */
  countOf(holder: string): number {
    for (const token of [...(this.#byHolder.get(holder) ?? [])]) this.find(token.text)
    return this.#byHolder.get(holder)?.size ?? 0
  }

  #forget(token: MediaToken): void {
    this.#tokens.delete(token.text)
    unindex(this.#byHolder, token.holder, token)
    unindex(this.#byKey, token.key.text, token)
  }
}

function index(sets: Map<string, Set<MediaToken>>, name: string, token: MediaToken): void {
  const present = sets.get(name)
  if (present === undefined) sets.set(name, new Set([token]))
  else present.add(token)
}

function unindex(sets: Map<string, Set<MediaToken>>, name: string, token: MediaToken): void {
  const present = sets.get(name)
  present?.delete(token)
  if (present?.size === 0) sets.delete(name)
}
