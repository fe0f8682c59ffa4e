import { isRoomId, isUserId } from '@crossroom/protocol'
import { z } from 'zod'
import { isSegment } from '../auth/index.js'
import { ConfigError, pushLimits } from '../config/index.js'
import type { StreamKey } from '../hub/index.js'
import type { JobKind } from '../jobs/index.js'
import { parsePushAddress, PUSH_ADDRESSES } from './address.js'

/** What is pushed: a plain stream, what a member of a room sends, or without `userId` the composite of the room. */
export interface PushPlace {
  /** `APP/STREAM`. */
  readonly stream?: string | undefined
  readonly room?: string | undefined
  readonly userId?: string | undefined
  readonly streamType?: 'main' | 'aux' | undefined
}

/** A push as it is asked for and kept; `url` and `bearer` are secrets. Either `stream` or `room`. */
export interface PushSpec extends PushPlace {
  readonly url: string
  readonly bearer?: string | undefined
  /** Only while the stream is there for others. */
  readonly onDemand: boolean
  /** It ends with its stream, and is not kept. */
  readonly once: boolean
}

/** A push made by REST, as it outlives the server. */
export interface StoredPush extends PushSpec {
  readonly id: string
  /** Unix milliseconds. */
  readonly createdAt: number
}

const isStreamName = (name: string): boolean => {
  const [app = '', stream = '', ...rest] = name.split('/')
  return rest.length === 0 && isSegment(app) && isSegment(stream)
}

const fields = {
  url: z
    .string()
    .max(pushLimits.urlChars)
    .refine((text) => parsePushAddress(text) !== undefined, PUSH_ADDRESSES)
    .describe('rtmp://HOST/APP/STREAM, rtmps://…, https://… (WHIP), srt://HOST:PORT, rtsp://HOST/PATH, rtsps://…'),
  bearer: z
    .string()
    .max(pushLimits.bearerChars)
    .regex(/^[\x21-\x7e]+$/, 'must be a token')
    .optional()
    .describe('of WHIP: sent as Authorization: Bearer'),
  stream: z.string().refine(isStreamName, 'must be APP/STREAM').optional(),
  room: z.string().refine(isRoomId, 'must be a room id').optional(),
  userId: z
    .string()
    .refine(isUserId, 'must be a user id')
    .optional()
    .describe('the member of the room; default: the composite of the room'),
  streamType: z.enum(['main', 'aux']).optional().describe('of the member: camera (default) or screen'),
  onDemand: z.boolean().default(false).describe('push only while the stream is there for others'),
  once: z.boolean().default(false).describe('the push ends with its stream, and is not kept over a restart'),
}

const hasOnePlace = ({ stream, room }: PushPlace): boolean => (stream === undefined) !== (room === undefined)
const hasUserInRoom = ({ room, userId }: PushPlace): boolean => room !== undefined || userId === undefined
const hasTypeOfUser = ({ userId, streamType }: PushPlace): boolean => userId !== undefined || streamType === undefined

const hasBearerOfWhip = ({ url, bearer }: { readonly url: string; readonly bearer?: string | undefined }): boolean =>
  bearer === undefined || /^https?:/i.test(url)

/** Body of `POST /pushes`. */
export const pushRequest = z
  .strictObject(fields)
  .refine(hasOnePlace, 'needs either stream or room')
  .refine(hasUserInRoom, 'userId belongs to room')
  .refine(hasTypeOfUser, 'streamType belongs to userId')
  .refine(hasBearerOfWhip, 'bearer belongs to an address of WHIP')

export const pushKind: JobKind<StoredPush> = {
  ...{ name: 'pushes', version: 1 },
  maxDocuments: pushLimits.pushes,
  schema: z.object({ ...fields, id: z.string(), createdAt: z.number() }),
}

const ENTRY = /^(?:room:([^/=]+)(?:\/([^/=]+)(?:\/(main|aux))?)?|([^/=]+\/[^/=]+))=([^#]+)(?:#(.*))?$/
const WORDS = ['on-demand', 'bearer']

/**
 * One value of `--push`: `APP/STREAM=URL`, `room:ROOM/USER=URL` or `room:ROOM=URL`, with `#on-demand` or `#bearer=TOKEN` behind it, joined by `&`.
 * @throws ConfigError
 */
export function parsePushOption(text: string): PushSpec {
  const [, room, userId, streamType, stream, url = '', words] = ENTRY.exec(text) ?? []
  const options = new URLSearchParams(words)
  const isKnown = [...options.keys()].every((word) => WORDS.includes(word))
  const parsed = pushRequest.safeParse({
    ...{ url, stream, room, userId, streamType, onDemand: options.has('on-demand') },
    bearer: options.get('bearer') ?? undefined,
  })
  if (parsed.success && isKnown) return parsed.data
  const place = stream ?? room ?? 'a value'
  const why = parsed.success ? 'an unknown word stands behind #' : (parsed.error.issues[0]?.message ?? '')
  throw new ConfigError(
    `--push: ${place} is not valid (${why}). Write APP/STREAM=URL, room:ROOM/USER=URL or room:ROOM=URL, with #on-demand or #bearer=TOKEN behind it.`,
  )
}

/** Whether the stream of that key is what is pushed. */
export function isPushed({ stream, room, userId, streamType = 'main' }: PushPlace, key: StreamKey): boolean {
  if (key.layer !== 'best') return false
  if (key.space === 'plain') return stream === key.name
  const { of } = key
  if (of === undefined || of.roomId !== room) return false
  return userId === undefined ? of.streamType === 'composite' : of.userId === userId && of.streamType === streamType
}
