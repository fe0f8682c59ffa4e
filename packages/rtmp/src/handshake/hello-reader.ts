import { HELLO_LENGTH, PACKET_LENGTH, RTMP_VERSION } from './digest.js'

/**
 * `hello`: waiting for C0 and C1, or S0 and S1; `answer`: for C2 or S2; `refused`: the first byte was not 3 (RTMPE is 6 or
 * 8, HTTP a letter).
 */
export type HandshakeState = 'hello' | 'answer' | 'done' | 'refused'

/**
 * The input of both ends of a handshake: version and first packet, kept until complete; second packet, only counted.
 */
export class HelloReader {
  #state: HandshakeState = 'hello'
  #hello: Uint8Array | undefined
  #received = 0

  get state(): HandshakeState {
    return this.#state
  }

  /** Takes what belongs to the handshake from `input` and returns how many bytes these were; the rest are chunks. */
  read(input: Uint8Array): number {
    let offset = 0
    if (this.#state === 'hello') offset = this.#readHello(input)
    if (this.#state === 'answer') offset += this.#countAnswer(input.length - offset)
    return offset
  }

  /** C1 or S1, once, as soon as it is complete. */
  takeHello(): Uint8Array | undefined {
    if (this.#state === 'hello' || this.#hello === undefined) return undefined
    const packet = this.#hello.subarray(1)
    this.#hello = undefined
    return packet
  }

  #readHello(input: Uint8Array): number {
    if (input.length === 0) return 0
    if (this.#received === 0 && input[0] !== RTMP_VERSION) {
      this.#state = 'refused'
      return 0
    }
    this.#hello ??= new Uint8Array(HELLO_LENGTH)
    const taken = Math.min(input.length, HELLO_LENGTH - this.#received)
    this.#hello.set(input.subarray(0, taken), this.#received)
    this.#received += taken
    if (this.#received === HELLO_LENGTH) {
      this.#received = 0
      this.#state = 'answer'
    }
    return taken
  }

  /** Not looked at: many peers send a wrong one. */
  #countAnswer(available: number): number {
    const taken = Math.min(available, PACKET_LENGTH - this.#received)
    this.#received += taken
    if (this.#received === PACKET_LENGTH) this.#state = 'done'
    return taken
  }
}
