import assert from 'node:assert/strict'
import { SRTP_DROP } from '@crossroom/webrtc'
import type { SrtpProfile } from '@crossroom/webrtc'
import { ORACLE_SUBJECT, PROFILES, pair, protect, rtcpPacket, rtpPacket, unprotect } from './subject.js'
import type { ContractCase, SrtpSubject } from './subject.js'

const REPLAY_WINDOW = 1024

type ProfileCase = (subject: SrtpSubject, profile: SrtpProfile) => void

/** What both profiles must do, by name. The oracle is the other end. */
const BEHAVIOUR: Readonly<Record<string, ProfileCase>> = {
  'opens what the oracle seals, with CSRCs and header extensions': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    for (const plain of [
      rtpPacket({ sequence: 1 }),
      rtpPacket({ sequence: 2, csrcs: 3 }),
      rtpPacket({ sequence: 3, extensionWords: 0 }),
      rtpPacket({ sequence: 4, csrcs: 15, extensionWords: 9, payload: new Uint8Array(1150).fill(7) }),
      rtpPacket({ sequence: 5, payload: new Uint8Array() }),
    ]) {
      assert.deepEqual(unprotect(inbound, 'rtp', protect(out, 'rtp', plain)), plain)
    }
    assert.equal(inbound.counters().rtpPackets, 5)
  },

  'seals what the oracle opens': (subject, profile) => {
    const { out, inbound } = pair(profile, subject, ORACLE_SUBJECT)
    for (let sequence = 0; sequence < 20; sequence++) {
      const plain = rtpPacket({
        sequence,
        extensionWords: sequence % 4,
        payload: new Uint8Array(sequence * 50).fill(3),
      })
      assert.deepEqual(unprotect(inbound, 'rtp', protect(out, 'rtp', plain)), plain)
      const report = rtcpPacket(77, new Uint8Array(sequence * 4).fill(9))
      assert.deepEqual(unprotect(inbound, 'rtcp', protect(out, 'rtcp', report)), report)
    }
  },

  'follows the sequence number round and round, with reordering across the wrap': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    const sealed = new Map<number, Uint8Array>()
    const nearWrap = (index: number): boolean => (index + 150) % 65_536 < 300
    for (let index = 65_000; index < 65_536 * 3 + 600; index += nearWrap(index) ? 1 : 149) {
      sealed.set(index, protect(out, 'rtp', rtpPacket({ sequence: index })))
    }
    const order = [...sealed.keys()]
    for (let i = 1; i + 4 < order.length; i += 5) [order[i], order[i + 4]] = [order[i + 4]!, order[i]!]
    for (const index of order) {
      assert.deepEqual(unprotect(inbound, 'rtp', sealed.get(index)!), rtpPacket({ sequence: index }), `index ${index}`)
    }
  },

  'takes the first packet of a stream as before the first rollover': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    const early = protect(out, 'rtp', rtpPacket({ sequence: 65_535 }))
    const wrapped = protect(out, 'rtp', rtpPacket({ sequence: 65_536 }))
    assert.ok(unprotect(inbound, 'rtp', early) instanceof Uint8Array)
    assert.ok(unprotect(inbound, 'rtp', wrapped) instanceof Uint8Array)
  },

  'drops a replay, and what is older than the window': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    const sealed = Array.from({ length: 1100 }, (_, sequence) => protect(out, 'rtp', rtpPacket({ sequence })))
    const newest = sealed.length - 1
    assert.ok(unprotect(inbound, 'rtp', sealed[newest]!) instanceof Uint8Array)
    assert.equal(unprotect(inbound, 'rtp', sealed[newest]!), SRTP_DROP.replayed)
    assert.equal(unprotect(inbound, 'rtp', sealed[newest - REPLAY_WINDOW]!), SRTP_DROP.replayed)
    const oldest = newest - REPLAY_WINDOW + 1
    assert.ok(unprotect(inbound, 'rtp', sealed[oldest]!) instanceof Uint8Array)
    assert.equal(unprotect(inbound, 'rtp', sealed[oldest]!), SRTP_DROP.replayed)
    assert.equal(inbound.counters().replayed, 3)
  },

  'drops replayed SRTCP': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    const [first, second] = [0, 1].map(() => protect(out, 'rtcp', rtcpPacket(5)))
    assert.ok(unprotect(inbound, 'rtcp', second!) instanceof Uint8Array)
    assert.ok(unprotect(inbound, 'rtcp', first!) instanceof Uint8Array)
    assert.equal(unprotect(inbound, 'rtcp', first!), SRTP_DROP.replayed)
    assert.equal(unprotect(inbound, 'rtcp', second!), SRTP_DROP.replayed)
  },

  'drops a packet with any byte changed, and is none the worse for it': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    const rtp = protect(out, 'rtp', rtpPacket({ sequence: 9, extensionWords: 1 }))
    const rtcp = protect(out, 'rtcp', rtcpPacket(5, new Uint8Array(8)))
    for (const [kind, sealed] of [
      ['rtp', rtp],
      ['rtcp', rtcp],
    ] as const) {
      for (let at = 0; at < sealed.length; at++) {
        const forged = sealed.slice()
        forged[at] = forged[at]! ^ (1 << (at % 8))
        const code = unprotect(inbound, kind, forged)
        assert.ok(code === SRTP_DROP.forged || code === SRTP_DROP.malformed, `${kind} byte ${at} gave ${String(code)}`)
      }
      assert.ok(unprotect(inbound, kind, sealed) instanceof Uint8Array)
    }
  },

  'drops what is cut short': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    const rtp = protect(out, 'rtp', rtpPacket({ sequence: 9, csrcs: 2, extensionWords: 3 }))
    const rtcp = protect(out, 'rtcp', rtcpPacket(5, new Uint8Array(8)))
    for (let length = 0; length < rtp.length; length++) {
      assert.ok((unprotect(inbound, 'rtp', rtp.subarray(0, length)) as number) < 0, `rtp of ${length}`)
    }
    for (let length = 0; length < rtcp.length; length++) {
      assert.ok((unprotect(inbound, 'rtcp', rtcp.subarray(0, length)) as number) < 0, `rtcp of ${length}`)
    }
    assert.equal(inbound.counters().rtpPackets + inbound.counters().rtcpPackets, 0)
  },

  'follows 32 SSRCs, of which the one unused for longest makes room, and forgeries take none of the places': (
    subject,
    profile,
  ) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    for (let ssrc = 100; ssrc < 200; ssrc++) {
      const forged = protect(out, 'rtp', rtpPacket({ ssrc, sequence: 1 }))
      forged[forged.length - 1] = forged[forged.length - 1]! ^ 1
      assert.equal(unprotect(inbound, 'rtp', forged), SRTP_DROP.forged)
    }
    for (let ssrc = 1; ssrc <= 32; ssrc++) {
      assert.ok(unprotect(inbound, 'rtp', protect(out, 'rtp', rtpPacket({ ssrc, sequence: 1 }))) instanceof Uint8Array)
    }
    const first = protect(out, 'rtp', rtpPacket({ ssrc: 1, sequence: 2 }))
    assert.ok(unprotect(inbound, 'rtp', first.slice()) instanceof Uint8Array)
    const late = protect(out, 'rtp', rtpPacket({ ssrc: 33, sequence: 1 }))
    assert.ok(unprotect(inbound, 'rtp', late.slice()) instanceof Uint8Array)
    assert.ok(unprotect(inbound, 'rtcp', protect(out, 'rtcp', rtcpPacket(34))) instanceof Uint8Array)
    // 2 and 3 have made room; 1 was heard since, and is remembered as 33 is.
    assert.equal(unprotect(inbound, 'rtp', first), SRTP_DROP.replayed)
    assert.equal(unprotect(inbound, 'rtp', late), SRTP_DROP.replayed)
  },

  'refuses a length beyond the buffer': (subject, profile) => {
    const { inbound } = pair(profile, ORACLE_SUBJECT, subject)
    assert.throws(() => inbound.unprotectRtp(new Uint8Array(40), 41))
    assert.throws(() => inbound.unprotectRtcp(new Uint8Array(40), 41))
  },

  'drops everything once it is closed': (subject, profile) => {
    const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
    inbound.close()
    inbound.close()
    assert.equal(unprotect(inbound, 'rtp', protect(out, 'rtp', rtpPacket({ sequence: 1 }))), SRTP_DROP.malformed)
  },
}

export const BEHAVIOUR_CASES: readonly ContractCase[] = PROFILES.flatMap((profile) =>
  Object.entries(BEHAVIOUR).map(([name, run]) => ({
    name: `${name} (${profile})`,
    run: (subject: SrtpSubject) => run(subject, profile),
  })),
)
