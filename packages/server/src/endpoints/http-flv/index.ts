import { FLV_NEEDS } from '../flv-needs.js'
import type { OpenProtocol, ProtocolEnvironment, ProtocolWith } from '../protocol.js'
import { HttpFlvEndpoint } from './play.js'
import { WebSocketFlvEndpoint } from './web-socket.js'

const options = {}

/** FLV over HTTP and over WebSocket, on the common HTTP ports: only played. */
export const httpFlv: ProtocolWith<typeof options> = {
  name: 'http-flv',
  publishes: [],
  plays: [
    { by: 'http-flv', needs: [FLV_NEEDS] },
    { by: 'ws-flv', needs: [FLV_NEEDS] },
  ],
  reserves: [],
  options,
  configure: () => ({
    ports: [],
    banner: ({ http }) => {
      const ws = http.startsWith('https:') ? 'wss://' : 'ws://'
      return [['play', `${http}/live/STREAM.flv   (HTTP-FLV; ${ws} for WebSocket-FLV)`]]
    },
    open: (environment) => Promise.resolve(open(environment)),
  }),
}

function open(environment: ProtocolEnvironment): OpenProtocol {
  const { clientAddress, pages } = environment
  const overHttp = new HttpFlvEndpoint(environment, clientAddress)
  const overWebSocket = new WebSocketFlvEndpoint(environment, clientAddress, pages)
  return {
    handleRequest: (request, response) => overHttp.handleRequest(request, response),
    handleUpgrade: (request, socket, head) => overWebSocket.handleUpgrade(request, socket, head),
    playAddresses: ({ http, ws }, name) => ({ flv: `${http}/${name}.flv`, wsFlv: `${ws}/${name}.flv` }),
  }
}
