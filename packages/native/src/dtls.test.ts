import { OracleSrtpInbound, oracleSrtpKeys, pollAll } from '@crossroom/testkit'
import type { DtlsEvent, DtlsSession } from '@crossroom/webrtc'
import { afterAll, describe, expect, test } from 'vitest'
import { fragment, handshake, now, nullCipherHello } from './dtls-peers.fake.js'
import { NativeEngine } from './engine.js'
import { srtpOutboundForTest } from './srtp.js'

const here = new NativeEngine()
const there = new NativeEngine()
afterAll(() => {
  here.close()
  there.close()
})

function server(remoteFingerprint = there.dtls.fingerprint): DtlsSession {
  return here.dtls.createSession({ role: 'server', remoteFingerprint })
}

function client(remoteFingerprint = here.dtls.fingerprint): DtlsSession {
  return there.dtls.createSession({ role: 'client', remoteFingerprint })
}

const eventsOf = (session: DtlsSession): DtlsEvent[] => pollAll(session, now()).events

/** Four round trips at one moment; what both sides told. */
function exchange(session: DtlsSession, peer: DtlsSession): DtlsEvent[][] {
  const told: DtlsEvent[][] = [[], []]
  for (let turn = 0; turn < 8; turn++) {
    const [from, to] = turn % 2 === 0 ? [session, peer] : [peer, session]
    const { outputs, events } = pollAll(from, now())
    told[turn % 2]!.push(...events)
    for (const datagram of outputs) to.handleInput(now(), datagram)
  }
  return told
}

test('the fingerprint is sha-256 in upper-case hex, and each engine has its own', () => {
  expect(here.dtls.fingerprint.algorithm).toBe('sha-256')
  expect(here.dtls.fingerprint.value).toMatch(/^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/)
  expect(here.dtls.fingerprint.value).not.toBe(there.dtls.fingerprint.value)
})

test('two sessions agree on GCM and on the keys of both directions', async () => {
  const { left, right } = await handshake(server(), client())
  const [a, b] = [left[0]!, right[0]!]
  if (a.kind !== 'connected' || b.kind !== 'connected') throw new Error(`${a.kind}, ${b.kind}`)
  expect([a.profile, b.profile]).toEqual(['SRTP_AEAD_AES_128_GCM', 'SRTP_AEAD_AES_128_GCM'])
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const packet = new Uint8Array(60)
    packet.set([0x80, 96, 0, 1])
    const length = srtpOutboundForTest(from.keys).protectRtp(packet, 30)
    expect(here.srtp.createInbound(to.keys).unprotectRtp(packet, length)).toBe(30)
  }
})

test('no datagram exceeds 1200 bytes, and each one holds whole records', async () => {
  const { datagrams } = await handshake(server(), client())
  for (const datagram of datagrams) {
    expect(datagram.length).toBeLessThanOrEqual(1200)
    let at = 0
    while (at < datagram.length) at += 13 + (datagram[at + 11]! << 8) + datagram[at + 12]!
    expect(at).toBe(datagram.length)
  }
})

test('handshakes come through 30 % loss', async () => {
  const seeds = Array.from({ length: 12 }, (_, seed) => seed)
  const results = await Promise.all(seeds.map((seed) => handshake(server(), client(), { loss: 0.3, seed })))
  for (const { left, right } of results) {
    expect(left.map((event) => event.kind)).toEqual(['connected'])
    expect(right.map((event) => event.kind)).toEqual(['connected'])
  }
})

describe('a certificate that is not the one of the SDP (W5)', () => {
  const wrong = { algorithm: 'sha-256', value: Array.from({ length: 32 }, () => 'AB').join(':') }

  test('ends a server session at once, without keys', () => {
    const [session, peer] = [server(wrong), client()]
    expect(exchange(session, peer)).toEqual([[{ kind: 'failed', reason: 'fingerprint-mismatch' }], []])
    peer.close(now())
  })

  test('ends a client session at once, without keys', () => {
    const [session, peer] = [client(wrong), server()]
    expect(exchange(session, peer)).toEqual([[{ kind: 'failed', reason: 'fingerprint-mismatch' }], []])
    peer.close(now())
  })

  test.each(['sha-1', 'md5', 'sha-512'])('a fingerprint by %s is not accepted', (algorithm) => {
    const session = server({ ...there.dtls.fingerprint, algorithm })
    const events = [{ kind: 'failed', reason: 'unsupported-fingerprint' }]
    expect(pollAll(session, 0)).toEqual({ outputs: [], events, wakeAt: Infinity })
  })

  test.each(['', 'AB', 'AB:CD', `${wrong.value}:AB`, wrong.value.replaceAll('AB', 'XY')])(
    'a fingerprint that reads %j is not accepted',
    (value) => {
      const session = server({ algorithm: 'sha-256', value })
      expect(eventsOf(session)).toEqual([{ kind: 'failed', reason: 'unsupported-fingerprint' }])
    },
  )

  test('upper and lower case are one', async () => {
    const lower = { algorithm: 'SHA-256', value: there.dtls.fingerprint.value.toLowerCase() }
    const { left } = await handshake(server(lower), client())
    expect(left[0]?.kind).toBe('connected')
  })
})

