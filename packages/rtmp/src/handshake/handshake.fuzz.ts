import { ClientHandshake } from './client-handshake.js'
import { HELLO_LENGTH, PACKET_LENGTH, type HandshakeCrypto } from './digest.js'
import { ServerHandshake } from './server-handshake.js'

/** Not HMAC, but as long and as deterministic: the handshake, not the cipher, is tested, at the speed that takes. */
const crypto: HandshakeCrypto = {
  randomBytes: (length) => new Uint8Array(length).fill(0x5a),
  hmacSha256: (key, message) => {
    const code = new Uint8Array(32).fill(key.length)
    for (let index = 0; index < message.length; index += 16)
      code[(index >> 4) & 31] = code[(index >> 4) & 31]! ^ message[index]!
    return code
  },
}

export const fuzzTargets = [
  {
    name: 'rtmp-handshake',
    seeds: (): Uint8Array[] =>
      (['simple', 8, 772] as const).map((kind) => {
        const seed = new Uint8Array(HELLO_LENGTH + PACKET_LENGTH + 16)
        seed.set(new ClientHandshake(crypto, kind).takeOutput()!)
        return seed
      }),
    run: (input: Uint8Array): void => {
      const whole = new ServerHandshake(crypto)
      const consumed = whole.read(input)
      if (consumed > HELLO_LENGTH + PACKET_LENGTH) throw new Error(`consumed ${consumed} bytes`)
      const answer = whole.takeOutput()
      if ((answer !== undefined) !== (input[0] === 3 && input.length >= HELLO_LENGTH)) throw new Error('wrong answer')
      const halves = new ServerHandshake(crypto)
      const middle = (input.length * (input[1] ?? 0)) >> 8
      const first = halves.read(input.subarray(0, middle))
      const second = halves.state === 'refused' ? 0 : halves.read(input.subarray(middle))
      if (first + second !== consumed || halves.state !== whole.state) throw new Error('a split changes the handshake')
    },
  },
]
