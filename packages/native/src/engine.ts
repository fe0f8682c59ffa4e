import type { DtlsEngine, SrtpEngine, UdpEngine, UdpPort, UdpPortOptions } from '@crossroom/webrtc'
import { loadAddon } from './addon.js'
import { NativeDtlsEngine } from './dtls.js'
import { NativeSrtpEngine } from './srtp.js'
import { NativeUdpPort } from './udp-port.js'

/** Everything WebRTC needs from below, in C. */
export class NativeEngine {
  readonly dtls: DtlsEngine
  readonly srtp: SrtpEngine
  readonly udp: UdpEngine
  readonly #ports = new Set<NativeUdpPort>()

  /** Throws NativeUnavailableError where the addon is not built or does not load. */
  constructor() {
    const addon = loadAddon()
    this.dtls = new NativeDtlsEngine(addon)
    this.srtp = new NativeSrtpEngine(addon)
    this.udp = {
      open: (options: UdpPortOptions): UdpPort => {
        const port: NativeUdpPort = new NativeUdpPort(addon, options, () => this.#ports.delete(port))
        this.#ports.add(port)
        return port
      },
      now: () => Math.floor(Number(process.hrtime.bigint() / 1000n)),
    }
  }

  close(): void {
    for (const port of [...this.#ports]) port.close()
    this.dtls.close()
  }
}
