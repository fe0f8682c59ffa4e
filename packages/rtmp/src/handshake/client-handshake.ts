import {
  CLIENT_KEY,
  HELLO_LENGTH,
  PACKET_LENGTH,
  RTMP_VERSION,
  SERVER_KEY,
  findDigest,
  imprintDigest,
  signAnswer,
  type DigestBlockOffset,
  type HandshakeCrypto,
} from './digest.js'
import type { HandshakeState } from './server-handshake.js'

/** How a client opens: without digest, or with it at one of the two places. */
export type ClientHandshakeKind = 'simple' | DigestBlockOffset

/** What Flash Player 9.0.124 wrote; a server looks for digests when it is not zero. */
const CLIENT_VERSION = Uint8Array.of(9, 0, 124, 2)

/** The client's half of the handshake (RTMP 1.0, section 5.2). S2 is counted and not looked at. */
export class ClientHandshake {
  readonly #crypto: HandshakeCrypto
  readonly #kind: ClientHandshakeKind
  #state: HandshakeState = 'hello'
  readonly #hello = new Uint8Array(HELLO_LENGTH)
  #received = 0
  #output: Uint8Array | undefined

  constructor(crypto: HandshakeCrypto, kind: ClientHandshakeKind) {
    this.#crypto = crypto
    this.#kind = kind
    this.#output = this.#opening()
  }

  get state(): HandshakeState {
    return this.#state
  }

  /** Takes what belongs to the handshake from `input` and returns how many bytes these were; the rest are chunks. */
  read(input: Uint8Array): number {
    let offset = 0
    if (this.#state === 'hello') offset = this.#readHello(input)
    if (this.#state === 'answer') offset += this.#skipAnswer(input.length - offset)
    return offset
  }

  /** C0 and C1, later C2. */
  pollOutput(): Uint8Array | undefined {
    const output = this.#output
    this.#output = undefined
    return output
  }

  #opening(): Uint8Array {
    const out = new Uint8Array(HELLO_LENGTH)
    out[0] = RTMP_VERSION
    const c1 = out.subarray(1)
    c1.set(this.#crypto.randomBytes(PACKET_LENGTH - 8), 8)
    if (this.#kind === 'simple') return out
    c1.set(CLIENT_VERSION, 4)
    imprintDigest(c1, this.#kind, CLIENT_KEY, this.#crypto.hmacSha256)
    return out
  }

  #readHello(input: Uint8Array): number {
    if (this.#received === 0 && input.length > 0 && input[0] !== RTMP_VERSION) {
      this.#state = 'refused'
      return 0
    }
    const taken = Math.min(input.length, HELLO_LENGTH - this.#received)
    this.#hello.set(input.subarray(0, taken), this.#received)
    this.#received += taken
    if (this.#received < HELLO_LENGTH) return taken
    this.#output = this.#answer(this.#hello.subarray(1))
    this.#received = 0
    this.#state = 'answer'
    return taken
  }

  #skipAnswer(available: number): number {
    const taken = Math.min(available, PACKET_LENGTH - this.#received)
    this.#received += taken
    if (this.#received === PACKET_LENGTH) this.#state = 'done'
    return taken
  }

  #answer(s1: Uint8Array): Uint8Array {
    const { randomBytes, hmacSha256 } = this.#crypto
    const found = this.#kind === 'simple' ? undefined : findDigest(s1, SERVER_KEY, hmacSha256)
    if (found === undefined) return s1.slice()
    const c2 = new Uint8Array(PACKET_LENGTH)
    c2.set(randomBytes(PACKET_LENGTH))
    signAnswer(c2, found.digest, CLIENT_KEY, hmacSha256)
    return c2
  }
}
