import assert from 'node:assert/strict'
import type { SrtpProfile } from '@crossroom/webrtc'
import { seededRandom } from '../netem/seeded-random.js'
import { ORACLE_SUBJECT, PROFILES, pair, protect, rtcpPacket, rtpPacket, unprotect } from './subject.js'
import type { ContractCase, SrtpSubject } from './subject.js'

const ROUNDS = 3000
const SEED = 20_260_101

/** Random packets, late, twice, jumping and damaged, to a subject and to the oracle: they must say the same of each. */
function compare(subject: SrtpSubject, profile: SrtpProfile): void {
  const random = seededRandom(SEED)
  const below = (limit: number): number => Math.floor(random() * limit)
  const { out, inbound } = pair(profile, ORACLE_SUBJECT, subject)
  const { inbound: oracle } = pair(profile, ORACLE_SUBJECT, ORACLE_SUBJECT)
  const recent: { kind: 'rtp' | 'rtcp'; sealed: Uint8Array }[] = []
  const sequences = Array.from({ length: 20 }, () => below(65_536))
  for (let round = 0; round < ROUNDS; round++) {
    const ssrc = below(sequences.length)
    if (random() < 0.15) {
      recent.push({ kind: 'rtcp', sealed: protect(out, 'rtcp', rtcpPacket(ssrc, new Uint8Array(4 * below(20)))) })
    } else {
      const sequence = (sequences[ssrc]! += random() < 0.05 ? below(20_000) : 1)
      const payload = new Uint8Array(below(300)).fill(round)
      const plain = rtpPacket({ ssrc, sequence, payload, csrcs: below(4), extensionWords: below(5) })
      recent.push({ kind: 'rtp', sealed: protect(out, 'rtp', plain) })
    }
    if (recent.length > 40) recent.shift()
    const { kind, sealed } = recent[random() < 0.6 ? recent.length - 1 : below(recent.length)]!
    const given = sealed.slice(0, random() < 0.05 ? below(sealed.length) : sealed.length)
    if (random() < 0.1 && given.length > 0) given[below(given.length)]! ^= 1 << below(8)
    assert.deepEqual(unprotect(inbound, kind, given), unprotect(oracle, kind, given), `round ${round}`)
  }
  assert.deepEqual(inbound.counters(), oracle.counters())
}

export const DIFFERENTIAL_CASES: readonly ContractCase[] = PROFILES.map((profile) => ({
  name: `says of ${ROUNDS} random packets what the oracle says (${profile})`,
  run: (subject) => compare(subject, profile),
}))
