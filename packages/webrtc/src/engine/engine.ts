import type { DtlsEngine } from './dtls.js'
import type { Egress, EgressOptions } from './egress.js'
import type { SrtpEngine } from './srtp.js'
import type { UdpEngine, UdpPort } from './udp-port.js'

/**
 * Everything that WebRTC needs from below. `@crossroom/native` implements it in C; `@crossroom/testkit` has plain
 * TypeScript doubles that pass the same contract suites.
 */
export interface WebRtcEngine {
  readonly dtls: DtlsEngine
  readonly srtp: SrtpEngine
  readonly udp: UdpEngine
  /** An egress with its own thread that sends on `port`'s socket. */
  createEgress(port: UdpPort, options: EgressOptions): Egress
  /** Closes every egress, port and session that is still open. Idempotent. */
  close(): void
}
