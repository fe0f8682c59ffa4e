import assert from 'node:assert/strict'
import type { SrtpProfile } from '@crossroom/webrtc'
import { bytes, protect, rtpPacket, unprotect } from './subject.js'
import type { ContractCase, SrtpSubject } from './subject.js'

interface Vector {
  readonly profile: SrtpProfile
  readonly key: string
  readonly salt: string
  readonly plain: string
  readonly sealed: string
}

/** RFC 7714 section 16.1.1: SRTP AEAD_AES_128_GCM, rollover counter 0; session keys. */
const GCM_RTP: Vector = {
  profile: 'SRTP_AEAD_AES_128_GCM',
  key: '000102030405060708090a0b0c0d0e0f',
  salt: '517569642070726f2071756f',
  plain: `8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
    69736120 696e2070 61727465 73207472 6573`,
  sealed: `8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5
    0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce`,
}

/** RFC 7714 section 17.1: SRTCP AEAD_AES_128_GCM, encrypted and tagged, index 0x5d4; session keys. */
const GCM_RTCP: Vector = {
  profile: 'SRTP_AEAD_AES_128_GCM',
  key: '000102030405060708090a0b0c0d0e0f',
  salt: '517569642070726f2071756f',
  plain: `81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
    deadbeef deadbeef deadbeef deadbeef deadbeef`,
  sealed: `81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d
    c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872
    45d9eade 800005d4`,
}

/** RFC 3711 appendix B.2: the keystream of AES-CM under SSRC 0, index 0. */
const CM_KEYSTREAM = {
  key: '2b7e151628aed2a6abf7158809cf4f3c',
  salt: 'f0f1f2f3f4f5f6f7f8f9fafbfcfd',
  keystream: `e03ead0935c95e80e166b16dd92b4eb4 d23513162b02d0f72a43a2fe4a5f97ab
    41e95b3bb0a2e8dd477901e4fca894c0`,
}

/**
 * RFC 3711 appendix B.3: the derivation of cipher key and salt from a master. A packet sealed under the master must
 * equal the one sealed under the derived session keys, apart from its tag.
 */
const DERIVATION = {
  key: 'e1f97a0d3e018be0d64fa32c06de4139',
  salt: '0ec675ad498afeebb6960b3aabe6',
  sessionKey: 'c61e7a93744f39ee10734afe3ff7a087',
  sessionSalt: '30cbbc08863d8c85d49db34a9ae1',
}

function outboundOf(subject: SrtpSubject, profile: SrtpProfile, key: string, salt: string, areSessionKeys: boolean) {
  const same = { key: bytes(key), salt: bytes(salt) }
  return subject.outbound(subject.keys(profile, same, same, areSessionKeys))
}

function inboundOf(subject: SrtpSubject, vector: Vector) {
  const same = { key: bytes(vector.key), salt: bytes(vector.salt) }
  return subject.inbound(subject.keys(vector.profile, same, same, true))
}

export const VECTOR_CASES: readonly ContractCase[] = [
  {
    name: 'seals the packet of RFC 7714 section 16.1.1',
    run: (subject) => {
      const out = outboundOf(subject, GCM_RTP.profile, GCM_RTP.key, GCM_RTP.salt, true)
      assert.deepEqual(protect(out, 'rtp', bytes(GCM_RTP.plain)), bytes(GCM_RTP.sealed))
    },
  },
  {
    name: 'opens the packet of RFC 7714 section 16.1.1',
    run: (subject) => {
      assert.deepEqual(unprotect(inboundOf(subject, GCM_RTP), 'rtp', bytes(GCM_RTP.sealed)), bytes(GCM_RTP.plain))
    },
  },
  {
    name: 'opens the SRTCP packet of RFC 7714 section 17.1',
    run: (subject) => {
      assert.deepEqual(unprotect(inboundOf(subject, GCM_RTCP), 'rtcp', bytes(GCM_RTCP.sealed)), bytes(GCM_RTCP.plain))
    },
  },
  {
    name: 'has the AES-CM keystream of RFC 3711 appendix B.2',
    run: (subject) => {
      const out = outboundOf(subject, 'SRTP_AES128_CM_SHA1_80', CM_KEYSTREAM.key, CM_KEYSTREAM.salt, true)
      const plain = rtpPacket({ ssrc: 0, sequence: 0, payload: new Uint8Array(48) })
      assert.deepEqual(protect(out, 'rtp', plain).slice(12, 60), bytes(CM_KEYSTREAM.keystream))
    },
  },
  {
    name: 'derives session keys as RFC 3711 appendix B.3',
    run: (subject) => {
      const profile = 'SRTP_AES128_CM_SHA1_80'
      const derived = outboundOf(subject, profile, DERIVATION.key, DERIVATION.salt, false)
      const given = outboundOf(subject, profile, DERIVATION.sessionKey, DERIVATION.sessionSalt, true)
      const plain = rtpPacket({ sequence: 0x1234, payload: new Uint8Array(40) })
      const end = plain.length
      assert.deepEqual(protect(derived, 'rtp', plain).slice(0, end), protect(given, 'rtp', plain).slice(0, end))
    },
  },
]
