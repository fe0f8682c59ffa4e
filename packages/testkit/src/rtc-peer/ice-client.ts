import { Outbox, type Machine, type Micros, type Polled } from '@crossroom/media'
import {
  asciiBytes,
  encodeStun,
  hasValidIntegrity,
  parseStun,
  type HmacSha1,
  type IceCredentials,
  type IpEndpoint,
  type StunMessage,
} from '@crossroom/webrtc'

export interface IceClientOptions {
  readonly now: Micros
  readonly hmacSha1: HmacSha1
  /** In [0, 1). */
  readonly random: () => number
  readonly local: IceCredentials
  readonly remote: IceCredentials
}

export type IceClientEvent =
  | { readonly kind: 'nominated'; readonly mappedAddress: IpEndpoint | undefined }
  | { readonly kind: 'refused'; readonly errorCode: number }

/** Until the first answer, and while answers stay away. */
const RETRY: Micros = 50_000
/** As Chromium checks a way that works. */
const KEEP_ALIVE: Micros = 2_500_000

/** The browser's side of ICE towards one candidate: it is controlling and nominates with every check. */
export class IceClient implements Machine<Uint8Array, Uint8Array, IceClientEvent> {
  readonly #options: IceClientOptions
  readonly #outbox = new Outbox<Uint8Array, IceClientEvent>()
  readonly #transactions = new Set<string>()
  #nextAt: Micros
  #isNominated = false

  constructor(options: IceClientOptions) {
    this.#options = options
    this.#nextAt = options.now
  }

  get isNominated(): boolean {
    return this.#isNominated
  }

  handleInput(now: Micros, bytes: Uint8Array): void {
    const message = parseStun(bytes)
    if (message?.class === 'request') this.#answer(message)
    if (message === undefined || !this.#transactions.delete(message.transactionId.join())) return
    if (!hasValidIntegrity(message, asciiBytes(this.#options.remote.password), this.#options.hmacSha1)) return
    if (message.class === 'error') {
      this.#outbox.tell({ kind: 'refused', errorCode: message.errorCode ?? 0 })
      return
    }
    this.#nextAt = now + KEEP_ALIVE
    if (this.#isNominated) return
    this.#isNominated = true
    this.#outbox.tell({ kind: 'nominated', mappedAddress: message.mappedAddress })
  }

  /** Every full agent answers checks (RFC 8445 section 7.3): the server verifies the address. */
  #answer({ transactionId, username }: StunMessage): void {
    const { local, remote, hmacSha1 } = this.#options
    if (username !== `${local.usernameFragment}:${remote.usernameFragment}`) return
    const mappedAddress = { ip: '127.0.0.1', port: 9 }
    const integrityKey = asciiBytes(local.password)
    this.#outbox.send(encodeStun({ class: 'success', transactionId, mappedAddress, integrityKey }, hmacSha1))
  }

  poll(now: Micros): Polled<Uint8Array, IceClientEvent> {
    if (this.#nextAt <= now) this.#check(now)
    return this.#outbox.take() ?? this.#nextAt
  }

  #check(now: Micros): void {
    this.#nextAt = now + RETRY
    const { local, remote, random, hmacSha1 } = this.#options
    const transactionId = Uint8Array.from({ length: 12 }, () => Math.floor(random() * 256))
    this.#transactions.add(transactionId.join())
    const draft = {
      class: 'request',
      transactionId,
      username: `${remote.usernameFragment}:${local.usernameFragment}`,
      priority: 0x6e7f00ff,
      useCandidate: true,
      role: { is: 'controlling', tieBreaker: new Uint8Array(8).fill(1) },
      integrityKey: asciiBytes(remote.password),
    } as const
    this.#outbox.send(encodeStun(draft, hmacSha1))
  }

  /** The network has changed: check at once, as a browser does. */
  checkNow(now: Micros): void {
    this.#nextAt = now
  }

  /** Falls silent, as a peer that lost its network. */
  stop(): void {
    this.#nextAt = Infinity
  }
}
