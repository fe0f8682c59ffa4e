import { NativeEngine, NativeUnavailableError, srtpOutboundForTest } from '@crossroom/native'
import {
  buildCompound,
  dtlsRoleFor,
  FIRST_TCP_ADDRESS,
  negotiate,
  parseCompound,
  parseRemoteDescription,
  PeerTransport,
  planPlay,
  writeAnswer,
  type HmacSha1,
  type PeerTransportEvent,
  type SrtpKeys,
  type SrtpOutbound,
} from '@crossroom/webrtc'
import { createHmac } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { Link, type LinkOptions } from '../netem/link.js'
import { seededRandom } from '../netem/seeded-random.js'
import { pollAll } from '../poll-all.js'
import { RtcPeer, type RtcPeerEvent } from './rtc-peer.js'

const SECOND = 1_000_000
const STEP = 1_000

const hmacSha1: HmacSha1 = (key, data) => createHmac('sha1', key).update(data).digest()

function openEngine(): NativeEngine | undefined {
  try {
    return new NativeEngine()
  } catch (error) {
    if (error instanceof NativeUnavailableError) return undefined
    throw error
  }
}

const engines = [openEngine(), openEngine()]
afterAll(() => {
  for (const engine of engines) engine?.close()
})

interface Carried {
  readonly address: number
  readonly bytes: Uint8Array
}

/** A server's transport and a peer on either side of a seeded network, on virtual time. */
class Stage {
  readonly up: Link<Carried>
  readonly down: Link<Carried>
  readonly peer: RtcPeer
  readonly server: PeerTransport
  readonly serverEvents: PeerTransportEvent[] = []
  readonly peerEvents: RtcPeerEvent[] = []
  readonly rtcp: Uint8Array[] = []
  /** Loses checks only, as often as this: OpenSSL sends its handshake again by the system's clock. */
  checkLoss = 0
  /** What the server sees as the peer's address: changes when the peer's network does. */
  address = 5
  now = 0
  sender: SrtpOutbound | undefined

  constructor(network: Omit<LinkOptions, 'seed'>, seed = 1) {
    const [serverEngine, peerEngine] = engines as [NativeEngine, NativeEngine]
    this.up = new Link({ seed, ...network })
    this.down = new Link({ seed: seed + 1, ...network })
    this.peer = new RtcPeer({
      now: 0,
      random: seededRandom(seed + 2),
      hmacSha1,
      dtls: peerEngine.dtls,
      createInbound: (keys: SrtpKeys) => peerEngine.srtp.createInbound(keys),
      createOutbound: srtpOutboundForTest,
      direction: 'recvonly',
    })
    const offer = parseRemoteDescription(this.peer.offer())
    const random = seededRandom(seed + 3)
    const randomBytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random() * 256))
    const media = negotiate(offer, planPlay({ audio: [{ codec: 'opus' }], video: [{ codec: 'h264' }] }), randomBytes)
    const endpointOf = (address: number) => ({ ip: '192.0.2.7', port: address % 60_000 })
    this.server = new PeerTransport({
      now: 0,
      ice: { hmacSha1, randomBytes, remote: offer.ice, endpointOf },
      dtls: serverEngine.dtls,
      dtlsRole: dtlsRoleFor(offer),
      remoteFingerprint: offer.fingerprint,
      srtp: serverEngine.srtp,
      media: { handleRtp: () => undefined, handleRtcp: (_now, packet) => void this.rtcp.push(packet.slice()) },
    })
    const local = { sessionId: '1', version: 1, candidates: [], cname: 'c', streamId: 's' }
    const { fingerprint } = serverEngine.dtls
    const answer = { ...local, ice: this.server.local, fingerprint, dtlsRole: dtlsRoleFor(offer) }
    this.peer.acceptAnswer(0, writeAnswer(offer, media, answer))
  }

  run(seconds: number): void {
    for (const end = this.now + seconds * SECOND; this.now < end; this.now += STEP) this.#step()
  }

  runUntil(isDone: () => boolean, seconds: number): void {
    for (const end = this.now + seconds * SECOND; this.now < end && !isDone(); this.now += STEP) this.#step()
  }

  kinds(): string[] {
    return this.serverEvents.map((event) => event.kind)
  }

  #send(link: Link<Carried>, item: Carried): void {
    const isCheck = item.bytes[0]! < 4
    if (this.checkLoss > 0) link.change({ loss: isCheck ? this.checkLoss : 0 })
    link.send(this.now, item, item.bytes.length)
  }

  #step(): void {
    const { now, peer, server } = this
    for (let next = this.up.receive(now); next; next = this.up.receive(now)) server.handleInput(now, next.item)
    for (let next = this.down.receive(now); next; next = this.down.receive(now)) {
      if (next.item.address === this.address) peer.handleInput(now, next.item.bytes)
    }
    const ofPeer = pollAll(peer, now)
    for (const out of ofPeer.outputs) this.#send(this.up, { address: this.address, bytes: out.slice() })
    this.peerEvents.push(...ofPeer.events)
    const ofServer = pollAll(server, now)
    for (const { address, bytes } of ofServer.outputs) this.#send(this.down, { address, bytes: bytes.slice() })
    for (const event of ofServer.events) {
      this.serverEvents.push(event)
      if (event.kind === 'connected') this.sender = srtpOutboundForTest(event.keys)
    }
  }

  /** Sends RTP as the egress would: to where the transport says. */
  sendRtp(sequence: number): void {
    const packet = new Uint8Array(12 + 4 + 40)
    packet.set([0x80, 111, sequence >>> 8, sequence & 0xff, 0, 0, 0, sequence & 0xff, 0, 0, 0, 9])
    const length = this.sender!.protectRtp(packet, 16)
    const address = this.server.ice.selected
    if (address !== undefined) this.down.send(this.now, { address, bytes: packet.slice(0, length) }, length)
  }
}

