import { createCipheriv } from 'node:crypto'
import type { SrtpKeys, SrtpProfile } from '@crossroom/webrtc'

/** One direction's master key (16 bytes) and salt (12 bytes for GCM, 14 for SHA1_80). */
export interface SrtpMaster {
  readonly key: Uint8Array
  readonly salt: Uint8Array
}

/** What SRTP or SRTCP works with, derived from a master (RFC 3711 section 4.3). */
export interface SessionKeys {
  readonly encryption: Uint8Array
  readonly authentication: Uint8Array
  readonly salt: Uint8Array
}

export interface KeyMaterial {
  readonly profile: SrtpProfile
  readonly local: SrtpMaster
  readonly remote: SrtpMaster
  readonly areSessionKeys: boolean
}

export const TAG_BYTES: Readonly<Record<SrtpProfile, number>> = {
  SRTP_AEAD_AES_128_GCM: 16,
  SRTP_AES128_CM_SHA1_80: 10,
}

export const SALT_BYTES: Readonly<Record<SrtpProfile, number>> = {
  SRTP_AEAD_AES_128_GCM: 12,
  SRTP_AES128_CM_SHA1_80: 14,
}

const KEY_BYTES = 16
const AUTHENTICATION_BYTES = 20
/** Key derivation labels of SRTP and of SRTCP, RFC 3711 section 4.3.2: encryption, authentication, salt. */
const LABELS = { rtp: [0, 1, 2], rtcp: [3, 4, 5] } as const

const materials = new WeakMap<SrtpKeys, KeyMaterial>()

/** Keys for the oracle's contexts. With `areSessionKeys` nothing is derived, as the RFCs' packet vectors want it. */
export function oracleSrtpKeys(
  profile: SrtpProfile,
  local: SrtpMaster,
  remote: SrtpMaster,
  areSessionKeys = false,
): SrtpKeys {
  const keys = Object.freeze({}) as unknown as SrtpKeys
  materials.set(keys, { profile, local, remote, areSessionKeys })
  return keys
}

export function materialOf(keys: SrtpKeys): KeyMaterial {
  const material = materials.get(keys)
  if (!material) throw new TypeError('these keys were made by another engine')
  return material
}

/** AES-CM as a pseudo-random function over `label` (RFC 3711 section 4.3.3), shorter salts padded with zeros (RFC 7714 section 11). */
function derive(master: SrtpMaster, label: number, length: number): Uint8Array {
  const counter = new Uint8Array(16)
  counter.set(master.salt)
  counter[7] = counter[7]! ^ label
  return createCipheriv('aes-128-ctr', master.key, counter).update(new Uint8Array(length))
}

export function sessionKeys(material: KeyMaterial, master: SrtpMaster, kind: 'rtp' | 'rtcp'): SessionKeys {
  const [encryption, authentication, salt] = LABELS[kind]
  const authenticationKey = derive(master, authentication, AUTHENTICATION_BYTES)
  if (material.areSessionKeys) {
    return { encryption: master.key, authentication: authenticationKey, salt: master.salt }
  }
  return {
    encryption: derive(master, encryption, KEY_BYTES),
    authentication: authenticationKey,
    salt: derive(master, salt, SALT_BYTES[material.profile]),
  }
}
