import type { OpenProtocol, ProtocolEnvironment, ProtocolWith } from '../protocol.js'
import { HlsEndpoint } from './endpoint.js'
import { HLS_NEEDS } from './viewers.js'

const options = {}

/** HLS and Low-Latency HLS (RFC 8216bis) on the common HTTP ports: only played. */
export const hls: ProtocolWith<typeof options> = {
  name: 'hls',
  publishes: [],
  plays: [{ by: 'hls', needs: [HLS_NEEDS] }],
  reserves: ['hls'],
  options,
  configure: () => ({
    ports: [],
    banner: ({ http }) => [['play', `${http}/hls/live/STREAM/index.m3u8   (HLS)`]],
    open: (environment) => Promise.resolve(open(environment)),
  }),
}

function open(environment: ProtocolEnvironment): OpenProtocol {
  const { clientAddress, metrics } = environment
  const endpoint = new HlsEndpoint(environment, clientAddress)
  metrics.addGauge('hls_streams', 'Streams that are cut into HLS segments at present', () => endpoint.muxers.size)
  metrics.addGauge('hls_bytes', 'Bytes of HLS segments in memory', () => endpoint.muxers.bytes)
  metrics.addGauge('hls_waiting_requests', 'HLS requests that wait for the next part', () => endpoint.waiting)
  return {
    handleRequest: (request, response) => endpoint.handleRequest(request, response),
    playAddresses: ({ http }, name) => ({ hls: `${http}/hls/${name}/index.m3u8` }),
    close: () => endpoint.close(),
  }
}
