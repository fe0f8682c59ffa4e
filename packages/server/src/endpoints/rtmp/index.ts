import { after, plainPort, port, servesTls, tcpPort, url, type Config, type OptionsOf } from '../../config/index.js'
import { FLV_NEEDS } from '../flv-needs.js'
import type { BannerLine, ConfiguredProtocol, Ports, ProtocolWith } from '../protocol.js'
import { RtmpEndpoint } from './endpoint.js'

export { RtmpEndpoint } from './endpoint.js'

const options = {
  rtmpPort: after('host', plainPort(1935, 'RTMP')),
  rtmpsPort: after('httpsPort', port(1936, 'RTMPS, with a certificate')),
  publicRtmpUrl: after(
    'publicUrl',
    url(['rtmp://', 'rtmps://'], {
      description: "base of the RTMP addresses that the server hands out (default: the request's Host)",
    }),
  ),
}

/** RTMP and RTMPS: published and played. */
export const rtmp: ProtocolWith<typeof options> = {
  name: 'rtmp',
  publishes: ['rtmp'],
  plays: [{ by: 'rtmp', needs: [FLV_NEEDS] }],
  reserves: [],
  options,
  configure,
}

function configure(config: Config & OptionsOf<typeof options>): ConfiguredProtocol {
  const { rtmpPort, rtmpsPort, publicRtmpUrl: publicUrl } = config
  const origin = (host: string, ports: Ports) => publicUrl ?? originAt(host, ports)
  return {
    ports: [tcpPort('rtmp', rtmpPort), ...(servesTls(config) ? [tcpPort('rtmps', rtmpsPort)] : [])],
    publicUrl,
    encoderOrigin: origin,
    banner: ({ host }, ports) => linesOf(origin(host, ports), host, ports),
    open: (environment) =>
      Promise.resolve(
        // A browser is told to trust a self-signed certificate, OBS cannot be.
        new RtmpEndpoint({ environment, rtmpPort, rtmpsPort, publicUrl, isTrusted: config.tls !== 'self-signed' }),
      ),
  }
}

/** By TLS where the plain port is closed. */
function originAt(host: string, { rtmp: plain, rtmps }: Ports): string {
  return plain === undefined ? `rtmps://${host}:${String(rtmps)}` : `rtmp://${host}:${String(plain)}`
}

/** The RTMPS line is for a server whose other addresses are plain. */
function linesOf(origin: string, host: string, { rtmp: plain, rtmps }: Ports): BannerLine[] {
  return [
    ['publish', `${origin}/live/STREAM`],
    ['play', `${origin}/live/STREAM   (RTMP)`],
    ...(plain === undefined || rtmps === undefined ? [] : ([['TLS', `rtmps://${host}:${String(rtmps)}`]] as const)),
  ]
}
