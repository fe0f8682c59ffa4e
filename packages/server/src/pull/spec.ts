import { isRoomId, isUserId } from '@crossroom/protocol'
import { z } from 'zod'
import { isSegment, RESERVED_APPS } from '../auth/index.js'
import { ConfigError, pullLimits } from '../config/index.js'
import type { JobKind } from '../jobs/index.js'
import { parsePullAddress, PULL_ADDRESSES } from './address.js'

/** A pull as it is asked for and kept; `url` holds secrets. Either `stream` or `room`. */
export interface PullSpec {
  readonly url: string
  /** `APP/STREAM`. */
  readonly stream?: string | undefined
  readonly room?: string | undefined
  readonly userId?: string | undefined
  /** Only while somebody plays the stream. */
  readonly onDemand: boolean
  /** Of RTSP. */
  readonly transport: 'tcp' | 'udp'
  readonly timeoutMs?: number | undefined
}

/** A pull made by REST, as it outlives the server. */
export interface StoredPull extends PullSpec {
  readonly id: string
  /** Unix milliseconds. */
  readonly createdAt: number
}

const isStreamName = (name: string): boolean => {
  const [app = '', stream = '', ...rest] = name.split('/')
  return rest.length === 0 && isSegment(app) && isSegment(stream) && !RESERVED_APPS.has(app)
}

const fields = {
  url: z
    .string()
    .max(pullLimits.urlChars)
    .refine((text) => parsePullAddress(text) !== undefined, PULL_ADDRESSES)
    .describe('rtsp://USER:PASSWORD@HOST/PATH, rtmp://…, http://….flv, http://….m3u8, ws://….flv, srt://…, file:///…'),
  stream: z.string().refine(isStreamName, 'must be APP/STREAM, with an app that is not reserved').optional(),
  room: z.string().refine(isRoomId, 'must be a room id').optional(),
  userId: z.string().refine(isUserId, 'must be a user id').optional().describe('of the device in the room'),
  onDemand: z.boolean().default(false).describe('pull only while somebody plays the stream'),
  transport: z.enum(['tcp', 'udp']).default('tcp').describe('of RTSP'),
  timeoutMs: z
    .int()
    .min(pullLimits.minTimeoutMs)
    .max(pullLimits.maxTimeoutMs)
    .optional()
    .describe('without a frame for this long the source counts as hung'),
}

interface Place {
  readonly stream?: string | undefined
  readonly room?: string | undefined
  readonly userId?: string | undefined
  readonly onDemand: boolean
}

const hasOnePlace = ({ stream, room }: Place): boolean => (stream === undefined) !== (room === undefined)
const hasUserInRoom = ({ room, userId }: Place): boolean => room !== undefined || userId === undefined
const isOnDemandStream = ({ stream, onDemand }: Place): boolean => !onDemand || stream !== undefined

/** Body of `POST /pulls`. */
export const pullRequest = z
  .strictObject(fields)
  .refine(hasOnePlace, 'needs either stream or room')
  .refine(hasUserInRoom, 'userId belongs to room')
  .refine(isOnDemandStream, 'onDemand needs stream: a room is entered when the source sends')

export const pullKind: JobKind<StoredPull> = {
  ...{ name: 'pulls', version: 1 },
  maxDocuments: pullLimits.pulls,
  schema: z.object({ ...fields, id: z.string(), createdAt: z.number() }),
}

const ENTRY = /^(?:room:([^/=]+)(?:\/([^/=]+))?|([^/=]+\/[^/=]+))=([^#]+)(?:#(.*))?$/

/**
 * One value of `--pull`: `APP/STREAM=URL`, or `room:ROOM/USER=URL`, with `#on-demand`, `#udp` and `#timeout=MS` behind it,
 * joined by `&`.
 * @throws ConfigError
 */
export function parsePullOption(text: string): PullSpec {
  const [, room, userId, stream, url = '', words] = ENTRY.exec(text) ?? []
  const options = new URLSearchParams(words)
  const isKnown = [...options.keys()].every((word) => ['on-demand', 'udp', 'tcp', 'timeout'].includes(word))
  const timeout = options.get('timeout')
  const parsed = pullRequest.safeParse({
    ...{ url, stream, room, userId, onDemand: options.has('on-demand') },
    transport: options.has('udp') ? 'udp' : 'tcp',
    timeoutMs: timeout === null ? undefined : Number(timeout),
  })
  if (parsed.success && isKnown) return parsed.data
  const place = stream ?? room ?? 'a value'
  const why = parsed.success ? 'an unknown word stands behind #' : (parsed.error.issues[0]?.message ?? '')
  throw new ConfigError(
    `--pull: ${place} is not valid (${why}). Write APP/STREAM=URL or room:ROOM/USER=URL, with #on-demand, #udp or #timeout=MS behind it.`,
  )
}
