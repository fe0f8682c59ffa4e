import type { IncomingMessage, ServerResponse } from 'node:http'
import { ADTS_HEADER_LENGTH, isAudioFrame, writeAdtsHeader } from '../../../packages/media/src/index.js'
import { optionalPort, tcpPort } from '../../../packages/server/src/config/index.js'
import { PlayAttempt } from '../../../packages/server/src/endpoints/play-attempt.js'
import type {
  OpenProtocol,
  ProtocolEnvironment,
  ProtocolWith,
} from '../../../packages/server/src/endpoints/protocol.js'
import type { ByteTransport, FanoutRecipe, Packer, PlayerNeeds } from '../../../packages/server/src/hub/index.js'

const NEEDS: PlayerNeeds = { name: 'adts', audio: ['aac'], video: [], reordered: true }

const options = { adtsPort: optionalPort('raw AAC over HTTP, on a port of its own') }

/** `GET /APP/STREAM.aac`: the sound of a stream as raw AAC (ADTS), which `<audio>` and internet radios play. */
export const adts: ProtocolWith<typeof options> = {
  name: 'adts',
  publishes: [],
  plays: [{ by: 'adts', needs: [NEEDS] }],
  reserves: [],
  options,
  configure: ({ adtsPort }) => ({
    ports: adtsPort === undefined ? [] : [tcpPort('adts', adtsPort)],
    banner: ({ http }) => [['play', `${http}/live/STREAM.aac   (AAC)`]],
    examine: () => Promise.resolve([{ check: 'adts', state: 'ok', message: 'Raw AAC is played over HTTP.' }]),
    open: (environment) => Promise.resolve(open(environment, adtsPort)),
  }),
}

function open(environment: ProtocolEnvironment, port: number | undefined): OpenProtocol {
  const handleRequest = (request: IncomingMessage, response: ServerResponse): boolean =>
    play(environment, request, response)
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (!handleRequest(request, response)) response.writeHead(404).end()
  }
  return {
    handleRequest,
    listen: async () => {
      if (port !== undefined) await environment.listeners.openHttp('adts', port, { onRequest, onUpgrade: () => false })
    },
    playAddresses: ({ http }, name) => ({ adts: `${http}/${name}.aac` }),
  }
}

/** True when the request asks for a stream. */
function play(environment: ProtocolEnvironment, request: IncomingMessage, response: ServerResponse): boolean {
  const [, app, stream] = /^\/([\w-]+)\/([\w-]+)\.aac$/.exec(request.url ?? '') ?? []
  if (app === undefined || stream === undefined) return false
  const attempt = new PlayAttempt(
    environment,
    {
      ...{ action: 'play', protocol: 'adts', app, stream, query: new Map() },
      remoteAddress: environment.clientAddress(request),
      connectionId: environment.newConnectionId(),
    },
    {
      refused: ({ httpStatus, sentence }) => response.writeHead(httpStatus).end(sentence),
      notFound: () => response.writeHead(404).end(`${app}/${stream} has no publisher.`),
      ready: () => {
        response.writeHead(200, { 'Content-Type': 'audio/aac', 'Cache-Control': 'no-store' })
        const viewer = attempt.attach(transportOf(response), 'adts', () => recipeOf(environment))
        response.on('drain', () => viewer.handleDrain())
      },
    },
    NEEDS,
  )
  response.once('close', () => attempt.close('client'))
  return true
}

function transportOf(response: ServerResponse): ByteTransport {
  return {
    write: (bytes) => response.write(bytes),
    get buffered() {
      return response.writableLength
    },
    close: (reason) => void (reason === 'stalled' ? response.destroy() : response.end()),
  }
}

function recipeOf({ bridgeOf, clock, viewerLimits }: ProtocolEnvironment): FanoutRecipe {
  const { audioMergeMicros } = viewerLimits
  return { packer: adtsPacker, clock, bridgeOf, audioMergeMicros, startsAt: 'recovery-point' }
}

/** A header and a frame; a header says everything, so there is no configuration beside it. */
const adtsPacker: Packer = {
  start: () => new Uint8Array(0),
  byteLengthOfConfig: () => 0,
  writeConfig: (_config, _timestampMs, _out, offset) => offset,
  byteLengthOfFrame: ({ units }) => ADTS_HEADER_LENGTH + units[0]!.length,
  writeFrame: (frame, _timestampMs, out, offset) => {
    const unit = frame.units[0]!
    if (!isAudioFrame(frame)) return offset
    const body = writeAdtsHeader(frame.config, unit.length, out, offset)
    out.set(unit, body)
    return body + unit.length
  },
}
