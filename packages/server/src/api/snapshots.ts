import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { snapshotLimits } from '../config/index.js'
import { StreamKey, type Stream, type StreamHub } from '../hub/index.js'
import type { RoomOperations } from '../rooms/index.js'
import { ApiError } from './errors.js'
import { answered, type Deadlines } from './room-answers.js'
import { memberParams } from './room-schemas.js'
import { errorBody, streamParams } from './schemas.js'

/** Takes single pictures of streams. */
export interface PictureSource {
  /** A file; rejects with a `code` of `STATUS` and a sentence. */
  take(stream: Stream, request: { readonly format: 'jpeg' | 'webp'; readonly width?: number }): Promise<Uint8Array>
}

/** Dependencies of the snapshot routes. */
export interface SnapshotRouteDeps {
  readonly hub: StreamHub
  readonly clock: Deadlines
  readonly snapshots: PictureSource
  readonly operations?: RoomOperations | undefined
}

/** The HTTP status of each reason why there is no picture. */
const STATUS: Readonly<Record<string, number>> = {
  NO_PUBLISHER: 404,
  NO_VIDEO: 404,
  VIDEO_WITHHELD: 409,
  NO_KEYFRAME: 504,
  PICTURE_BROKEN: 502,
  SNAPSHOTS_BUSY: 503,
  NO_CODECS: 503,
}

const FORMATS = { jpg: 'jpeg', webp: 'webp' } as const
type Extension = keyof typeof FORMATS

const { minPixels, maxPixels } = snapshotLimits
const digits = /^\d{1,5}$/
const width = z
  .string()
  .refine(
    (text) => digits.test(text) && Number(text) >= minPixels && Number(text) <= maxPixels,
    `must be a whole number of pixels from ${String(minPixels)} to ${String(maxPixels)}`,
  )
  .optional()
  .describe('Pixels as shown, after rotation; the height follows. Default: those of the picture')
const snapshotQuery = z.object({ width })
const memberQuery = z.object({
  width,
  streamType: z.enum(['main', 'aux']).default('main').describe('main: the camera; aux: the screen'),
})

const failures = { 404: errorBody, 409: errorBody, 502: errorBody, 503: errorBody, 504: errorBody }

/** `/streams/APP/STREAM/snapshot.jpg` and `.webp`, and the same of a room's member. */
export function registerSnapshotRoutes(scope: FastifyInstance, deps: SnapshotRouteDeps): void {
  for (const extension of ['jpg', 'webp'] as const) {
    registerStreamSnapshot(scope, deps, extension)
    if (deps.operations !== undefined) registerMemberSnapshot(scope, deps, deps.operations, extension)
  }
}

function registerStreamSnapshot(scope: FastifyInstance, deps: SnapshotRouteDeps, extension: Extension): void {
  const summary = `The current picture of a stream as ${FORMATS[extension].toUpperCase()}`
  const schema = { tags: ['streams'], summary, params: streamParams, querystring: snapshotQuery, response: failures }
  scope
    .withTypeProvider<ZodTypeProvider>()
    .get(`/streams/:app/:stream/snapshot.${extension}`, { schema }, async (request, reply) => {
      const { app, stream } = request.params
      const found = await find(deps, StreamKey.plain(`${app}/${stream}`), 'No stream has this name.')
      return answer(reply, deps, found, extension, request.query.width)
    })
}

function registerMemberSnapshot(
  scope: FastifyInstance,
  deps: SnapshotRouteDeps,
  operations: RoomOperations,
  extension: Extension,
): void {
  const summary = `The current picture of a member as ${FORMATS[extension].toUpperCase()}`
  const schema = { tags: ['rooms'], summary, params: memberParams, querystring: memberQuery, response: failures }
  scope
    .withTypeProvider<ZodTypeProvider>()
    .get(`/rooms/:id/members/:userId/snapshot.${extension}`, { schema }, async (request, reply) => {
      const { id, userId } = request.params
      const key = await answered(deps.clock, operations.streamOf(id, userId, request.query.streamType))
      const found = await find(deps, key, 'The member sends no such stream.')
      return answer(reply, deps, found, extension, request.query.width)
    })
}

/** The stream, which is fetched if something can fetch it. */
async function find({ hub }: SnapshotRouteDeps, key: StreamKey | undefined, sentence: string): Promise<Stream> {
  const wait = (micros: number, of: StreamKey) =>
    new Promise<Stream | undefined>((resolve) => void hub.find(of, micros, resolve))
  const present = key === undefined ? undefined : await wait(0, key)
  const isFetched = key !== undefined && present === undefined && hub.isFetching(key)
  const found = isFetched ? await wait(snapshotLimits.deadlineMicros, key) : present
  if (found === undefined) throw new ApiError(404, 'STREAM_NOT_FOUND', sentence)
  return found
}

async function answer(
  reply: FastifyReply,
  { snapshots }: SnapshotRouteDeps,
  stream: Stream,
  extension: Extension,
  width: string | undefined,
): Promise<FastifyReply> {
  const format = FORMATS[extension]
  try {
    const bytes = await snapshots.take(stream, { format, ...(width === undefined ? {} : { width: Number(width) }) })
    return await reply
      .header('cache-control', 'max-age=1')
      .type(`image/${format}`)
      .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    const status = STATUS[code ?? '']
    if (status === undefined) throw error
    throw new ApiError(status, code!, message!)
  }
}
