import { z } from 'zod'
import { after, list, port, text, type Config, type OptionsOf } from '../../config/index.js'
import type { BannerLine, ConfiguredProtocol, ProtocolWith } from '../protocol.js'
import { checkAddresses, checkNative } from './port/index.js'
import { WebRtcEndpoint } from './endpoint.js'
import { WEBRTC_NEEDS } from './send/index.js'

export { WebRtcEndpoint } from './endpoint.js'

const options = {
  rtcPort: after('httpPort', port(8000, 'WebRTC media, UDP, and TCP on the same number')),
  rtcAddress: after(
    'httpPort',
    list(z.string().max(255), {
      takes: 'LIST',
      description: "IP, NAME or IP:PORT announced to WebRTC peers, comma-separated (default: the machine's own)",
    }),
  ),
  turnUrl: after(
    'httpPort',
    list(z.string().regex(/^(turns?|stuns?):\S+$/, 'must be addresses like turn:turn.example.org:3478'), {
      takes: 'LIST',
      description: 'TURN or STUN servers for browsers, comma-separated',
    }),
  ),
  turnSecret: after(
    'httpPort',
    text({
      takes: 'TEXT',
      secret: true,
      description: "the TURN server's shared secret (coturn: static-auth-secret), for credentials valid for a day",
    }),
  ),
}

const needs = Object.values(WEBRTC_NEEDS)

/** WebRTC: WHIP, WHEP, and browsers in rooms, whose offers and answers go by signaling. */
export const webrtc: ProtocolWith<typeof options> = {
  name: 'webrtc',
  publishes: ['whip', 'webrtc'],
  plays: [
    { by: 'whep', needs },
    { by: 'webrtc', needs },
  ],
  reserves: ['whip', 'whep'],
  options,
  configure,
}

/** `IP:PORT` with another port; an address alone as it is. */
function shifted(entry: string, by: number): string {
  const [, host, announced] = /^(\[.+\]|[^:]+):(\d{1,5})$/.exec(entry) ?? []
  return host === undefined ? entry : `${host}:${String(Number(announced) + by)}`
}

function configure(config: Config & OptionsOf<typeof options>): ConfiguredProtocol {
  const { host, rtcAddress, rtcPort, turnSecret: secret, turnUrl: urls } = config
  return {
    ports: [{ name: 'rtc', port: rtcPort, transports: ['udp', 'tcp'], ofEachProcess: true }],
    announced: rtcAddress[0],
    banner: (_at, { rtc }): BannerLine[] => (rtc === undefined ? [] : [['WebRTC', `port ${String(rtc)}, UDP and TCP`]]),
    ofProcess: (place) => ({
      rtcPort: rtcPort === 0 ? 0 : rtcPort + place,
      rtcAddress: rtcAddress.map((entry) => shifted(entry, place)),
    }),
    examine: async () => [await checkNative(), ...checkAddresses(host, rtcAddress)],
    open: (environment) =>
      WebRtcEndpoint.open(environment, { host, port: rtcPort, announce: rtcAddress, turn: { urls, secret } }),
  }
}
