import { SRTP_DROP } from '@crossroom/webrtc'
import type {
  SrtpEngine,
  SrtpInbound,
  SrtpInboundCounters,
  SrtpKeys,
  SrtpOutbound,
  SrtpProfile,
} from '@crossroom/webrtc'
import { loadAddon } from './addon.js'
import type { Addon, InboundHandle, OutboundHandle } from './addon.js'
import { keysHandle } from './dtls.js'

class NativeSrtpInbound implements SrtpInbound {
  readonly #addon: Addon
  #handle: InboundHandle | undefined
  #rtpPackets = 0
  #rtcpPackets = 0
  /** By the negative of the code: 1 malformed … 3 replayed. */
  readonly #dropped = [0, 0, 0, 0]

  constructor(addon: Addon, keys: SrtpKeys) {
    this.#addon = addon
    this.#handle = addon.srtpInbound(keysHandle(keys))
  }

  unprotectRtp(packet: Uint8Array, length: number): number {
    if (!this.#handle) return this.#drop(SRTP_DROP.malformed)
    const plain = this.#addon.srtpUnprotectRtp(this.#handle, packet, length)
    if (plain < 0) return this.#drop(plain)
    this.#rtpPackets++
    return plain
  }

  unprotectRtcp(packet: Uint8Array, length: number): number {
    if (!this.#handle) return this.#drop(SRTP_DROP.malformed)
    const plain = this.#addon.srtpUnprotectRtcp(this.#handle, packet, length)
    if (plain < 0) return this.#drop(plain)
    this.#rtcpPackets++
    return plain
  }

  counters(): SrtpInboundCounters {
    const [, malformed = 0, forged = 0, replayed = 0] = this.#dropped
    return {
      rtpPackets: this.#rtpPackets,
      rtcpPackets: this.#rtcpPackets,
      malformed,
      forged,
      replayed,
    }
  }

  close(): void {
    if (!this.#handle) return
    this.#addon.srtpInboundClose(this.#handle)
    this.#handle = undefined
  }

  #drop(code: number): number {
    this.#dropped[-code] = (this.#dropped[-code] ?? 0) + 1
    return code
  }
}

/** Inbound contexts from keys of the DTLS engine in the same package. */
export class NativeSrtpEngine implements SrtpEngine {
  readonly #addon: Addon

  constructor(addon: Addon) {
    this.#addon = addon
  }

  createInbound(keys: SrtpKeys): SrtpInbound {
    return new NativeSrtpInbound(this.#addon, keys)
  }
}

/** One direction's master key (16 bytes) and salt (12 bytes for GCM, 14 for SHA1_80). */
export interface SrtpMasterForTest {
  readonly key: Uint8Array
  readonly salt: Uint8Array
}

/**
 * Keys from raw bytes: for test vectors and benchmarks, never for calls. With `areSessionKeys` the bytes are taken
 * without derivation, as the packet vectors of RFC 3711 and RFC 7714 give them.
 */
export function srtpKeysForTest(
  profile: SrtpProfile,
  local: SrtpMasterForTest,
  remote: SrtpMasterForTest,
  areSessionKeys = false,
): SrtpKeys {
  const number = profile === 'SRTP_AEAD_AES_128_GCM' ? 0 : 1
  const keys = loadAddon().srtpKeysForTest(number, local.key, local.salt, remote.key, remote.salt, areSessionKeys)
  return keys as unknown as SrtpKeys
}

/** A sending context outside the egress, which repeats its nonces if both are used with one key: for peers in tests. */
export function srtpOutboundForTest(keys: SrtpKeys): SrtpOutbound {
  const addon = loadAddon()
  let handle: OutboundHandle | undefined = addon.srtpOutboundForTest(keysHandle(keys))
  return {
    protectRtp: (packet, length) => (handle ? addon.srtpProtectRtp(handle, packet, length) : SRTP_DROP.malformed),
    protectRtcp: (packet, length) => (handle ? addon.srtpProtectRtcp(handle, packet, length) : SRTP_DROP.malformed),
    close: () => {
      if (handle) addon.srtpOutboundClose(handle)
      handle = undefined
    },
  }
}
