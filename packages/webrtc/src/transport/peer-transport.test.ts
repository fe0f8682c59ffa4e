import { pollAll } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { SRTP_DROP } from '../engine/srtp.js'
import { FIRST_TCP_ADDRESS } from '../engine/udp-port.js'
import {
  answerTo,
  browser,
  restarted,
  countingBytes,
  hmacSha1,
  makeCheck,
  makeUnsignedCheck,
} from '../ice/checks.fake.js'
import { parseStun } from '../stun/parse.js'
import { datagramKind } from './datagram-kind.js'
import { DtlsScript, ScriptedEngines } from './engines.fake.js'
import { MAX_RTCP_PER_SECOND, PeerTransport, type PeerDatagram, type PeerTransportEvent } from './peer-transport.js'

const SECOND = 1_000_000

function rtp(mark: number, authentic = true): Uint8Array {
  return Uint8Array.of(0x80, 96, mark >>> 8, mark & 0xff, authentic ? 0xaa : 0xbb)
}

function rtcp(mark: number): Uint8Array {
  return Uint8Array.of(0x80, 201, mark >>> 8, mark & 0xff, 0xaa)
}

class Bed {
  readonly engines = new ScriptedEngines()
  readonly rtp: Uint8Array[] = []
  readonly rtcp: Uint8Array[] = []
  readonly events: PeerTransportEvent[] = []
  readonly sent: PeerDatagram[] = []
  readonly transport: PeerTransport
  /** The peer's side of our checks. */
  answersChecks = true
  #now = 0

  constructor(dtlsRole: 'server' | 'client' = 'server') {
    this.transport = new PeerTransport({
      now: 0,
      ice: {
        hmacSha1,
        randomBytes: countingBytes(),
        remote: browser,
        endpointOf: (address) => ({ ip: '192.0.2.7', port: address % 60_000 }),
      },
      dtls: this.engines,
      srtp: this.engines,
      dtlsRole,
      remoteFingerprint: { algorithm: 'sha-256', value: 'CD' },
      media: {
        handleRtp: (_now, packet, length) => void this.rtp.push(packet.slice(0, length)),
        handleRtcp: (_now, packet) => void this.rtcp.push(packet.slice()),
      },
    })
  }

  give(now: number, address: number, bytes: Uint8Array): void {
    this.#now = now
    this.transport.handleInput(now, { address, bytes: bytes.slice() })
    this.drain()
  }

  check(now: number, address: number, useCandidate = false): void {
    this.give(now, address, makeCheck(this.transport.local, { useCandidate }))
  }

  time(now: number): void {
    this.#now = now
    this.drain()
  }

  connect(now = 0, address = 5): void {
    this.check(now, address, true)
    this.give(now, address, DtlsScript.hello)
    this.give(now, address, DtlsScript.finished)
  }

