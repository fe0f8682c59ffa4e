import type {
  DtlsEngine,
  Egress,
  EgressOptions,
  SrtpEngine,
  UdpEngine,
  UdpPort,
  UdpPortOptions,
  WebRtcEngine,
} from '@crossroom/webrtc'
import { loadAddon } from './addon.js'
import type { Addon } from './addon.js'
import { NativeDtlsEngine } from './dtls.js'
import { NativeEgress } from './egress.js'
import { NativeSrtpEngine } from './srtp.js'
import { NativeUdpPort } from './udp-port.js'

/** Everything WebRTC needs from below, in C. Its clock is that of `process.hrtime`, in microseconds. */
export class NativeEngine implements WebRtcEngine {
  readonly dtls: DtlsEngine
  readonly srtp: SrtpEngine
  readonly udp: UdpEngine
  readonly #addon: Addon
  readonly #ports = new Set<UdpPort>()
  readonly #egresses = new Set<Egress>()

  /** Throws NativeUnavailableError where the addon is not built or does not load. */
  constructor() {
    const addon = loadAddon()
    this.#addon = addon
    this.dtls = new NativeDtlsEngine(addon)
    this.srtp = new NativeSrtpEngine(addon)
    this.udp = {
      open: (options: UdpPortOptions): UdpPort => {
        const port: UdpPort = new NativeUdpPort(addon, options, () => this.#ports.delete(port))
        this.#ports.add(port)
        return port
      },
      now: () => Number(process.hrtime.bigint() / 1000n),
    }
  }

  createEgress(port: UdpPort, options: EgressOptions): Egress {
    if (!(port instanceof NativeUdpPort)) throw new TypeError('an egress sends on a port of the same engine')
    const egress: Egress = new NativeEgress(this.#addon, port, options, () => this.#egresses.delete(egress))
    this.#egresses.add(egress)
    return egress
  }

  close(): void {
    for (const egress of [...this.#egresses]) egress.close()
    for (const port of [...this.#ports]) port.close()
    this.dtls.close()
  }
}
