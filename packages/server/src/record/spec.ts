import { isRoomId, isUserId } from '@crossroom/protocol'
import { z } from 'zod'
import { isSegment } from '../auth/index.js'
import { ConfigError, recordLimits } from '../config/index.js'
import type { JobKind } from '../jobs/index.js'
import { recordingFormats, type RecordingFormat } from './model/journal.js'

/** What is recorded, and how: one stream, a member of a room, or everybody in it. */
export interface RecordSpec {
  /** `APP/STREAM`. */
  readonly stream?: string | undefined
  readonly room?: string | undefined
  readonly userId?: string | undefined
  /** The composite of the room, not its members. */
  readonly composite?: boolean | undefined
  readonly format?: RecordingFormat | undefined
  readonly segmentSeconds?: number | undefined
  readonly segmentMegabytes?: number | undefined
}

/** A recording made by REST, as it outlives the server. */
export interface StoredRecording extends RecordSpec {
  readonly id: string
  /** Unix milliseconds. */
  readonly createdAt: number
  /** By the owner of the room: it ends with the room. */
  readonly byOwner?: boolean | undefined
}

/** Which streams are recorded by themselves, with their first frame. */
export interface RecordRule {
  /** `plain`: of plain streams; `room`: of rooms. */
  readonly space: 'plain' | 'room'
  /** `APP/STREAM`, `APP/*` or a room; `*` is any. */
  readonly app: string
  readonly stream: string
  /** Of rooms: only members of this role. */
  readonly role: string | undefined
  readonly format: RecordingFormat | undefined
}

const isStreamName = (name: string): boolean => {
  const [app = '', stream = '', ...rest] = name.split('/')
  return rest.length === 0 && isSegment(app) && isSegment(stream)
}

const { minSegmentSeconds, maxSegmentSeconds } = recordLimits
const fields = {
  stream: z.string().refine(isStreamName, 'must be APP/STREAM').optional(),
  room: z.string().refine(isRoomId, 'must be a room id').optional(),
  userId: z.string().refine(isUserId, 'must be a user id').optional().describe('one member of the room; default: all'),
  composite: z.boolean().optional().describe('the composite of the room, instead of its members'),
  format: z.enum(recordingFormats).optional().describe('default: --record-format'),
  segmentSeconds: z
    .int()
    .min(minSegmentSeconds)
    .max(maxSegmentSeconds)
    .optional()
    .describe('default: --record-segment-seconds'),
  segmentMegabytes: z.int().min(1).max(1_000_000).optional().describe('default: --record-segment-megabytes'),
}

/** Body of `POST /recordings`. */
export const recordRequest = z
  .strictObject(fields)
  .refine(({ stream, room }) => (stream === undefined) !== (room === undefined), 'needs either stream or room')
  .refine(({ room, userId }) => room !== undefined || userId === undefined, 'userId belongs to room')
  .refine(
    ({ room, userId, composite }) => composite !== true || (room !== undefined && userId === undefined),
    'composite belongs to room, without userId',
  )

export const recordingKind: JobKind<StoredRecording> = {
  ...{ name: 'record-jobs', version: 1 },
  maxDocuments: recordLimits.running,
  schema: z.object({ ...fields, id: z.string(), createdAt: z.number(), byOwner: z.boolean().optional() }),
}

const RULE = /^(?:room:([^/=#]+)|([^/=#:]+)\/([^/=#]+))(?:#(.*))?$/
const ROLES: readonly string[] = ['owner', 'anchor', 'device']

/**
 * One value of `--record`: `APP/STREAM`, `APP/*`, `room:ROOM` or `room:*`, with `#flv`, `#mp4` or `#role=owner` behind it, joined by
 * `&`.
 * @throws ConfigError
 */
export function parseRecordRule(text: string): RecordRule {
  const [, room, app, stream, words] = RULE.exec(text) ?? []
  const options = new URLSearchParams(words)
  const isKnown = [...options.keys()].every((word) => ['flv', 'mp4', 'role'].includes(word))
  const role = options.get('role') ?? undefined
  const isName = room === undefined ? isPart(app, isSegment) && isPart(stream, isSegment) : isPart(room, isRoomId)
  if (!isName || !isKnown || (role !== undefined && (room === undefined || !ROLES.includes(role))))
    throw new ConfigError(
      `--record: "${text.slice(0, 100)}" is no rule. Write APP/STREAM, APP/*, room:ROOM or room:*, with #flv, #mp4 or (for rooms) #role=owner, anchor or device behind it.`,
    )
  const format = options.has('flv') ? 'flv' : options.has('mp4') ? 'mp4' : undefined
  return { space: room === undefined ? 'plain' : 'room', app: room ?? app!, stream: stream ?? '*', role, format }
}

function isPart(name: string | undefined, isName: (text: string) => boolean): boolean {
  return name !== undefined && (name === '*' || isName(name))
}
