import type { StreamAction, StreamEndReason, StreamProtocol } from '../../auth/index.js'
import { roomLimits } from '../../config/index.js'
import type { Clock, StreamKey } from '../../hub/index.js'
import type { DistantHolders } from './distant-holders.js'
import { sharedId, type SealedAddresses } from './sealed-addresses.js'
import type { SealedScope, TokenScope } from './token-scope.js'

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
  /** Another node answers for its holder. */
  readonly isDistant: boolean
}

export interface MediaTokensOptions {
  /** Makes at most 32 characters of `[A-Za-z0-9_-]`, 128 bits of them random. */
  readonly newId: () => string
  readonly nowMs: () => number
  readonly clock: Clock
  /** In a cluster, where every node opens every address. Absent: addresses are short and random. */
  readonly cluster?: { readonly addresses: SealedAddresses; readonly holders: DistantHolders } | undefined
}

/**
 * Every address of room streams in use. Opaque: they tell nothing and cannot be guessed. An address lives as long as its holder
 * and its stream, on whichever nodes those are; what another node answers for is asked again at every change there, and every
 * 10 s.
 */
export class MediaTokens {
  readonly #options: MediaTokensOptions
  readonly #tokens = new Map<string, MediaToken>()
  readonly #byHolder = new Map<string, Set<MediaToken>>()
  readonly #byKey = new Map<string, Set<MediaToken>>()
  readonly #distant = new Set<MediaToken>()
  #cancelCheck: (() => void) | undefined

  constructor(options: MediaTokensOptions) {
    this.#options = options
    options.cluster?.holders.observe((roomId) => {
      for (const token of [...this.#distant]) if (token.roomId === roomId) void this.#check(token)
    })
  }

  get size(): number {
    return this.#tokens.size
  }

  issue(scope: TokenScope): string {
    const text = this.#newText(scope)
    const connections = this.#tokens.get(text)?.connections ?? new Map<EndConnection, StreamProtocol>()
    // That of a shared one may be taken back on any node.
    const isDistant = this.#options.cluster !== undefined && scope.isShared === true
    this.#add({ ...scope, text, connections, isDistant })
    if (isDistant) this.#checkLater()
    return text
  }

  /** Undefined when this node has none, or its time is over. */
  find(text: string): MediaToken | undefined {
    const token = this.#tokens.get(text)
    if (token === undefined || !this.#isOver(token)) return token
    // Running plays may continue: the address expires, not the stream.
    this.#forget(token)
    return undefined
  }

  /** The same, and those of other nodes. Rejects where the cluster cannot be asked now. */
  async lookUp(text: string): Promise<MediaToken | undefined> {
    const present = this.find(text)
    if (present !== undefined && !present.isDistant) return present
    const scope = this.#options.cluster?.addresses.read(text)
    if (scope === undefined || this.#isOver(scope)) return undefined
    const target = await this.#options.cluster?.holders.find(scope)
    if (target === undefined) {
      this.revoke(text)
      return undefined
    }
    const known = this.find(text)
    if (known !== undefined) return known
    const token = { ...scope, ...target, text, connections: new Map<EndConnection, StreamProtocol>(), isDistant: true }
    this.#add(token)
    this.#checkLater()
    return token
  }

  /** Whether one more connection may be opened with it. */
  hasRoom({ isShared, connections }: MediaToken): boolean {
    return isShared === true || connections.size < roomLimits.playsPerToken
  }

  /** A publisher came by this address. The answer says that it is gone. */
  published(token: MediaToken): (() => void) | undefined {
    return token.isDistant && token.action === 'publish' ? this.#options.cluster?.holders.published(token) : undefined
  }

  /** Ends the connections that were opened with it. */
  revoke(text: string): boolean {
    const token = this.#tokens.get(text)
    if (token === undefined) return false
    this.#forget(token)
    for (const end of [...token.connections.keys()]) end('kicked')
    return true
  }

  /** All of its addresses, or those for one action. */
  revokeHolder(holder: string, action?: StreamAction): void {
    for (const token of [...(this.#byHolder.get(holder) ?? [])])
      if (action === undefined || token.action === action) this.revoke(token.text)
  }

  revokeKey(key: StreamKey): void {
    for (const token of [...(this.#byKey.get(key.text) ?? [])]) this.revoke(token.text)
  }

  /** The holder goes on as the same member on another node: what it opened here stays. */
  entrust(holder: string): void {
    for (const token of [...(this.#byHolder.get(holder) ?? [])]) this.#add({ ...token, isDistant: true })
    this.#checkLater()
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

  /** Idempotent. */
  close(): void {
    this.#cancelCheck?.()
    this.#cancelCheck = undefined
  }

  #newText(scope: TokenScope): string {
    const { cluster, newId } = this.#options
    if (cluster === undefined) return newId()
    return cluster.addresses.write(scope.isShared === true ? { ...scope, holder: sharedId(newId()) } : scope)
  }

  #isOver({ expiresAtMs }: Pick<SealedScope, 'expiresAtMs'>): boolean {
    return expiresAtMs !== undefined && expiresAtMs <= this.#options.nowMs()
  }

  #checkLater(): void {
    if (this.#distant.size === 0) return
    this.#cancelCheck ??= this.#options.clock.after(roomLimits.distantCheckMicros, () => {
      this.#cancelCheck = undefined
      for (const token of [...this.#distant])
        if (token.connections.size === 0) this.#forget(token)
        else void this.#check(token)
      this.#checkLater()
    })
  }

  /** While the cluster cannot be asked, what runs goes on. */
  async #check(token: MediaToken): Promise<void> {
    try {
      const target = await this.#options.cluster?.holders.find(token)
      if (target === undefined && this.#tokens.get(token.text) === token) this.revoke(token.text)
    } catch {
      // Asked again in 10 s.
    }
  }

  #add(token: MediaToken): void {
    const before = this.#tokens.get(token.text)
    if (before !== undefined) this.#forget(before)
    this.#tokens.set(token.text, token)
    index(this.#byHolder, token.holder, token)
    index(this.#byKey, token.key.text, token)
    if (token.isDistant) this.#distant.add(token)
  }

  #forget(token: MediaToken): void {
    this.#tokens.delete(token.text)
    this.#distant.delete(token)
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