describe('forged datagrams do not end a handshake (W3)', () => {
  const alert = Uint8Array.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40])
  const data = Uint8Array.from([23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 3, 1, 2, 3])

  test.each([
    ['a fatal alert in the clear', alert],
    ['application data in the clear', data],
    ['a ClientHello with null ciphers', nullCipherHello()],
    ['noise', Uint8Array.from({ length: 300 }, (_, i) => (i * 89) & 0xff)],
    ['a record longer than its datagram', alert.slice(0, 14)],
  ])('%s before every datagram', async (_name, forged) => {
    const tap = (receiver: DtlsSession): void => receiver.handleInput(now(), forged)
    const { left, right } = await handshake(server(), client(), { loss: 0, seed: 1, tap })
    expect(left[0]?.kind).toBe('connected')
    expect(right[0]?.kind).toBe('connected')
  })

  test('a hundred ClientHellos with null ciphers before the first true one', async () => {
    const session = server()
    for (let i = 0; i < 100; i++) session.handleInput(now(), nullCipherHello())
    expect(eventsOf(session)).toEqual([])
    const { left } = await handshake(session, client())
    expect(left[0]?.kind).toBe('connected')
  })
})

test('a ClientHello that was begun by a stranger does not keep the true one out (W3)', async () => {
  const session = server()
  const begun = fragment(0, 700, 0, 100)
  begun[13] = 1
  session.handleInput(now(), begun)
  const { left } = await handshake(session, client())
  expect(left[0]?.kind).toBe('connected')
})

describe('a peer cannot make a session remember much (W4)', () => {
  const flood: Uint8Array[] = []
  for (let message = 1; message < 40; message++) {
    for (const length of [8000, 200_000, 0xff_ffff]) {
      flood.push(fragment(message, length, 0, 20), fragment(message, length, 500, 20))
    }
  }

  test('a flood of fragments before the ClientHello leaves no trace', async () => {
    const session = server()
    for (const datagram of flood) session.handleInput(now(), datagram)
    const { left } = await handshake(session, client())
    expect(left[0]?.kind).toBe('connected')
  })

  // The sanitizers' allocator keeps what was freed.
  test.skipIf(process.env['CROSSROOM_NATIVE'])('a flood of fragments after it costs at most 128 KiB a session', () => {
    const sessions = Array.from({ length: 200 }, () => server())
    const peer = client()
    const hello = pollAll(peer, now()).outputs[0]!
    const before = process.memoryUsage().rss
    for (const session of sessions) for (const datagram of [hello, ...flood]) session.handleInput(now(), datagram)
    expect((process.memoryUsage().rss - before) / sessions.length).toBeLessThan(128 * 1024)
    for (const session of [...sessions, peer]) session.close(now())
  })

  test('a handshake that stalls ends after ten seconds', () => {
    const session = server()
    const peer = client()
    session.handleInput(1_000_000, pollAll(peer, 0).outputs[0]!)
    expect(pollAll(session, 1_000_000).wakeAt).toBeLessThanOrEqual(11_000_000)
    expect(pollAll(session, 10_999_999).events).toEqual([])
    const events = [{ kind: 'failed', reason: 'timeout' }]
    expect(pollAll(session, 11_000_000)).toMatchObject({ events, wakeAt: Infinity })
    peer.close(0)
  })
})

test('close says goodbye, and the other side hears it', async () => {
  const [a, b] = [server(), client()]
  await handshake(a, b)
  a.close(now())
  a.close(now())
  for (const datagram of pollAll(a, now()).outputs) b.handleInput(now(), datagram)
  expect(eventsOf(b)).toEqual([{ kind: 'closed' }])
  b.handleInput(now(), new Uint8Array(50))
  expect(pollAll(b, now()).outputs).toEqual([])
})

test('an alert in the clear does not close a connected session', async () => {
  const [a, b] = [server(), client()]
  await handshake(a, b)
  a.handleInput(now(), Uint8Array.from([21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0]))
  expect(eventsOf(a)).toEqual([])
  a.close(now())
  b.close(now())
})

test('the keys are opaque', async () => {
  const { left } = await handshake(server(), client())
  const event = left[0]!
  if (event.kind !== 'connected') throw new Error(event.kind)
  expect(Object.getOwnPropertyNames(event.keys)).toEqual([])
  expect(() => new OracleSrtpInbound(event.keys)).toThrow(TypeError)
  const foreign = oracleSrtpKeys(
    event.profile,
    { key: new Uint8Array(16), salt: new Uint8Array(12) },
    {
      key: new Uint8Array(16),
      salt: new Uint8Array(12),
    },
  )
  expect(() => here.srtp.createInbound(foreign)).toThrow(TypeError)
})
