import {
  CLIENT_KEY,
  HELLO_LENGTH,
  PACKET_LENGTH,
  RTMP_VERSION,
  SERVER_KEY,
  findDigest,
  imprintDigest,
  signAnswer,
  type FoundDigest,
  type HandshakeCrypto,
} from './digest.js'
import { HelloReader, type HandshakeState } from './hello-reader.js'

/** Bytes 4 to 7 of S1 if the client sent a digest: a version that means "supports digests" to clients. */
const SERVER_VERSION = Uint8Array.of(4, 5, 0, 1)

/**
 * The server's half of the handshake (RTMP 1.0, section 5.2), simple or with digests, as the client prefers. Nothing is
 * computed or answered before C0 and C1 are complete.
 */
export class ServerHandshake {
  readonly #crypto: HandshakeCrypto
  readonly #reader = new HelloReader()
  #output: Uint8Array | undefined

  constructor(crypto: HandshakeCrypto) {
    this.#crypto = crypto
  }

  get state(): HandshakeState {
    return this.#reader.state
  }

  /** Takes what belongs to the handshake from `input` and returns how many bytes these were; the rest are chunks. */
  read(input: Uint8Array): number {
    const taken = this.#reader.read(input)
    const c1 = this.#reader.takeHello()
    if (c1 !== undefined) this.#output = this.#answer(c1)
    return taken
  }

  /** S0, S1 and S2, once. */
  takeOutput(): Uint8Array | undefined {
    const output = this.#output
    this.#output = undefined
    return output
  }

  #answer(c1: Uint8Array): Uint8Array {
    const out = new Uint8Array(HELLO_LENGTH + PACKET_LENGTH)
    out[0] = RTMP_VERSION
    const s1 = out.subarray(1, HELLO_LENGTH)
    const s2 = out.subarray(HELLO_LENGTH)
    s1.set(this.#crypto.randomBytes(PACKET_LENGTH - 8), 8)
    // A version of zero announces the simple handshake (section 5.2.3): no need to look for digests.
    const isSimple = c1[4] === 0 && c1[5] === 0 && c1[6] === 0 && c1[7] === 0
    const found = isSimple ? undefined : findDigest(c1, CLIENT_KEY, this.#crypto.hmacSha256)
    if (found === undefined) s2.set(c1)
    else this.#sign(found, s1, s2)
    return out
  }

  #sign(found: FoundDigest, s1: Uint8Array, s2: Uint8Array): void {
    const { randomBytes, hmacSha256 } = this.#crypto
    s1.set(SERVER_VERSION, 4)
    imprintDigest(s1, found.blockOffset, SERVER_KEY, hmacSha256)
    s2.set(randomBytes(PACKET_LENGTH))
    signAnswer(s2, found.digest, SERVER_KEY, hmacSha256)
  }
}