const report = buildCompound([{ type: 'receiver-report', ssrc: 7, reports: [] }])

describe.skipIf(engines.includes(undefined))('a peer and a transport over a seeded network', () => {
  test('they connect in three round trips and exchange RTP and RTCP', () => {
    const stage = new Stage({ delay: 20_000 })
    stage.runUntil(() => stage.peer.isConnected && stage.server.isConnected, 5)
    // One round trip for the check, two for the handshake.
    expect(stage.now).toBeLessThan(140_000)
    expect(stage.peerEvents).toEqual([{ kind: 'connected', profile: 'SRTP_AEAD_AES_128_GCM' }])
    expect(stage.kinds()).toEqual(['verified', 'connected'])
    for (let sequence = 0; sequence < 10; sequence++) stage.sendRtp(sequence)
    stage.peer.sendRtcp(report)
    stage.run(0.1)
    expect(stage.peer.counters.rtpPackets).toBe(10)
    expect(stage.rtcp.map((packet) => parseCompound(packet)?.[0]?.type)).toContain('receiver-report')
  })

  // OpenSSL's retransmission reads the system's clock: a handshake under loss is proven in real time, beside the engine.
  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'lost checks, reordering and duplication do not keep them apart (seed %d)',
    (seed) => {
      const stage = new Stage({ delay: 25_000, reorder: 0.1, duplicate: 0.2 }, seed * 10)
      stage.checkLoss = 0.5
      stage.runUntil(() => stage.peer.isConnected && stage.server.isConnected, 5)
      expect(stage.server.isConnected).toBe(true)
      expect(stage.peer.isConnected).toBe(true)
    },
  )

  test('a NAT that changes the port in mid-session costs no more than the time to the next check', () => {
    const stage = new Stage({ delay: 20_000 })
    stage.run(1)
    stage.address = 6
    stage.run(3)
    stage.sendRtp(1)
    stage.run(0.1)
    expect(stage.serverEvents.at(-1)).toEqual({ kind: 'moved', address: 6 })
    expect(stage.peer.counters.rtpPackets).toBe(1)
    stage.address = FIRST_TCP_ADDRESS + 1
    stage.peer.checkNow(stage.now)
    stage.run(0.2)
    stage.sendRtp(2)
    stage.run(0.1)
    expect(stage.serverEvents.at(-1)).toEqual({ kind: 'moved', address: FIRST_TCP_ADDRESS + 1 })
    expect(stage.peer.counters.rtpPackets).toBe(2)
  })

  test('an ICE restart keeps keys and numbering', () => {
    const stage = new Stage({ delay: 20_000 })
    stage.run(1)
    stage.sendRtp(1)
    stage.address = 7
    stage.peer.acceptRestart(stage.now, stage.server.restartIce(stage.now, stage.peer.restartIce()))
    stage.run(0.2)
    stage.sendRtp(2)
    stage.run(0.2)
    // The first one went to the address that was left.
    expect(stage.peer.counters.rtpPackets).toBe(1)
    expect(stage.serverEvents.filter((event) => event.kind === 'connected').length).toBe(1)
    stage.run(11)
    expect(stage.kinds()).toContain('retired')
    expect(stage.server.isOver).toBe(false)
  })

  test('W10: a peer that falls silent is gone after 30 s, on the second', () => {
    const stage = new Stage({ delay: 20_000 })
    stage.run(1)
    stage.peer.stopChecks()
    stage.run(28)
    expect(stage.server.isOver).toBe(false)
    stage.run(3)
    expect(stage.serverEvents.at(-1)).toEqual({ kind: 'closed', reason: 'consent-expired' })
  })

  test('W3: sessions connect while strangers pour ten ClientHellos a millisecond on each of them', () => {
    const hello = Uint8Array.of(22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0)
    let connected = 0
    for (let seed = 0; seed < 20; seed++) {
      const stage = new Stage({ delay: 5_000 }, 100 + seed * 10)
      for (let millisecond = 0; millisecond < 300; millisecond++) {
        for (let port = 0; port < 10; port++)
          stage.server.handleInput(stage.now, { address: 1000 + port, bytes: hello })
        stage.run(0.001)
      }
      if (stage.server.isConnected && stage.peer.isConnected) connected++
      expect(stage.server.counters.unverified).toBe(3000)
      stage.peer.close(stage.now)
      stage.server.close(stage.now)
    }
    expect(connected).toBe(20)
  })

  test('the goodbye of either side ends the other', () => {
    const ours = new Stage({ delay: 5_000 })
    ours.run(1)
    ours.server.close(ours.now)
    ours.run(0.1)
    expect(ours.peerEvents.at(-1)).toEqual({ kind: 'closed' })
    const theirs = new Stage({ delay: 5_000 }, 50)
    theirs.run(1)
    theirs.peer.close(theirs.now)
    theirs.run(0.1)
    expect(theirs.serverEvents.at(-1)).toEqual({ kind: 'closed', reason: 'peer-closed' })
  })
})
