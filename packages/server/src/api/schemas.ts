import { z } from 'zod'
import { isSegment } from '../auth/index.js'
import { forwardLimits } from '../config/index.js'

/** The shapes of the REST API. The routes validate with them and `/api/v1/openapi.json` is generated from them. */

const milliseconds = (description: string) => z.int().describe(`${description}, unix time in milliseconds`)
const protocol = z.string().describe('rtmp, http-flv, whip and so on, or what made the stream inside the server')

/** Every protocol that is played adds its own. */
export const playAddresses = z
  .object({ rtmp: z.string(), flv: z.string(), wsFlv: z.string(), whep: z.string() })
  .catchall(z.string())

const segment = z
  .string()
  .refine(isSegment, 'must be 1 to 128 of A-Z a-z 0-9 . _ - and begin with no dot')
  .meta({ pattern: '^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$' })

/** `:app/:stream` of a path. */
export const streamParams = z.object({ app: segment, stream: segment })

/** `:id` of a path. */
export const idParams = z.object({ id: z.string().min(1).max(128) })

/** `APP/STREAM` in a query or body. */
export const streamName = z
  .string()
  .refine((name) => {
    const [app = '', stream = '', ...rest] = name.split('/')
    return rest.length === 0 && isSegment(app) && isSegment(stream)
  }, 'must be APP/STREAM')
  .describe('APP/STREAM')

export const errorBody = z
  .object({ error: z.object({ code: z.string().describe('stable'), message: z.string().describe('one sentence') }) })
  .meta({ id: 'Error' })

const mode = z
  .enum(['none', 'pass', 'convert', 'drop-b-frames', 'omit'])
  .describe('none: no such track; pass: as it came; drop-b-frames, omit: no codec is there to convert it')

export const derivedInfo = z.object({
  for: z.string().describe('the kind of viewers'),
  video: mode,
  audio: mode,
  framesLeftOut: z.int().describe('B-frames left out because they could not be converted'),
})

const node = z.string().optional()

export const streamInfo = z
  .object({
    name: z.string().describe('APP/STREAM; ROOM/USER/TYPE of a stream of a room, which these fields name:'),
    roomId: z.string().optional(),
    userId: z.string().optional().describe('absent for a composite, and for a mix that the audience shares'),
    streamType: z.enum(['main', 'aux', 'small', 'mix', 'composite']).optional(),
    node: node.describe('of its publisher'),
    state: z.enum(['idle', 'live', 'grace']).describe('grace: the publisher left and may come back'),
    since: milliseconds('When the stream came into being'),
    publisher: z
      .object({ id: z.string(), protocol, remoteAddress: z.string(), since: milliseconds('When it began') })
      .optional(),
    video: z
      .object({
        codec: z.string(),
        codecString: z.string().describe('RFC 6381'),
        width: z.int(),
        height: z.int(),
        frameRate: z.number().optional().describe('frames per second, if announced'),
      })
      .optional(),
    audio: z
      .object({ codec: z.string(), codecString: z.string(), sampleRate: z.int().describe('Hz'), channels: z.int() })
      .optional(),
    refused: z
      .array(z.object({ kind: z.enum(['audio', 'video']), code: z.string().describe('stable'), reason: z.string() }))
      .optional()
      .describe('tracks that are sent and reach nobody, and why'),
    subscribers: z.int().describe('what takes frames: viewers, fanouts shared by viewers, pushes'),
    viewers: z.int().describe('on all nodes'),
    framesIn: z.int(),
    bytesIn: z.int(),
    derived: z.array(derivedInfo).optional().describe('what becomes of the tracks for viewers that cannot take them'),
    play: playAddresses.optional().describe('addresses; absent for streams of rooms, see play-addresses'),
  })
  .meta({ id: 'Stream' })

export const connectionInfo = z
  .object({
    id: z.string(),
    role: z.enum(['publisher', 'viewer']),
    protocol,
    remoteAddress: z.string(),
    stream: z.string().describe('its name: APP/STREAM, or ROOM/USER/TYPE in a room'),
    since: milliseconds('When it began'),
    bytes: z.int().describe('received from a publisher, sent to a viewer'),
    droppedFrames: z.int(),
    node: node.describe('that serves it'),
  })
  .meta({ id: 'Connection' })

export const connectionQuery = z.object({
  stream: streamName.optional(),
  role: z.enum(['publisher', 'viewer']).optional(),
})

export const endedBody = z.object({ ended: z.int().describe('publishers and viewers that were ended') })

export const forwardInfo = z
  .object({
    id: z.string(),
    stream: z.string().describe('APP/STREAM'),
    url: z.string().describe('the target, secrets taken out'),
    state: z.enum(['waiting', 'connecting', 'forwarding', 'retrying']).describe('waiting: the stream has no publisher'),
    since: milliseconds('When the rule was made'),
    bytesOut: z.int(),
    lastError: z.string().optional(),
  })
  .meta({ id: 'Forward' })

export const forwardRequest = z.strictObject({
  stream: streamName,
  url: z
    .string()
    .max(forwardLimits.targetUrlChars)
    .regex(/^rtmps?:\/\//, 'must begin with rtmp:// or rtmps://')
    .describe('rtmp://HOST[:PORT]/APP/STREAM'),
})

export const tokenRequest = z.strictObject({
  stream: streamName,
  action: z.enum(['publish', 'play']),
  expireSeconds: z.int().min(1).max(315_360_000).default(86_400).describe('from now'),
})

export const tokenInfo = z
  .object({
    token: z.string(),
    expiresAt: milliseconds('When it expires'),
    rtmp: z.string().describe('address with the token'),
    http: z
      .string()
      .describe('FLV address to play, WHIP address to publish (the token goes into Authorization: Bearer)'),
  })
  .meta({ id: 'Token' })

export type StreamInfo = z.output<typeof streamInfo>
/** A stream as one kind of viewers gets it. */
export type DerivedInfo = z.output<typeof derivedInfo>
export type ConnectionInfo = z.output<typeof connectionInfo>
/** A forward rule and its state. */
export type ForwardInfo = z.output<typeof forwardInfo>
