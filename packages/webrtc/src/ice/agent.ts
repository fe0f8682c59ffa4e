import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import type { IpEndpoint } from '../stun/address.js'
import type { HmacSha1, StunMessage } from '../stun/message.js'
import { hasValidIntegrity, parseStun } from '../stun/parse.js'
import { asciiBytes, encodeStun } from '../stun/write.js'
import { makeIceCredentials, type IceCredentials } from './credentials.js'
import { MAX_TUPLES, TupleTable } from './tuple-table.js'
import { ReturnChecks } from './return-checks.js'
import { isTcp, type PeerAddress, type VerifiedTuple } from './tuple.js'

/** Consent ends when no good check arrived for this long (RFC 7675 section 5.1). */
export const CONSENT_TIMEOUT: Micros = 30_000_000

/** After a restart, checks under the old credentials are still answered for so long: the answer may still be on its way. */
export const OLD_CREDENTIALS_LIFETIME: Micros = 10_000_000

/** A selected tuple that is silent for longer is replaced by another verified one that is active (NAT rebinding). */
export const SELECTED_SILENCE: Micros = 2_000_000

/** The current credentials and those of two restarts: a peer that restarts faster loses the oldest early. */
const MAX_GENERATIONS = 3

export interface IceAgentOptions {
  readonly hmacSha1: HmacSha1
  /** Cryptographically strong. */
  readonly randomBytes: (length: number) => Uint8Array
  /** The peer's description. */
  readonly remote: IceCredentials
  /** IP and port that an address stands for, put into the answer (XOR-MAPPED-ADDRESS). */
  readonly endpointOf: (address: PeerAddress) => IpEndpoint | undefined
  /** Ours; default: new random ones. */
  readonly local?: IceCredentials
}

export interface IceInput {
  readonly address: PeerAddress
  readonly bytes: Uint8Array
}

/** A datagram to send; on TCP it is to be framed (RFC 4571). */
export interface IceOutput {
  readonly address: PeerAddress
  readonly bytes: Uint8Array
}

export type IceEvent =
  /** The peer has shown over this tuple that it knows the password. */
  | { readonly kind: 'verified'; readonly address: PeerAddress }
  /** Packets of the tuple are ignored from now on. */
  | { readonly kind: 'dropped'; readonly address: PeerAddress }
  /** The new destination; undefined when the only address is gone and the peer may return with another. */
  | {
      readonly kind: 'selected'
      readonly address: PeerAddress | undefined
      readonly previous: PeerAddress | undefined
    }
  /** The credentials of before a restart are dead: the fragment can leave the table of the shared port. */
  | { readonly kind: 'retired'; readonly usernameFragment: string }
  /** No tuple has consent any more: stop sending, end the session. */
  | { readonly kind: 'expired' }

/** Counts of unanswered input, by reason. */
export interface IceCounters {
  checks: number
  malformed: number
  wrongUsername: number
  wrongIntegrity: number
  roleConflicts: number
  unknownAttributes: number
  evictedTuples: number
}

interface Generation {
  readonly number: number
  readonly local: IceCredentials
  readonly remote: IceCredentials
  readonly key: Uint8Array
  readonly username: string
  /** Undefined for the current generation. */
  retiresAt: Micros | undefined
}

/**
 * The lite side of ICE (RFC 8445 sections 2.5 and 7.3): it answers checks, is always controlled, and follows the peer's
 * nomination. Requests without the password get no answer, so the port reveals no sessions and amplifies no traffic. An
 * unverified address receives only checks; until it answers one, media continues to the old address.
 */
export class IceAgent implements Machine<IceInput, IceOutput, IceEvent> {
  readonly counters: IceCounters = {
    checks: 0,
    malformed: 0,
    wrongUsername: 0,
    wrongIntegrity: 0,
    roleConflicts: 0,
    unknownAttributes: 0,
    evictedTuples: 0,
  }
  readonly #options: IceAgentOptions
  readonly #tuples = new TupleTable()
  readonly #outbox = new Outbox<IceOutput, IceEvent>()
  /** The current generation first, then those that are about to retire. */
  #generations: Generation[]
  #selected: VerifiedTuple | undefined
  /** The peer wants media at this tuple, once it is verified. */
  #wanted: VerifiedTuple | undefined
  readonly #returnChecks: ReturnChecks
  /** The newest generation that has nominated: older ones cannot move the selected tuple any more. */
  #nominatedBy = -1
  /** Undefined before the first good check, and after consent has expired. */
  #consentUntil: Micros | undefined

