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

/** One peer's receiving context (c/srtp_inbound.c). */
export class NativeSrtpInbound implements SrtpInbound {
  readonly #addon: Addon
  readonly #counters = new Float64Array(5)
  #handle: InboundHandle | undefined
  /** Packets that came after the end. */
  #late = 0

  constructor(addon: Addon, keys: SrtpKeys) {
    this.#addon = addon
    this.#handle = addon.srtpInbound(keysHandle(keys))
  }

  /** For the port of the same package; undefined once closed. */
  get handle(): InboundHandle | undefined {
    return this.#handle
  }

  unprotectRtp(packet: Uint8Array, length: number): number {
    return this.#handle ? this.#addon.srtpUnprotectRtp(this.#handle, packet, length) : this.#dropLate()
  }

  unprotectRtcp(packet: Uint8Array, length: number): number {
    return this.#handle ? this.#addon.srtpUnprotectRtcp(this.#handle, packet, length) : this.#dropLate()
  }

  counters(): SrtpInboundCounters {
    if (this.#handle) this.#addon.srtpInboundCounters(this.#handle, this.#counters)
    const row = this.#counters
    return {
      rtpPackets: row[0]!,
      rtcpPackets: row[1]!,
      malformed: row[2]! + this.#late,
      forged: row[3]!,
      replayed: row[4]!,
    }
  }

  close(): void {
    if (!this.#handle) return
    this.counters()
    this.#addon.srtpInboundClose(this.#handle)
    this.#handle = undefined
  }

  #dropLate(): number {
    this.#late++
    return SRTP_DROP.malformed
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
