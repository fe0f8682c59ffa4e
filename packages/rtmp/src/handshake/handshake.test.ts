import { createHmac, randomBytes as nodeRandomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ClientHandshake, type ClientHandshakeKind } from './client-handshake.js'
import {
  CLIENT_KEY,
  DIGEST_BLOCK_OFFSETS,
  HELLO_LENGTH,
  PACKET_LENGTH,
  SERVER_KEY,
  findDigest,
  isSignedAnswer,
  type HandshakeCrypto,
} from './digest.js'
import { ServerHandshake } from './server-handshake.js'

const crypto: HandshakeCrypto = {
  randomBytes: (length) => new Uint8Array(nodeRandomBytes(length)),
  hmacSha256: (key, message) => new Uint8Array(createHmac('sha256', key).update(message).digest()),
}
const kinds: readonly ClientHandshakeKind[] = ['simple', ...DIGEST_BLOCK_OFFSETS]

test('the keys are the published ones: 30 and 36 characters, then 32 bytes', () => {
  expect([CLIENT_KEY.name.length, CLIENT_KEY.full.length]).toEqual([30, 62])
  expect([SERVER_KEY.name.length, SERVER_KEY.full.length]).toEqual([36, 68])
})

test.each(kinds)('client %s and server finish, and what follows is left alone', (kind) => {
  const client = new ClientHandshake(crypto, kind)
  const server = new ServerHandshake(crypto)
  const hello = client.takeOutput()!
  expect(server.read(hello)).toBe(HELLO_LENGTH)
  const answer = server.takeOutput()!
  expect(client.read(answer)).toBe(HELLO_LENGTH + PACKET_LENGTH)
  expect(client.state).toBe('done')
  const behind = Uint8Array.of(...client.takeOutput()!, 1, 2, 3)
  expect(server.read(behind)).toBe(PACKET_LENGTH)
  expect(server.state).toBe('done')
})

test('a simple client gets its C1 back, and an S1 that promises no digest', () => {
  const hello = new ClientHandshake(crypto, 'simple').takeOutput()!
  const server = new ServerHandshake(crypto)
  server.read(hello)
  const answer = server.takeOutput()!
  expect(answer[0]).toBe(3)
  expect(answer.subarray(5, 9)).toEqual(new Uint8Array(4))
  expect(answer.subarray(HELLO_LENGTH)).toEqual(hello.subarray(1))
})

test.each(DIGEST_BLOCK_OFFSETS)(
  'a client with its digest at %i gets S1 in the same layout and a signed S2',
  (offset) => {
    const hello = new ClientHandshake(crypto, offset).takeOutput()!
    const { digest } = findDigest(hello.subarray(1), CLIENT_KEY, crypto.hmacSha256)!
    const server = new ServerHandshake(crypto)
    server.read(hello)
    const answer = server.takeOutput()!
    expect(findDigest(answer.subarray(1, HELLO_LENGTH), SERVER_KEY, crypto.hmacSha256)?.blockOffset).toBe(offset)
    expect(isSignedAnswer(answer.subarray(HELLO_LENGTH), digest, SERVER_KEY, crypto.hmacSha256)).toBe(true)
  },
)

test('a client signs its C2 for the digest of the server', () => {
  const client = new ClientHandshake(crypto, 772)
  const server = new ServerHandshake(crypto)
  server.read(client.takeOutput()!)
  const answer = server.takeOutput()!
  const { digest } = findDigest(answer.subarray(1, HELLO_LENGTH), SERVER_KEY, crypto.hmacSha256)!
  client.read(answer)
  expect(isSignedAnswer(client.takeOutput()!, digest, CLIENT_KEY, crypto.hmacSha256)).toBe(true)
})

test('a client that claims a version and has no valid digest is served the simple handshake', () => {
  const hello = new ClientHandshake(crypto, 8).takeOutput()!
  hello[1000] = hello[1000]! ^ 1
  const server = new ServerHandshake(crypto)
  server.read(hello)
  expect(server.takeOutput()!.subarray(HELLO_LENGTH)).toEqual(hello.subarray(1))
})

test('a client that meets a server without digests answers with its S1', () => {
  const client = new ClientHandshake(crypto, 8)
  client.takeOutput()
  const answer = new Uint8Array(HELLO_LENGTH + PACKET_LENGTH).fill(7)
  answer[0] = 3
  client.read(answer)
  expect(client.takeOutput()).toEqual(answer.slice(1, HELLO_LENGTH))
})

test('R10: of 256 first bytes only 3 is accepted, without an answer or computation before C1 is complete', () => {
  const forbidden: HandshakeCrypto = {
    randomBytes: () => expect.unreachable('random bytes drawn'),
    hmacSha256: () => expect.unreachable('HMAC computed'),
  }
  for (let first = 0; first < 256; first++) {
    const server = new ServerHandshake(forbidden)
    const input = new Uint8Array(HELLO_LENGTH - 1).fill(first)
    const read = server.read(input)
    expect(server.takeOutput()).toBeUndefined()
    expect(server.state).toBe(first === 3 ? 'hello' : 'refused')
    expect(read).toBe(first === 3 ? input.length : 0)
  }
})

test('a client refuses a server that does not begin with 3', () => {
  const client = new ClientHandshake(crypto, 'simple')
  client.read(Uint8Array.of(0x48))
  expect(client.state).toBe('refused')
})

test('a handshake in pieces is the handshake in one', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
      (kind, cuts) => {
        const client = new ClientHandshake(crypto, kind)
        const server = new ServerHandshake(crypto)
        feed(server, client.takeOutput()!, cuts)
        feed(client, server.takeOutput()!, cuts)
        feed(server, client.takeOutput()!, cuts)
        expect([client.state, server.state]).toEqual(['done', 'done'])
      },
    ),
  )
})

function feed(peer: ClientHandshake | ServerHandshake, bytes: Uint8Array, cuts: readonly number[]): void {
  for (let offset = 0, cut = 0; offset < bytes.length; cut++) {
    const piece = bytes.subarray(offset, offset + cuts[cut % cuts.length]!)
    expect(peer.read(piece)).toBe(piece.length)
    offset += piece.length
  }
}