  constructor(options: IceAgentOptions) {
    this.#options = options
    const local = options.local ?? makeIceCredentials(options.randomBytes)
    this.#generations = [makeGeneration(0, local, options.remote)]
    this.#returnChecks = new ReturnChecks({
      ...{ hmacSha1: options.hmacSha1, randomBytes: options.randomBytes },
      send: (address, bytes) => this.#outbox.send({ address, bytes }),
    })
  }

  /** Our credentials for the next description. */
  get local(): IceCredentials {
    return this.#generations[0]!.local
  }

  /** Every fragment whose checks are answered at the moment. */
  get usernameFragments(): readonly string[] {
    return this.#generations.map((generation) => generation.local.usernameFragment)
  }

  /** The address to send to: nominated by the peer, or before that the first tuple that is verified and proved. */
  get selected(): PeerAddress | undefined {
    return this.#selected?.address
  }

  /** Takes a STUN message. Anything but an authentic Binding request is counted and forgotten. */
  handleInput(now: Micros, input: IceInput): void {
    const message = parseStun(input.bytes)
    if (message !== undefined && this.#returnChecks.isAnswered(input.address, message)) {
      this.prove(input.address)
      return
    }
    if (message?.class !== 'request') {
      this.counters.malformed++
      return
    }
    const generation = this.#generations.find((candidate) => candidate.username === message.username)
    if (generation === undefined) {
      this.counters.wrongUsername++
      return
    }
    if (!hasValidIntegrity(message, generation.key, this.#options.hmacSha1)) {
      this.counters.wrongIntegrity++
      return
    }
    const mappedAddress = this.#options.endpointOf(input.address)
    if (mappedAddress === undefined) return
    this.counters.checks++
    if (this.#refused(input.address, message, generation)) return
    const { transactionId } = message
    this.#respond(input.address, { class: 'success', transactionId, mappedAddress, integrityKey: generation.key })
    this.#verify(now, input.address, message, generation)
  }

  /** The peer receives at this address: it answered a check, or sent something that requires having received. */
  prove(address: PeerAddress): void {
    const entry = this.#tuples.find(address)
    if (entry === undefined || entry.isProved) return
    entry.isProved = true
    this.#returnChecks.forget(address)
    if (entry === this.#wanted) this.#select(entry)
  }

  poll(now: Micros): Polled<IceOutput, IceEvent> {
    if (this.#wakeAt <= now) this.#doWhatIsDue(now)
    return this.#outbox.take() ?? this.#wakeAt
  }

  #doWhatIsDue(now: Micros): void {
    this.#returnChecks.sendDue(now)
    for (const generation of this.#generations.filter((candidate) => isRetired(candidate, now)))
      this.#retire(generation)
    for (;;) {
      const silent = this.#tuples.silentSince(now - CONSENT_TIMEOUT)
      if (silent === undefined) break
      this.#drop(now, silent)
    }
    if (this.#consentUntil !== undefined && this.#consentUntil <= now) {
      this.#consentUntil = undefined
      this.#outbox.tell({ kind: 'expired' })
    }
  }

  get #wakeAt(): Micros {
    let next = Math.min(this.#consentUntil ?? Infinity, this.#returnChecks.dueAt)
    for (const entry of this.#tuples.entries()) next = Math.min(next, entry.verifiedAt + CONSENT_TIMEOUT)
    for (const generation of this.#generations) next = Math.min(next, generation.retiresAt ?? Infinity)
    return next
  }

  /** The tuples that DTLS and media may come from. */
  get verified(): readonly PeerAddress[] {
    return this.#tuples.entries().map(({ address }) => address)
  }

  /** Whether DTLS and media from this tuple may be listened to. */
  isVerified(address: PeerAddress): boolean {
    return this.#tuples.find(address) !== undefined
  }

  /**
   * Reports authentic media from a tuple: it confirms the selected tuple, or replaces a silent one. Returns whether the
   * tuple is verified.
   */
  heard(now: Micros, address: PeerAddress): boolean {
    const entry = this.#tuples.find(address)
    if (entry === undefined) return false
    entry.heardAt = now
    if (!entry.isProved) this.prove(address)
    if (entry !== this.#selected && this.#selectedIsSilent(now)) this.#select(entry)
    return true
  }

  /**
   * ICE restart (RFC 8445 section 9): new credentials on both sides. The tuples stay verified and the selected one stays
   * selected until the peer nominates under the new credentials, so media never stops. `local`: ours, where they were
   * offered before the peer's came.
   */
  restart(now: Micros, remote: IceCredentials, local = makeIceCredentials(this.#options.randomBytes)): IceCredentials {
    const previous = this.#generations[0]!
    previous.retiresAt = now + OLD_CREDENTIALS_LIFETIME
    this.#generations.unshift(makeGeneration(previous.number + 1, local, remote))
    if (this.#generations.length > MAX_GENERATIONS) this.#retire(this.#generations.at(-1)!)
    return local
  }

  /** Forgets a tuple whose TCP connection has closed. The session's consent runs on, so that the peer may connect again. */
  remove(now: Micros, address: PeerAddress): void {
    const entry = this.#tuples.find(address)
    if (entry !== undefined) this.#drop(now, entry)
  }

  /** Lets go of every address and waits for nothing any more; each leaves by its `dropped` event. Idempotent. */
  close(): void {
    this.#selected = undefined
    this.#consentUntil = undefined
    for (const entry of [...this.#tuples.entries()]) this.#release(entry)
    for (const generation of [...this.#generations]) generation.retiresAt = undefined
  }

  #refused(address: PeerAddress, message: StunMessage, generation: Generation): boolean {
    const { transactionId, unknownAttributes } = message
    if (unknownAttributes.length > 0) {
      this.counters.unknownAttributes++
      const error = { code: 420, reason: 'Unknown Attribute' }
      this.#respond(address, { class: 'error', transactionId, error, unknownAttributes, integrityKey: generation.key })
      return true
    }
    // A lite agent is never controlling (RFC 8445 section 6.1.1): the peer that thinks itself controlled must switch.
    if (message.role === 'controlled') {
      this.counters.roleConflicts++
      const error = { code: 487, reason: 'Role Conflict' }
      this.#respond(address, { class: 'error', transactionId, error, integrityKey: generation.key })
      return true
    }
    return false
  }

  #respond(address: PeerAddress, draft: Parameters<typeof encodeStun>[0]): void {
    this.#outbox.send({ address, bytes: encodeStun(draft, this.#options.hmacSha1) })
  }

  #verify(now: Micros, address: PeerAddress, message: StunMessage, generation: Generation): void {
    let entry = this.#tuples.find(address)
    if (entry === undefined) {
      if (this.#tuples.size >= MAX_TUPLES) {
        this.counters.evictedTuples++
        this.#drop(now, this.#tuples.leastRecent(this.#selected)!)
      }
      // A peer proved its presence on this TCP connection.
      entry = { address, verifiedAt: now, heardAt: now, isProved: isTcp(address) }
      this.#tuples.add(entry)
      this.#outbox.tell({ kind: 'verified', address })
    }
    entry.verifiedAt = now
    this.#consentUntil = now + CONSENT_TIMEOUT
    const isNominated = message.useCandidate && generation.number >= this.#nominatedBy
    if (isNominated) this.#nominatedBy = generation.number
    const mayMove = isNominated || this.#selected === undefined || this.#selectedIsSilent(now)
    entry.heardAt = now
    if (!mayMove) return
    if (entry.isProved) this.#select(entry)
    else this.#want(now, entry, generation)
  }

  /** It is selected as soon as it has proved that it is read. */
  #want(now: Micros, entry: VerifiedTuple, { local, remote } = this.#generations[0]!): void {
    this.#wanted = entry
    this.#returnChecks.begin(now, entry.address, local, remote)
  }

  #retire(generation: Generation): void {
    this.#generations = this.#generations.filter((candidate) => candidate !== generation)
    this.#outbox.tell({ kind: 'retired', usernameFragment: generation.local.usernameFragment })
  }

  #selectedIsSilent(now: Micros): boolean {
    return this.#selected !== undefined && now - this.#selected.heardAt > SELECTED_SILENCE
  }

  #select(entry: VerifiedTuple | undefined): void {
    this.#wanted = undefined
    if (entry === this.#selected) return
    const previous = this.#selected?.address
    this.#selected = entry
    this.#outbox.tell({ kind: 'selected', address: entry?.address, previous })
  }

  #drop(now: Micros, entry: VerifiedTuple): void {
    const wasSelected = entry === this.#selected
    this.#release(entry)
    if (!wasSelected) return
    const next = this.#tuples.mostRecent()
    this.#select(this.#tuples.mostRecentProved())
    if (this.#selected === undefined && next !== undefined) this.#want(now, next)
  }

  #release(entry: VerifiedTuple): void {
    this.#tuples.remove(entry)
    this.#returnChecks.forget(entry.address)
    if (entry === this.#wanted) this.#wanted = undefined
    this.#outbox.tell({ kind: 'dropped', address: entry.address })
  }
}

function makeGeneration(number: number, local: IceCredentials, remote: IceCredentials): Generation {
  return {
    number,
    local,
    remote,
    key: asciiBytes(local.password),
    username: `${local.usernameFragment}:${remote.usernameFragment}`,
    retiresAt: undefined,
  }
}

function isRetired(generation: Generation, now: Micros): boolean {
  return generation.retiresAt !== undefined && generation.retiresAt <= now
}
