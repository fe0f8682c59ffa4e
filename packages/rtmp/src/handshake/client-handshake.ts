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
import { HelloReader, type HandshakeState } from './hello-reader.js'

/** How a client opens: without digest, or with it at one of the two places. */
export type ClientHandshakeKind = 'simple' | DigestBlockOffset

/** The version of Flash Player 9.0.124; a server looks for digests if it is not zero. */
const CLIENT_VERSION = Uint8Array.of(9, 0, 124, 2)

/** The client's half of the handshake (RTMP 1.0, section 5.2). */
export class ClientHandshake {
  readonly #crypto: HandshakeCrypto
  readonly #kind: ClientHandshakeKind
  readonly #reader = new HelloReader()
  #output: Uint8Array | undefined

  constructor(crypto: HandshakeCrypto, kind: ClientHandshakeKind) {
    this.#crypto = crypto
    this.#kind = kind
    this.#output = this.#opening()
  }

  get state(): HandshakeState {
    return this.#reader.state
  }

  /** Takes what belongs to the handshake from `input` and returns how many bytes these were; the rest are chunks. */
  read(input: Uint8Array): number {
    const taken = this.#reader.read(input)
    const s1 = this.#reader.takeHello()
    if (s1 !== undefined) this.#output = this.#answer(s1)
    return taken
  }

  /** C0 and C1 at first, later C2. */
  takeOutput(): Uint8Array | undefined {
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

  /** C2 echoes S1, unless both sides know digests. */
  #answer(s1: Uint8Array): Uint8Array {
    const { randomBytes, hmacSha256 } = this.#crypto
    const found = this.#kind === 'simple' ? undefined : findDigest(s1, SERVER_KEY, hmacSha256)
    if (found === undefined) return s1
    const c2 = new Uint8Array(PACKET_LENGTH)
    c2.set(randomBytes(PACKET_LENGTH))
    signAnswer(c2, found.digest, CLIENT_KEY, hmacSha256)
    return c2
  }
}
