import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { StateError } from '../jobs/index.js'
import { recordingFormats, RecordRefused, recordRequest, type Recordings } from '../record/index.js'
import { ApiError } from './errors.js'
import { errorBody, idParams } from './schemas.js'

const milliseconds = (description: string) => z.int().describe(`${description}, unix time in milliseconds`)

const recordingInfo = z
  .object({
    id: z.string(),
    stream: z.string().optional().describe('APP/STREAM'),
    room: z.string().optional(),
    userId: z.string().optional(),
    composite: z.boolean().optional().describe('of the composite of the room'),
    format: z.enum(recordingFormats),
    state: z.enum(['waiting', 'recording', 'ended']).describe('waiting: nothing is published'),
    source: z
      .enum(['rest', 'rule', 'owner', 'hook'])
      .describe('owner: of the room, by signaling; hook: the answer of on-publish'),
    startedAt: milliseconds('When it began'),
    endedAt: milliseconds('When it ended').optional(),
    why: z.string().optional().describe('why it ended'),
    segments: z.int().describe('files'),
    bytes: z.int().describe('of finished files'),
    durationMs: z.int().describe('of finished files'),
  })
  .meta({ id: 'Recording' })

const segmentInfo = z.object({
  segment: z.int(),
  stream: z.string().describe('APP/STREAM, or ROOM/USER/TYPE'),
  path: z.string().describe('inside --record-dir'),
  startedAt: milliseconds('When its first frame came'),
  durationMs: z.int().optional(),
  bytes: z.int().optional(),
  sha256: z.string().optional(),
  recovered: z.boolean().optional().describe('it was finished after a crash'),
  state: z.enum(['writing', 'kept', 'deleted']),
  uploaded: z.boolean(),
})

const recordingWithFiles = recordingInfo.extend({ files: z.array(segmentInfo) }).meta({ id: 'RecordingWithFiles' })

const fileParams = idParams.extend({ segment: z.string().regex(/^\d{1,9}$/, 'must be the number of a segment') })

const notFound = () => new ApiError(404, 'RECORDING_NOT_FOUND', 'No recording has this id.')

/** `/recordings`: start, list, get, stop, delete, and their files. */
export function registerRecordingRoutes(scope: FastifyInstance, recordings: Recordings): void {
  const app = scope.withTypeProvider<ZodTypeProvider>()
  const tags = ['recordings']
  const listed = { 200: z.object({ recordings: z.array(recordingInfo) }) }
  app.get('/recordings', { schema: { tags, summary: 'All recordings', response: listed } }, () => ({
    recordings: recordings.list(),
  }))
  const started = { 201: recordingInfo, 400: errorBody, 409: errorBody, 507: errorBody }
  app.post(
    '/recordings',
    { schema: { tags, summary: 'Record a stream or a room', body: recordRequest, response: started } },
    async (request, reply) => {
      const info = await refusing(recordings.start(request.body))
      void reply.status(201)
      return info
    },
  )
  const found = { 200: recordingWithFiles, 404: errorBody }
  app.get(
    '/recordings/:id',
    { schema: { tags, summary: 'One recording with its files', params: idParams, response: found } },
    (request) => {
      const info = recordings.get(request.params.id)
      if (info === undefined) throw notFound()
      return info
    },
  )
  const stopped = { 204: z.null(), 404: errorBody, 409: errorBody }
  app.post(
    '/recordings/:id/stop',
    { schema: { tags, summary: 'Stop a recording', params: idParams, response: stopped } },
    async (request, reply) => {
      if (!(await refusing(recordings.stop(request.params.id)))) throw notFound()
      void reply.status(204)
      return null
    },
  )
  const gone = { 204: z.null(), 404: errorBody }
  app.delete(
    '/recordings/:id',
    { schema: { tags, summary: 'Stop a recording and delete its files', params: idParams, response: gone } },
    async (request, reply) => {
      if (!(await recordings.forget(request.params.id))) throw notFound()
      void reply.status(204)
      return null
    },
  )
  const summary = 'A file of a recording, or the part of it that Range names'
  app.get(
    '/recordings/:id/files/:segment',
    { schema: { tags, summary, params: fileParams, response: { 404: errorBody, 416: errorBody } } },
    async (request, reply) => {
      const file = recordings.fileOf(request.params.id, Number(request.params.segment))
      if (file === undefined) throw notFound()
      await sendFile(reply, request.headers.range, file)
    },
  )
}

async function refusing<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof RecordRefused) throw new ApiError(409, error.code, error.message)
    if (error instanceof StateError) throw new ApiError(507, error.code, error.message)
    throw error
  }
}

/** RFC 9110 section 14: one range; several, or one that makes no sense, are answered with the whole file. */
async function sendFile(
  reply: FastifyReply,
  range: string | undefined,
  { path, name }: { readonly path: string; readonly name: string },
): Promise<void> {
  const { size } = await stat(path).catch(() => {
    throw notFound()
  })
  void reply.header('accept-ranges', 'bytes')
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range ?? '') ?? []
  const isWhole = first === '' && last === ''
  const start = first !== '' ? Number(first) : isWhole ? 0 : Math.max(0, size - Number(last))
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (!isWhole && start > end) {
    void reply.header('content-range', `bytes */${String(size)}`)
    throw new ApiError(416, 'RANGE_NOT_SATISFIABLE', `The file has ${String(size)} bytes.`)
  }
  void reply
    .type(name.endsWith('.mp4') ? 'video/mp4' : 'video/x-flv')
    .header('content-disposition', `inline; filename="${name}"`)
    .header('content-length', end - start + 1)
  if (!isWhole) void reply.status(206).header('content-range', `bytes ${String(start)}-${String(end)}/${String(size)}`)
  await reply.send(end < start ? Buffer.alloc(0) : createReadStream(path, { start, end }))
}
