import type { Micros } from '@crossroom/media'
import type { HmacSha1, StunMessage } from '../stun/message.js'
import { hasValidIntegrity } from '../stun/parse.js'
import { asciiBytes, encodeStun } from '../stun/write.js'
import type { IceCredentials } from './credentials.js'
import type { PeerAddress } from './tuple.js'

/** When a check is sent again that was not answered; after the last it waits for the peer's next check. */
const SEND_AFTER: readonly Micros[] = [0, 50_000, 150_000, 350_000, 750_000]
/** The type preference of a host candidate (RFC 8445 section 5.1.2.1); it is never compared. */
const PRIORITY = 0x7e0000ff
/** We answer nominations and make none: a lite agent is controlled. The tie-breaker is never looked at. */
const ROLE = { is: 'controlled', tieBreaker: new Uint8Array(8) } as const

interface ReturnCheck {
  readonly address: PeerAddress
  readonly transactionId: Uint8Array
  readonly key: Uint8Array
  readonly bytes: Uint8Array
  readonly begunAt: Micros
  tries: number
}

export interface ReturnChecksOptions {
  readonly hmacSha1: HmacSha1
  readonly randomBytes: (length: number) => Uint8Array
  send(address: PeerAddress, bytes: Uint8Array): void
}

/**
 * Our own checks to addresses that request media. A peer with the password can forge the source address of a check;
 * only the real owner of the address sees the transaction id of ours.
 */
export class ReturnChecks {
  readonly #options: ReturnChecksOptions
  #open: ReturnCheck[] = []

  constructor(options: ReturnChecksOptions) {
    this.#options = options
  }

  /** Sends a check there, unless one is on its way. */
  begin(now: Micros, address: PeerAddress, local: IceCredentials, remote: IceCredentials): void {
    const known = this.#open.find((check) => check.address === address)
    if (known !== undefined && known.tries < SEND_AFTER.length) return
    const { hmacSha1, randomBytes } = this.#options
    const transactionId = randomBytes(12)
    const key = asciiBytes(remote.password)
    const username = `${remote.usernameFragment}:${local.usernameFragment}`
    const draft = {
      class: 'request',
      transactionId,
      username,
      priority: PRIORITY,
      role: ROLE,
      integrityKey: key,
    } as const
    this.forget(address)
    this.#open.push({ address, transactionId, key, bytes: encodeStun(draft, hmacSha1), begunAt: now, tries: 0 })
    this.sendDue(now)
  }

  /** Whether this is the answer to a check of ours, from where it went. */
  isAnswered(address: PeerAddress, message: StunMessage): boolean {
    const check = this.#open.find((open) => open.address === address)
    if (check === undefined || message.class !== 'success') return false
    const isSame = check.transactionId.every((byte, at) => byte === message.transactionId[at])
    return isSame && hasValidIntegrity(message, check.key, this.#options.hmacSha1)
  }

  forget(address: PeerAddress): void {
    if (this.#open.length > 0) this.#open = this.#open.filter((check) => check.address !== address)
  }

  /** Sends the checks that are due. */
  sendDue(now: Micros): void {
    for (const check of this.#open) {
      if (dueAt(check) > now) continue
      check.tries++
      this.#options.send(check.address, check.bytes)
    }
  }

  /** When the next one is due; `Infinity` when none is. */
  get dueAt(): Micros {
    let next = Infinity
    for (const check of this.#open) next = Math.min(next, dueAt(check))
    return next
  }
}

function dueAt({ begunAt, tries }: ReturnCheck): Micros {
  return begunAt + (SEND_AFTER[tries] ?? Infinity)
}
