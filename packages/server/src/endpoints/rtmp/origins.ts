import type { EncoderOrigins, Reached } from '../../net/index.js'

/** The ports in use; undefined when they are closed. */
export interface RtmpPorts {
  readonly rtmp: number | undefined
  /** Undefined as well when an encoder would not trust the certificate and has another port. */
  readonly rtmps: number | undefined
}

/** RTMP's own port is not written out: LiteAV on iOS likes short addresses. */
const RTMP_PORT = 1935
const RTMPS_PORT = 443

/** Where encoders that can reach the server like this client publish: by TLS, if the client came by it. */
export function rtmpOrigins({ hostname, isSecure }: Reached, { rtmp, rtmps }: RtmpPorts): EncoderOrigins {
  const plain = `rtmp://${authorityOf(hostname, rtmp ?? RTMP_PORT, RTMP_PORT)}`
  const isClosed = rtmp === undefined
  if (rtmps === undefined || !(isClosed || isSecure)) return { rtmp: plain }
  return {
    rtmp: `rtmps://${authorityOf(hostname, rtmps, RTMPS_PORT)}`,
    ...(isClosed ? {} : { plainRtmp: plain }),
  }
}

function authorityOf(hostname: string, port: number, defaultPort: number): string {
  return port === defaultPort ? hostname : `${hostname}:${String(port)}`
}