  /** Answers when the transport wants to be polled again. */
  drain(): number {
    for (;;) {
      const { outputs, events, wakeAt } = pollAll(this.transport, this.#now)
      this.events.push(...events)
      for (const out of outputs) {
        const answer = this.answersChecks ? answerTo(out.bytes) : undefined
        if (answer === undefined) this.sent.push(out)
        else this.transport.handleInput(this.#now, { address: out.address, bytes: answer })
      }
      if (outputs.length === 0) return wakeAt
    }
  }

  kinds(): string[] {
    return this.events.splice(0).map((event) => event.kind)
  }
}

test('datagrams are told apart by their first two bytes (RFC 7983)', () => {
  const kinds = [[0, 1], [22, 254], [0x80, 96], [0x80, 0xc8], [0xbf, 0xdf], [0x90, 0xe0], [64, 0], [250, 0], [22]]
  expect(kinds.map((bytes) => datagramKind(Uint8Array.from(bytes)))).toEqual([
    'stun',
    'dtls',
    'rtp',
    'rtcp',
    'rtcp',
    'rtp',
    'unknown',
    'unknown',
    'unknown',
  ])
})

test('check, handshake, keys: connected, and media flows to its receiver', () => {
  const bed = new Bed()
  bed.connect()
  expect(bed.events).toEqual([
    { kind: 'verified', address: 5 },
    { kind: 'connected', address: 5, profile: 'SRTP_AEAD_AES_128_GCM', keys: bed.engines.keys },
  ])
  expect(bed.sent.map((out) => [out.address, datagramKind(out.bytes)])).toEqual([
    [5, 'stun'],
    [5, 'dtls'],
    [5, 'dtls'],
  ])
  bed.give(1, 5, rtp(7))
  bed.give(2, 5, rtcp(8))
  expect(bed.rtp).toEqual([rtp(7).subarray(0, 4)])
  expect(bed.rtcp).toEqual([rtcp(8).subarray(0, 4)])
})

test('a DTLS client begins the handshake with the first verified address', () => {
  const bed = new Bed('client')
  bed.check(3, 9)
  expect(bed.sent.map((out) => [out.address, out.bytes[0]])).toEqual([
    [9, 1],
    [9, DtlsScript.hello[0]],
  ])
})

test('W3: a ClientHello from an address that has not shown the password is dropped, a thousand of them as well', () => {
  const bed = new Bed()
  for (let address = 100; address < 1100; address++) bed.give(0, address, DtlsScript.hello)
  expect(bed.engines.sessions.length).toBe(0)
  bed.check(1, 5)
  for (let address = 100; address < 1100; address++) bed.give(1, address, DtlsScript.finished)
  expect(bed.engines.sessions[0]!.received.length).toBe(0)
  expect(bed.transport.counters.unverified).toBe(2000)
  bed.give(2, 5, DtlsScript.garbage)
  bed.give(2, 5, DtlsScript.hello)
  bed.give(2, 5, DtlsScript.finished)
  expect(bed.kinds()).toEqual(['verified', 'connected'])
})

test('W2: the password alone verifies: an unsigned check opens nothing, whatever follows it', () => {
  const bed = new Bed()
  bed.give(0, 66, makeUnsignedCheck(bed.transport.local))
  bed.give(0, 66, DtlsScript.hello)
  expect(bed.sent).toEqual([])
  bed.connect()
  bed.sent.length = 0
  bed.give(5 * SECOND, 66, makeUnsignedCheck(bed.transport.local))
  bed.give(5 * SECOND, 66, rtp(1))
  expect(bed.rtp).toEqual([])
  expect(bed.sent).toEqual([])
  expect(bed.transport.ice.selected).toBe(5)
})

test('W5: a certificate that is not the one of the description ends the session at once and gives no keys', () => {
  const bed = new Bed()
  bed.check(0, 5)
  bed.give(1, 5, DtlsScript.wrongCertificate)
  expect(bed.events.at(-1)).toEqual({ kind: 'failed', reason: 'fingerprint-mismatch' })
  expect(bed.engines.inbounds.length).toBe(0)
  expect(bed.engines.sessions[0]!.isClosed).toBe(true)
  expect(bed.transport.isOver).toBe(true)
  expect(bed.drain()).toBe(Infinity)
})

test('W6: forged, replayed and early media is dropped and never ends the session', () => {
  const bed = new Bed()
  bed.check(0, 5)
  bed.give(0, 5, rtp(1))
  expect(bed.transport.counters.early).toBe(1)
  bed.connect()
  bed.kinds()
  for (let mark = 0; mark < 10_000; mark++) bed.give(mark, 5, rtp(mark, false))
  for (let again = 0; again < 10; again++) bed.give(20_000, 5, rtp(77))
  expect(bed.rtp.length).toBe(1)
  expect(bed.transport.counters.undecryptable).toBe(10_009)
  expect(bed.kinds()).toEqual([])
  bed.give(20_001, 5, rtp(78))
  expect(bed.rtp.length).toBe(2)
})

test('media that the port has decrypted is taken from verified addresses only, and moves media as any other', () => {
  const bed = new Bed()
  bed.connect()
  expect(bed.transport.inbound).toBeDefined()
  expect(bed.transport.ice.verified).toEqual([5])
  const opened = (now: number, address: number, length: number): void => {
    bed.transport.handleOpened(now, address, Uint8Array.of(0x80, 96, 0, 1, 9, 9), length)
    bed.drain()
  }
  opened(0, 5, 4)
  opened(0, 6, 4)
  opened(0, 5, SRTP_DROP.forged)
  expect(bed.rtp).toEqual([Uint8Array.of(0x80, 96, 0, 1)])
  expect(bed.transport.counters).toMatchObject({ unverified: 1, undecryptable: 1 })
  bed.check(SECOND, 7)
  opened(4 * SECOND, 7, 4)
  expect(bed.events.at(-1)).toEqual({ kind: 'moved', address: 7 })
  bed.transport.close(5 * SECOND)
  opened(5 * SECOND, 7, 4)
  expect(bed.rtp).toHaveLength(2)
})

test('W6: a forged packet does not keep an address alive or move media', () => {
  const bed = new Bed()
  bed.connect(0, 5)
  bed.check(0, 6)
  bed.give(3 * SECOND, 6, rtp(1, false))
  expect(bed.transport.ice.selected).toBe(5)
  bed.give(3 * SECOND, 6, rtp(2))
  expect(bed.transport.ice.selected).toBe(6)
  expect(bed.events.at(-1)).toEqual({ kind: 'moved', address: 6 })
})

test('W8: RTCP above the rate is dropped, and the rate recovers', () => {
  const bed = new Bed()
  bed.connect()
  for (let mark = 0; mark < 1000; mark++) bed.give(0, 5, rtcp(mark))
  expect(bed.rtcp.length).toBe(MAX_RTCP_PER_SECOND)
  expect(bed.transport.counters.rtcpOverRate).toBe(1000 - MAX_RTCP_PER_SECOND)
  bed.give(SECOND / 10, 5, rtcp(2000))
  expect(bed.rtcp.length).toBe(MAX_RTCP_PER_SECOND + 1)
})

test('W10: without good checks for 30 s the session closes, however much media comes', () => {
  const bed = new Bed()
  bed.connect()
  for (let second = 1; second < 30; second++) bed.give(second * SECOND, 5, rtp(second))
  bed.time(30 * SECOND - 1)
  expect(bed.transport.isOver).toBe(false)
  expect(bed.drain()).toBe(30 * SECOND)
  bed.kinds()
  bed.time(30 * SECOND)
  expect(bed.events).toEqual([
    { kind: 'dropped', address: 5 },
    { kind: 'moved', address: undefined },
    { kind: 'closed', reason: 'consent-expired' },
  ])
})

test('a session that never connects fails after 15 s, checked or not', () => {
  const idle = new Bed()
  expect(idle.drain()).toBe(15 * SECOND)
  idle.time(15 * SECOND)
  expect(idle.events).toEqual([{ kind: 'failed', reason: 'never-connected' }])
  const halfway = new Bed()
  halfway.check(14 * SECOND, 5)
  halfway.time(15 * SECOND)
  expect(halfway.kinds()).toEqual(['verified', 'dropped', 'failed'])
})

test('a stalled handshake fails by the time of DTLS', () => {
  const bed = new Bed()
  bed.check(0, 5)
  bed.give(0, 5, DtlsScript.hello)
  expect(bed.drain()).toBe(10 * SECOND)
  bed.time(10 * SECOND)
  expect(bed.events.at(-1)).toEqual({ kind: 'failed', reason: 'timeout' })
})

test('the peer’s goodbye closes; ours is sent once, to where media went', () => {
  const theirs = new Bed()
  theirs.connect()
  theirs.give(1, 5, DtlsScript.goodbye)
  expect(theirs.events.at(-1)).toEqual({ kind: 'closed', reason: 'peer-closed' })
  const ours = new Bed()
  ours.connect()
  ours.sent.length = 0
  ours.transport.close(1)
  ours.transport.close(2)
  ours.drain()
  expect(ours.sent).toEqual([{ address: 5, bytes: DtlsScript.goodbye }])
  expect(ours.kinds()).toEqual(['verified', 'connected', 'dropped', 'closed'])
  expect(ours.engines.inbounds[0]!.isClosed).toBe(true)
  ours.give(3, 5, rtp(1))
  expect(ours.rtp).toEqual([])
})

test('UDP to TCP and back: media follows the nomination, and a closed connection leaves time for another', () => {
  const bed = new Bed()
  bed.connect(0, 5)
  const tcp = FIRST_TCP_ADDRESS + 3
  bed.check(1 * SECOND, tcp, true)
  expect(bed.events.at(-1)).toEqual({ kind: 'moved', address: tcp })
  bed.transport.addressClosed(2 * SECOND, tcp)
  bed.drain()
  expect(bed.events.at(-1)).toEqual({ kind: 'moved', address: 5 })
  bed.transport.addressClosed(3 * SECOND, 5)
  bed.drain()
  expect(bed.events.at(-1)).toEqual({ kind: 'moved', address: undefined })
  bed.check(20 * SECOND, 8, true)
  expect(bed.events.at(-1)).toEqual({ kind: 'moved', address: 8 })
  expect(bed.transport.isOver).toBe(false)
})

test('an ICE restart in mid-session keeps keys and media and moves to the new network', () => {
  const bed = new Bed()
  bed.connect()
  const remote = restarted
  const local = bed.transport.restartIce(SECOND, remote)
  bed.give(SECOND, 5, rtp(1))
  bed.give(2 * SECOND, 70, makeCheck(local, { useCandidate: true }, remote))
  expect(parseStun(bed.sent.at(-1)!.bytes)).toMatchObject({ class: 'success' })
  expect(bed.events.at(-1)).toEqual({ kind: 'moved', address: 70 })
  bed.give(2 * SECOND, 70, rtp(2))
  expect(bed.rtp.length).toBe(2)
  expect(bed.engines.sessions.length).toBe(1)
})

test('media stays where it is until the new address has answered a check; a lone check moves nothing', () => {
  const bed = new Bed()
  bed.connect()
  bed.answersChecks = false
  bed.kinds()
  bed.check(SECOND, 66, true)
  bed.give(SECOND, 66, DtlsScript.hello)
  expect(bed.kinds()).toEqual(['verified'])
  expect(bed.transport.ice.selected).toBe(5)
  for (const { address, bytes } of bed.sent) if (address === 66) expect(datagramKind(bytes)).toBe('stun')
  bed.answersChecks = true
  bed.time(SECOND + 50_000)
  expect(bed.events).toEqual([{ kind: 'moved', address: 66 }])
})
